"""Asks for every row at once, boundedly: retries within a deadline, a breaker, a second try for the failed.

    ask all rows -> some fail -> wait, try one of them -> it answers: ask the failed again
                                                       -> it does not: they are reported as failed

Threads, clock, sleep and chance are arguments. What asking means, and which of its errors may pass, is
told by the caller through AskError.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between attempts, doubling, each halved at most by chance
RECOVERY_PAUSE = 5.0  # seconds before the failed rows are tried again


class AskError(Exception):
    """A question without an answer: `reason` is a kind, `passing` whether another attempt may help."""

    def __init__(self, reason: str, detail: str, *, passing: bool) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.passing = reason, detail, passing


@dataclass(frozen=True)
class Outcome:
    """What came of one row: an answer, or a reason."""

    output: str | None
    reason: str = ""
    detail: str = ""
    attempts: int = 0
    seconds: float = 0.0
    passing: bool = False  # whether another attempt may help

    @property
    def failed(self) -> bool:
        """Whether there is no answer."""
        return self.output is None


@dataclass(frozen=True)
class Limits:
    """How hard to try."""

    concurrency: int
    attempts: int
    deadline_seconds: float

    @property
    def breaker(self) -> int:
        """Rows that may fail one after the other before no more are asked."""
        return max(10, 2 * self.concurrency)


@dataclass
class Breaker:
    """Opens when `limit` rows in a row failed; then nothing more is asked."""

    limit: int
    _failures: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, *, failed: bool) -> None:
        """Counts an outcome; an answer begins the count anew, but never closes an open breaker."""
        with self._lock:
            if not self.open:
                self._failures = self._failures + 1 if failed else 0

    @property
    def open(self) -> bool:
        """Whether to stop asking."""
        return self._failures >= self.limit


@dataclass(frozen=True)
class Means:
    """What asking needs of the world."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random  # 0 to 1


def ask_all(
    prompts: Sequence[str],
    ask: Callable[[str], str],
    limits: Limits,
    *,
    progress: Callable[[int, int], None],
    means: Means,
) -> list[Outcome]:
    """One outcome per prompt, in their order; `progress` hears (asked, failed) after every row."""
    round_ = _Round(prompts, ask, limits, progress, means)
    order = list(range(len(prompts)))
    # Prompts that are too long, say, lie side by side in many a data set: they are no dead endpoint.
    random.Random(0).shuffle(order)  # noqa: S311 - any order that is not the data's
    round_.run(order)
    failed = [index for index in order if round_.outcomes[index].failed]
    if failed:
        means.sleep(RECOVERY_PAUSE)
        first, *rest = sorted(failed, key=lambda index: not round_.outcomes[index].passing)
        round_.run([first])
        # Where the first of many fails again it is not the row, it is the endpoint.
        if not round_.outcomes[first].failed or len(failed) < limits.breaker:
            round_.run(rest)
    return round_.outcomes


class _Round:
    """The rows' outcomes so far, and a way to ask some of them."""

    def __init__(
        self,
        prompts: Sequence[str],
        ask: Callable[[str], str],
        limits: Limits,
        progress: Callable[[int, int], None],
        means: Means,
    ) -> None:
        never = Outcome(None, "not_asked", "the rows before it all failed", passing=True)
        self.outcomes = [never] * len(prompts)
        self._prompts, self._ask, self._limits = prompts, ask, limits
        self._progress, self._means = progress, means
        self._lock = threading.Lock()
        self._asked, self._failed = 0, 0

    def run(self, indices: Sequence[int]) -> None:
        """Asks for these rows until the breaker opens; what came of them takes their places."""
        breaker = Breaker(self._limits.breaker)
        with ThreadPoolExecutor(self._limits.concurrency, thread_name_prefix="ask") as pool:
            for done in [pool.submit(self._row, index, breaker) for index in indices]:
                done.result()

    def _row(self, index: int, breaker: Breaker) -> None:
        if breaker.open:
            return
        outcome = ask_row(self._prompts[index], self._ask, self._limits, self._means)
        breaker.note(failed=outcome.failed)
        with self._lock:
            before = self.outcomes[index]
            self.outcomes[index] = replace(outcome, attempts=before.attempts + outcome.attempts)
            self._asked += before.attempts == 0
            self._failed += outcome.failed - (before.attempts > 0)
            self._progress(self._asked, self._failed)


def ask_row(prompt: str, ask: Callable[[str], str], limits: Limits, means: Means) -> Outcome:
    """Asks until there is an answer, an error that will not pass, no attempt or no time left."""
    started = means.clock()
    pause = FIRST_PAUSE
    attempt, error = 0, AskError("deadline", "no time for an attempt", passing=False)
    while attempt < limits.attempts:
        attempt += 1
        try:
            return Outcome(ask(prompt), attempts=attempt, seconds=means.clock() - started)
        except AskError as problem:
            error = problem
        wait = pause * (0.5 + means.chance() / 2)
        left = limits.deadline_seconds - (means.clock() - started)
        if not error.passing or attempt == limits.attempts or wait >= left:
            break
        means.sleep(wait)
        pause = min(2 * pause, LONGEST_PAUSE)
    return Outcome(None, error.reason, error.detail, attempt, means.clock() - started, error.passing)
