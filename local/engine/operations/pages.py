"""Lists in pages: MaxResults and NextToken, time windows, order; and times as the API gives them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from local.api import ApiError

T = TypeVar("T")
MAX_PAGE = 100


def page(
    items: list[T], parameters: dict[str, Any], member: str, shown: Callable[[T], Any]
) -> dict[str, Any]:
    """{member: [...], "NextToken": ...}; the token says where the next page begins."""
    start = _start(parameters.get("NextToken"))
    end = start + int(parameters.get("MaxResults") or MAX_PAGE)
    answer: dict[str, Any] = {member: [shown(item) for item in items[start:end]]}
    if end < len(items):
        answer["NextToken"] = base64.urlsafe_b64encode(f"from {end}".encode()).decode()
    return answer


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        word, _, start = base64.urlsafe_b64decode(token.encode()).decode().partition(" ")
        if word != "from" or not start.isdecimal():
            raise ValueError(start)
        return int(start)
    except ValueError as error:
        raise ApiError("ValidationException", f"The NextToken '{token}' is not one of this list.") from error


def ordered(
    items: Iterable[T], parameters: dict[str, Any], key: Callable[[T], Any], *, default: str = "Descending"
) -> list[T]:
    """By the request's SortOrder."""
    descending = (parameters.get("SortOrder") or default) == "Descending"
    return sorted(items, key=key, reverse=descending)


def within(created: float, parameters: dict[str, Any], after: str, before: str) -> bool:
    """Whether a time lies in the window that two members of the request give."""
    low, high = parameters.get(after), parameters.get(before)
    return (low is None or created > seconds(low)) and (high is None or created < seconds(high))


def seconds(value: datetime | float | str) -> float:
    """A request's time as seconds since 1970; a time without a zone is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value)


def moment(value: float | None) -> datetime | None:
    """Seconds since 1970 as the answer's time."""
    return None if value is None else datetime.fromtimestamp(value, UTC)


def present(answer: dict[str, Any]) -> dict[str, Any]:
    """Without the members that have no value."""
    return {name: value for name, value in answer.items() if value is not None}
