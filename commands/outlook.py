"""What is ahead of an execution: how long it and its steps usually take, and the deadlines of open waits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from commands.tables import duration

if TYPE_CHECKING:
    from deploy.executions import Step
    from deploy.launching.history import History
    from deploy.observing.follow import Snapshot


def whole(past: History | None) -> str:
    """ "usually 2m 10s (of 5 executions)"; empty without one that succeeded."""
    if past is None or past.total is None:
        return ""
    runs = "1 execution" if past.runs == 1 else f"{past.runs} executions"
    other = "" if past.alike else ", on other rows"
    return f"usually {duration(past.total)} ({runs}{other})"


def of_step(past: History | None, snapshot: Snapshot, step: Step, at: datetime) -> str:
    """ "usually 12 s, deadline in 71h 59m" of a step at work; empty where nothing is known."""
    parts = []
    seconds = past.seconds.get(step.name) if past else None
    if seconds is not None:
        parts.append(f"usually {duration(seconds)}")
    wait = snapshot.wait(step.name)
    if wait is not None and wait.deadline is not None:
        left = (wait.deadline - at).total_seconds()
        parts.append(f"deadline in {duration(left)}" if left >= 0 else f"deadline {duration(-left)} ago")
    if wait is not None and wait.error:
        parts.append(f"last look met: {wait.error}")
    return ", ".join(parts)
