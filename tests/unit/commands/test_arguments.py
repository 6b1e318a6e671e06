"""Words of the command line to values, and what is said when they do not fit."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

import pytest

from commands.arguments import age, count, moment_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
    ],
)
def test_so_long_ago(text: str, ago: timedelta) -> None:
    """A number and its unit."""
    assert moment_of(text, NOW) == NOW - ago


def test_a_date_or_a_time() -> None:
    """With a zone as it is, without one in this machine's."""
    assert moment_of("2026-11-22T10:00:00+00:00") == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert moment_of("2026-11-22").tzinfo is not None


@pytest.mark.parametrize("text", ["yesterday", "2x", "-2d", "2026-13-01", ""])
def test_what_is_no_time_is_said(text: str) -> None:
    """With what is one."""
    with pytest.raises(ArgumentTypeError, match="is no time such as 30m, 12h, 2d or 2026-11-22"):
        moment_of(text)


@pytest.mark.parametrize("text", ["0", "-5", "ten", "1.5", ""])
def test_a_count_is_a_whole_number_from_one_on(text: str) -> None:
    """The error names what was typed, not the function that reads it."""
    assert count("300") == 300
    with pytest.raises(ArgumentTypeError, match=f'^"{text}" is no whole number from 1 on$'):
        count(text)


def test_an_age_has_a_unit() -> None:
    """A bare number is nobody's guess."""
    assert age("7d") == timedelta(days=7)
    with pytest.raises(ArgumentTypeError, match=r'^"7" is no age such as 30m, 12h or 7d$'):
        age("7")
