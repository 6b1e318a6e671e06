"""Asking: one outcome a row whatever happens, within attempts and deadline; a dead endpoint is left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.evaluate.asking import RECOVERY_PAUSE, AskError, Limits, Means, Outcome, ask_all, ask_row
from steps.evaluate.request import as_ask_error, content_template


@dataclass
class Clock:
    """A clock that only sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds
            self.slept.append(seconds)

    def means(self) -> Means:
        return Means(clock=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0)


def unheard(_asked: int, _failed: int) -> None:
    """Progress that nobody listens to."""


def throttled(_prompt: str) -> str:
    raise AskError("throttled", "slow down", passing=True)


def refused(_prompt: str) -> str:
    raise AskError("refused", "no", passing=False)


def failing_first(times: int) -> Callable[[str], str]:
    """Asks that fail so often for each prompt, then answer."""
    seen: dict[str, int] = {}

    def ask(prompt: str) -> str:
        seen[prompt] = seen.get(prompt, 0) + 1
        if seen[prompt] <= times:
            raise AskError("throttled", "slow down", passing=True)
        return f"answer to {prompt}"

    return ask


def test_attempts_pause_longer_each_time() -> None:
    """Pauses double up to ten seconds, and the outcome tells attempts and time."""
    clock = Clock()
    outcome = ask_row("q", failing_first(6), Limits(1, 7, 1000), clock.means())
    assert clock.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert outcome == Outcome("answer to q", attempts=7, seconds=25.5)


def test_no_attempt_starts_after_the_deadline() -> None:
    """A row gives up when the next pause would pass its deadline, with the reason of its last attempt."""
    clock = Clock()
    outcome = ask_row("q", throttled, Limits(1, 100, 5), clock.means())
    assert sum(clock.slept) <= 5
    assert (outcome.output, outcome.reason, outcome.detail, outcome.attempts) == (
        None,
        "throttled",
        "slow down",
        4,
    )


def test_an_error_that_will_not_pass_is_not_repeated() -> None:
    """A refusal costs one attempt and no pause."""
    clock = Clock()
    outcome = ask_row("q", refused, Limits(1, 10, 100), clock.means())
    assert (outcome.attempts, outcome.reason, clock.slept) == (1, "refused", [])


@settings(deadline=None, max_examples=50)
@given(rows=st.integers(1, 40), concurrency=st.integers(1, 8), bad=st.sets(st.integers(0, 39), max_size=6))
def test_every_row_has_its_own_outcome(rows: int, concurrency: int, bad: set[int]) -> None:
    """Outcomes stand in the order of the prompts; those that cannot be answered are the failed ones."""

    def ask(prompt: str) -> str:
        return refused(prompt) if int(prompt) in bad else f"answer to {prompt}"

    prompts = [str(number) for number in range(rows)]
    outcomes = ask_all(prompts, ask, Limits(concurrency, 2, 10), progress=unheard, means=Clock().means())
    expected = [None if number in bad else f"answer to {number}" for number in range(rows)]
    assert [outcome.output for outcome in outcomes] == expected


def test_failed_rows_are_asked_again_at_the_end() -> None:
    """A row that failed in the first round is answered in the second, after a pause; attempts add up."""
    clock = Clock()
    outcomes = ask_all(["a", "b"], failing_first(3), Limits(2, 2, 100), progress=unheard, means=clock.means())
    assert [outcome.output for outcome in outcomes] == ["answer to a", "answer to b"]
    assert [outcome.attempts for outcome in outcomes] == [4, 4]
    assert RECOVERY_PAUSE in clock.slept


def test_a_dead_endpoint_is_not_asked_a_thousand_times() -> None:
    """After enough failures in a row nothing more is asked; the rest are reported as not asked."""
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        raise AskError("unavailable", "down", passing=False)

    prompts = [str(number) for number in range(1000)]
    outcomes = ask_all(prompts, ask, Limits(4, 1, 10), progress=unheard, means=Clock().means())
    assert len(asked) < 25
    assert {outcome.reason for outcome in outcomes} == {"unavailable", "not_asked"}
    assert all(outcome.failed for outcome in outcomes)


