"""Words of the command line to values: each type says what it takes when a word does not fit."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def count(text: str) -> int:
    """A whole number of at least one; raises ArgumentTypeError, as all of these do."""
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise ArgumentTypeError(f'"{text}" is no whole number from 1 on')
    return int(text)


def age(text: str) -> timedelta:
    """ "7d" as seven days; s, m, h, d and w are known."""
    found = re.fullmatch(r"(\d{1,5})([smhdw])", text)
    if found is None:
        raise ArgumentTypeError(f'"{text}" is no age such as 30m, 12h or 7d')
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def moment_of(text: str, now: datetime | None = None) -> datetime:
    """A time: so long ago (30m, 12h, 2d, 1w), or a date with or without a time, in this machine's zone."""
    try:
        return (now or datetime.now(UTC)) - age(text)
    except ArgumentTypeError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise ArgumentTypeError(f'"{text}" is no time such as 30m, 12h, 2d or 2026-11-22') from None
