"""Scheduled rules of EventBridge: rate() and cron() expressions, kept across restarts, without polling."""

from __future__ import annotations

import calendar
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.events import models

from local.events import Events
from local.store import Store

_KIND = "schedule"
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}


class Schedules:
    """Fires rules when they are due."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        events: Events,
        store: Store,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._region = region
        self._events = events
        self._store = store
        self._clock = clock
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def reconcile(self) -> None:
        """Rules may have come, gone or changed."""
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(2)

    def fire_due(self) -> float:
        """Fires what is due; returns the seconds until something is, at most an hour."""
        now = self._clock()
        soonest = now + 3600
        rules = {rule.arn: rule for rule in self._rules()}
        for arn, _ in self._store.list(_KIND):
            if arn not in rules:
                self._store.delete(_KIND, arn)
        for arn, rule in rules.items():
            due = self._due(arn, rule.scheduled_expression, now)
            if due <= now:
                self._fire(rule)
                due = next_time(rule.scheduled_expression, now)
                self._store.put(_KIND, arn, {"expression": rule.scheduled_expression, "due": due})
            soonest = min(soonest, due)
        return max(0.0, soonest - now)

    def _run(self) -> None:
        while not self._is_stopped():
            seconds = self.fire_due()
            with self._changed:
                if not self._stopped:
                    self._changed.wait(seconds)

    def _is_stopped(self) -> bool:
        with self._changed:
            return self._stopped

    def _due(self, arn: str, expression: str, now: float) -> float:
        known = self._store.get(_KIND, arn)
        if known is None or known["expression"] != expression:
            known = {"expression": expression, "due": next_time(expression, now)}
            self._store.put(_KIND, arn, known)
        return float(known["due"])

    def _rules(self) -> Iterator[Any]:
        backend = models.events_backends[self._account][self._region]
        for rule in list(backend.event_buses["default"].rules.values()):
            if rule.scheduled_expression and rule.state == "ENABLED":
                yield rule

    def _fire(self, rule: Any) -> None:
        event = self._events.envelope("aws.events", "Scheduled Event", {}, [rule.arn])
        self._events.deliver(rule, event)


def next_time(expression: str, after: float) -> float:
    """The first moment after `after` that a rate() or cron() expression names; seconds since 1970."""
    rate = re.fullmatch(r"rate\((\d+)\s+(minute|hour|day)s?\)", expression)
    if rate:
        return after + int(rate[1]) * _UNITS[rate[2]]
    cron = re.fullmatch(r"cron\((.*)\)", expression)
    fields = cron[1].split() if cron else []
    if len(fields) != 6:
        raise ValueError(f"not a schedule expression: {expression!r}")
    return _next_cron(fields, after)


def _next_cron(fields: list[str], after: float) -> float:
    """Fields: minutes, hours, day of month, month, day of week, year; in UTC."""
    minutes = _numbers(fields[0], 0, 59)
    hours = _numbers(fields[1], 0, 23)
    months = _numbers(fields[3], 1, 12, _MONTHS)
    years = _numbers(fields[5], 1970, 2199)
    day = datetime.fromtimestamp(after, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    first = day
    for _ in range(366 * 12):
        if day.year in years and day.month in months and _is_day(day, fields[2], fields[4]):
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    moment = day.replace(hour=hour, minute=minute)
                    if moment >= first:
                        return moment.timestamp()
        day = (day + timedelta(days=1)).replace(hour=0, minute=0)
    return after + 366 * 86400


def _is_day(day: datetime, of_month: str, of_week: str) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if of_month not in ("?", "*"):
        return day.day == last if of_month == "L" else day.day in _numbers(of_month, 1, 31)
    if of_week in ("?", "*"):
        return True
    number = day.isoweekday() % 7 + 1  # Sunday is 1
    nth = re.fullmatch(r"(\w+)#([1-5])", of_week)
    if nth:
        return number in _numbers(nth[1], 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(nth[2])
    in_last_week = re.fullmatch(r"(\w+)L", of_week)
    if in_last_week:
        return number in _numbers(in_last_week[1], 1, 7, _DAYS) and day.day > last - 7
    return number in _numbers(of_week, 1, 7, _DAYS)


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """Every number that a cron field names: lists, ranges, steps, names of months and days."""
    found: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            start, stop = low, high
        elif "-" in span:
            start, stop = (_number(text, names) for text in span.split("-", 1))
        else:
            start = _number(span, names)
            stop = high if step else start
        found.update(range(start, stop + 1, int(step or 1)))
    return found


def _number(text: str, names: dict[str, int] | None) -> int:
    return (names or {}).get(text) or int(text)
