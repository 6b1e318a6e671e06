"""Listings of AWS: entry by entry, asked for page by page as they are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def entries(
    ask: Callable[..., Mapping[str, Any]],
    member: str,
    *,
    sent: str = "NextToken",
    told: str = "",
    **request: Any,
) -> Iterator[Mapping[str, Any]]:
    """The entries of `member` in every page of a listing.

    `sent` is the request's name of the token, `told` the answer's where it is another. boto3's paginators do
    the same; a fake would have to imitate them.
    """
    more: dict[str, str] = {}
    while True:
        page = ask(**request, **more)
        yield from page.get(member, ())
        token = page.get(told or sent)
        if not token:
            return
        more = {sent: token}
