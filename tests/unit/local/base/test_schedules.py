"""When rate() and cron() expressions fire."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.schedules import next_time


def moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("rate(1 minute)", "2026-11-22 10:00", "2026-11-22 10:01"),
        ("rate(5 minutes)", "2026-11-22 10:00", "2026-11-22 10:05"),
        ("rate(2 days)", "2026-11-22 10:00", "2026-11-24 10:00"),
        ("cron(0 10 * * ? *)", "2026-11-22 10:00", "2026-11-23 10:00"),
        ("cron(15 10 * * ? *)", "2026-11-22 10:00", "2026-11-22 10:15"),
        ("cron(0/15 * * * ? *)", "2026-11-22 10:46", "2026-11-22 11:00"),
        ("cron(0 8 1 * ? *)", "2026-11-22 10:00", "2026-12-01 08:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-20 19:00", "2026-11-23 18:00"),
        ("cron(0 18 ? * 1,7 *)", "2026-11-23 00:00", "2026-11-28 18:00"),
        ("cron(0 0 L * ? *)", "2027-02-01 00:00", "2027-02-28 00:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-11-22 00:00", "2026-12-07 09:00"),
        ("cron(0 9 ? * 6L *)", "2026-11-01 00:00", "2026-11-27 09:00"),
        ("cron(0 0 1 JAN ? 2028)", "2026-11-22 00:00", "2028-01-01 00:00"),
        ("cron(59 23 31 DEC ? *)", "2026-12-31 23:58", "2026-12-31 23:59"),
    ],
)
def test_the_next_moment(expression: str, after: str, expected: str) -> None:
    """As EventBridge reads the expression, in UTC."""
    assert next_time(expression, moment(after)) == moment(expected)


@pytest.mark.parametrize("expression", ["cron(* * * *)", "every day", "rate(5)"])
def test_what_is_no_expression_is_named(expression: str) -> None:
    """With the text that was given."""
    with pytest.raises(ValueError, match="not a schedule expression"):
        next_time(expression, 0)
