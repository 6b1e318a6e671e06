"""Every page of a listing that goes on by NextToken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def items(operation: Callable[..., dict[str, Any]], member: str, **parameters: Any) -> Iterator[Any]:
    """The elements of `member` over all pages of a client's listing operation."""
    page = operation(**parameters)
    yield from page.get(member, [])
    while token := page.get("NextToken"):
        page = operation(**parameters, NextToken=token)
        yield from page.get(member, [])
