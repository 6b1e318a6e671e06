"""What is done after a look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting.decision import Again, Ended, Fail, Ready, Running, Succeed, decide, delay, spell

from tests.unit.lambdas.fakes import wait

RUNNING = Running("AutoML job 'x'", "InProgress (Training)")


def test_what_runs_in_time_is_looked_at_again() -> None:
    """Not done, not late: wait."""
    assert decide(wait(), 0.0, RUNNING, 10.0) == Again(60)


def test_what_runs_too_long_fails_and_is_stopped() -> None:
    """The deadline's second is the first one too late."""
    assert decide(wait(), 0.0, RUNNING, 259_200.0) == Fail(
        "AutoML job 'x' was not ready within 3d and was stopped; its last status was InProgress (Training)",
        stop=True,
    )


@pytest.mark.parametrize("now", [10.0, 259_200.0])
def test_what_is_ready_succeeds_even_too_late(now: float) -> None:
    """The work is done and paid for."""
    assert decide(wait(), 0.0, Ready({"a": "b"}, "hm"), now) == Succeed({"a": "b"}, "hm")


def test_what_ended_fails_with_its_reason() -> None:
    """There is nothing left to stop."""
    assert decide(wait(), 0.0, Ended("it failed"), 10.0) == Fail("it failed", stop=False)


def test_what_was_stopped_at_the_deadline_tells_so() -> None:
    """When the answer after the stop got lost, the deadline stays the reason."""
    decision = decide(wait(), 0.0, Ended("it was stopped"), 259_200.0)
    assert decision == Fail("it was stopped (not ready within 3d)", stop=False)


@pytest.mark.parametrize(
    ("elapsed", "seconds"), [(0, 60), (599, 60), (1_200, 120), (9_000, 900), (200_000, 900), (259_100, 100)]
)
def test_looks_become_rarer(elapsed: float, seconds: int) -> None:
    """From the first to the longest delay, and never past the deadline."""
    assert delay(wait(), 0.0, elapsed) == seconds


@given(st.floats(-1e6, 2e6), st.integers(1, 900), st.integers(1, 900))
def test_every_delay_is_one_that_the_queue_takes(now: float, one: int, other: int) -> None:
    """1 to 900 seconds, whatever the clocks say."""
    first, longest = sorted((one, other))
    assert 1 <= delay(wait(first_poll_seconds=first, max_poll_seconds=longest), 0.0, now) <= longest


@pytest.mark.parametrize(
    ("seconds", "text"), [(259_200, "3d"), (7_200, "2h"), (120, "2m"), (90, "90s"), (90_000, "25h")]
)
def test_durations_read_as_in_the_yaml(seconds: int, text: str) -> None:
    """The unit that comes out even."""
    assert spell(seconds) == text
