"""What to do after a look at the thing waited for: pure, from (wait, started_at, look, now).

look      what a description of the thing means: Running, Ready or Ended
decision  Again in some seconds, Succeed with outputs, Fail with a reason (and whether to stop the thing)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from waiting.messages import LONGEST_DELAY, Wait


@dataclass(frozen=True)
class Running:
    """`what` names it for people, such as "AutoML job 'x-1'". `leaving`: it still exists, but is on its way
    out (an AutoML job Stopping, an endpoint Deleting)."""

    what: str
    status: str
    leaving: bool = False


@dataclass(frozen=True)
class Ready:
    outputs: Mapping[str, str]
    warning: str | None = None


@dataclass(frozen=True)
class Ended:
    reason: str


Look = Running | Ready | Ended


@dataclass(frozen=True)
class Again:
    delay: int


@dataclass(frozen=True)
class Succeed:
    outputs: Mapping[str, str]
    warning: str | None = None


@dataclass(frozen=True)
class Fail:
    reason: str
    stop: bool


Decision = Again | Succeed | Fail


def decide(wait: Wait, started_at: float, look: Look, now: float) -> Decision:
    """A thing that is ready in time or too late succeeds either way: the work is done and paid for."""
    if isinstance(look, Ready):
        return Succeed(look.outputs, look.warning)
    passed = now >= started_at + wait.deadline_seconds
    deadline = f"not ready within {spell(wait.deadline_seconds)}"
    if isinstance(look, Ended):
        # Whoever stopped it at the deadline may have failed to answer; the deadline stays the reason.
        return Fail(f"{look.reason} ({deadline})" if passed else look.reason, stop=False)
    if passed:
        reason = f"{look.what} was {deadline} and was stopped; its last status was {look.status}"
        return Fail(reason, stop=True)
    return Again(delay(wait, started_at, now))


def delay(wait: Wait, started_at: float, now: float) -> int:
    """Seconds until the next look: a tenth of the time waited so far, from `first` to `max`, never past the
    deadline. So the end of a job is seen at most 10 % late, and a day's wait takes about 130 looks."""
    elapsed = max(0.0, now - started_at)
    seconds = min(max(elapsed / 10, wait.first_poll_seconds), wait.max_poll_seconds, LONGEST_DELAY)
    left = started_at + wait.deadline_seconds - now
    return max(1, round(min(seconds, left)))


def spell(seconds: int) -> str:
    """A duration as in the pipeline's file: 259200 -> 3d."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
