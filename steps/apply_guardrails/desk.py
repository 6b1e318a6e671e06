"""Between the threads that ask and the ledger: what is answered and not yet durable, and how much may be.

A killed job asks again for what was under way or not yet written. So a call needs one of N permits before it
is made, and gives it back when its result is in the ledger: at most N calls are ever made twice.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steps.apply_guardrails.ledger import Done, Ledger
from steps.apply_guardrails.records import OutputFile
from steps.runtime.guardrail.tally import Tally


@dataclass(frozen=True)
class Rhythm:
    """When results are made durable: after so many records or seconds; `records` also bounds open calls."""

    records: int
    seconds: float


class Desk:
    """Takes results from any thread; one thread of its own writes them."""

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        rhythm: Rhythm,
        *,
        clock: Callable[[], float] = time.monotonic,
        written: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._ledger, self._tally, self._rhythm, self._clock = ledger, tally, rhythm, clock
        self._told = written
        self._changed = threading.Condition()
        self._waiting: dict[OutputFile, list[Done]] = defaultdict(list)
        self._records = self._calls = self._reserved = 0
        self._wanted = self._closing = False
        self.unlucky = 0  # records that failed for reasons that may pass
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def reserve(self, calls: int) -> int:
        """Waits until `calls` more may be made, or until nothing is open; returns what was reserved."""
        with self._changed:
            while self._problem is None and self._reserved and self._reserved + calls > self._rhythm.records:
                self._wanted = True
                self._changed.notify_all()
                self._changed.wait()
            self._check()
            self._reserved += calls
        return calls

    def put(self, file: OutputFile, lines: Sequence[Done], reserved: int = 0) -> None:
        """Hands in results and the permits that their calls held; waits where the ledger cannot keep up."""
        with self._changed:
            while self._problem is None and not reserved and self._records > 4 * self._rhythm.records:
                self._changed.wait()
            self._check()
            self._waiting[file].extend(lines)
            self._records += len(lines)
            self._calls += reserved
            self._changed.notify_all()

    def unused(self, permits: int) -> None:
        """Gives back permits of calls that were not made."""
        with self._changed:
            self._reserved -= permits
            self._changed.notify_all()

    def close(self) -> None:
        """Writes what is there; raises what went wrong with it."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._problem is not None:
            raise self._problem

    def _due(self, since: float) -> bool:
        if self._closing:
            return True
        if not self._records:
            return False
        half = max(1, self._rhythm.records // 2)
        full = self._records >= self._rhythm.records or self._calls >= half
        return full or self._wanted or self._clock() - since >= self._rhythm.seconds

    def _run(self) -> None:
        since = self._clock()
        while True:
            with self._changed:
                while not self._due(since):
                    self._changed.wait(timeout=min(1.0, self._rhythm.seconds))
                batch, self._waiting = self._waiting, defaultdict(list)
                calls, records = self._calls, self._records
                self._calls = self._records = 0
                self._wanted = False
                closing = self._closing
            try:
                self._write(batch)
            except BaseException as problem:  # noqa: BLE001 - handed to the threads that ask
                with self._changed:
                    self._problem = problem
                    self._changed.notify_all()
                return
            since = self._clock()
            with self._changed:
                self._reserved -= calls
                self._changed.notify_all()
            self._told(records)
            if closing and not self._more():
                return

    def _more(self) -> bool:
        with self._changed:
            return bool(self._records)

    def _write(self, batch: dict[OutputFile, list[Done]]) -> None:
        figures = self._tally.take() if batch else {}
        for file, lines in batch.items():
            self._ledger.write(file, lines, figures)
            self.unlucky += sum(not each.final for each in lines)
            figures = {}  # once