def test_an_endpoint_that_comes_back_answers_everything() -> None:
    """An outage opens the breaker; when one row is answered after the pause, all the others are asked."""
    clock = Clock()

    def ask(prompt: str) -> str:
        if clock.now < RECOVERY_PAUSE:
            raise AskError("unavailable", "down", passing=False)
        return f"answer to {prompt}"

    prompts = [str(number) for number in range(200)]
    outcomes = ask_all(prompts, ask, Limits(4, 1, 10), progress=unheard, means=clock.means())
    assert not any(outcome.failed for outcome in outcomes)


@pytest.mark.parametrize("long", [range(40), range(60, 100), {*range(20), *range(80, 100)}])
def test_rows_that_are_refused_for_themselves_take_no_others_along(long: Collection[int]) -> None:
    """Dozens of prompts side by side that the container refuses leave the rest to be answered."""
    throttled_first = failing_first(1)

    def ask(prompt: str) -> str:
        if int(prompt) in long:
            raise AskError("model_error", "must have less than 1024 tokens", passing=False)
        return throttled_first(prompt) if int(prompt) % 50 == 47 else f"answer to {prompt}"

    prompts = [str(number) for number in range(200)]
    outcomes = ask_all(prompts, ask, Limits(4, 1, 10), progress=unheard, means=Clock().means())
    assert {number for number, outcome in enumerate(outcomes) if outcome.failed} == set(long)
    assert {outcome.reason for outcome in outcomes if outcome.failed} == {"model_error"}


def test_progress_counts_rows_once() -> None:
    """Asked and failed never exceed the rows, though rows are asked twice."""
    heard: list[tuple[int, int]] = []
    ask_all(
        ["a", "b", "c"],
        failing_first(1),
        Limits(1, 1, 10),
        progress=lambda *counts: heard.append(counts),
        means=Clock().means(),
    )
    assert heard == [(1, 1), (2, 2), (3, 3), (3, 2), (3, 1), (3, 0)]


def test_rows_are_asked_at_once_but_not_more_than_allowed() -> None:
    """Eight threads hold eight questions, never nine."""
    lock, under_way, most = threading.Lock(), [0], [0]

    def ask(prompt: str) -> str:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.01)
        with lock:
            under_way[0] -= 1
        return prompt

    prompts = [str(number) for number in range(64)]
    ask_all(prompts, ask, Limits(8, 1, 10), progress=unheard, means=Means())
    assert most == [8]


def client_error(code: str, status: int, **response: object) -> ClientError:
    body = {
        "Error": {"Code": code, "Message": "m"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **response,
    }
    return ClientError(body, "InvokeEndpoint")


@pytest.mark.parametrize(
    ("error", "reason", "passing"),
    [
        (client_error("ThrottlingException", 400), "throttled", True),
        (client_error("Unknown", 429), "throttled", True),
        (client_error("ModelError", 424, OriginalStatusCode=500), "model_error", True),
        (client_error("ModelError", 424, OriginalStatusCode=400), "model_error", False),
        (client_error("ServiceUnavailable", 503), "unavailable", True),
        (client_error("ValidationError", 400), "refused", False),
        (client_error("AccessDeniedException", 403), "refused", False),
        (ReadTimeoutError(endpoint_url="http://e"), "timeout", True),
        (EndpointConnectionError(endpoint_url="http://e"), "unavailable", True),
        (ValueError("Expecting value"), "bad_answer", False),
    ],
)
def test_errors_mean_what_they_say(error: Exception, reason: str, passing: bool) -> None:
    """Throttles, faults and timeouts may pass; refusals and garbage do not."""
    found = as_ask_error(error)
    assert (found.reason, found.passing) == (reason, passing)


def test_the_request_survives_fmevals_template() -> None:
    """The prompt stands unquoted, and dollar signs of stop texts are text."""
    template = content_template("inputs", {"stop": ["$5", "\n"], "max_new_tokens": 3})
    assert template == '{"inputs": $prompt, "parameters": {"stop": ["$$5", "\\n"], "max_new_tokens": 3}}'
