"""The stream: output files -> records that are not done -> packs -> threads that ask -> the ledger.

Nothing is held but what is under way: a few packs for each thread, and the results of the last seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from steps.apply_guardrails.desk import Desk
from steps.apply_guardrails.ledger import Done, Ledger
from steps.apply_guardrails.records import OutputFile, Record
from steps.runtime.guardrail.asking import Asker, Limits, Outcome, Packer

# Packs that wait for each thread, so that none waits for the reader.
_QUEUED = 2


@dataclass(frozen=True)
class Asked:
    """A record with a text, and the file it came from."""

    file: OutputFile
    record: Record


class Worker:
    """Asks for packs on threads of its own and hands the results in."""

    def __init__(self, asker: Asker, limits: Limits, desk: Desk, concurrency: int) -> None:
        self._asker, self._limits, self.desk = asker, limits, desk
        self._slots = threading.Semaphore(_QUEUED * concurrency)
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="ask")
        self._problem: list[BaseException] = []

    def run(self, packs: Iterable[list[tuple[Asked, str]]]) -> None:
        """Asks for all of them. The first error that is none of a record ends it and is raised."""
        try:
            for pack in packs:
                reserved = self.desk.reserve(self._limits.calls([text for _, text in pack]))
                self._slots.acquire()
                if self._problem:
                    break
                self._pool.submit(self._one, pack, reserved)
        except BaseException:
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise
        self._pool.shutdown(wait=True, cancel_futures=bool(self._problem))
        if self._problem:
            raise self._problem[0]

    def _one(self, pack: list[tuple[Asked, str]], reserved: int) -> None:
        try:
            if self._problem:
                self.desk.unused(reserved)
                return
            outcomes, calls = self._asker.ask([text for _, text in pack])
            self.desk.unused(reserved - calls)
            self._hand_in(pack, outcomes, calls)
        except BaseException as problem:  # noqa: BLE001 - raised by run, which waits for the threads
            self._problem.append(problem)
            self.desk.unused(reserved)
        finally:
            self._slots.release()

    def _hand_in(self, pack: list[tuple[Asked, str]], outcomes: list[Outcome], calls: int) -> None:
        by_file: dict[OutputFile, list[Done]] = {}
        for (asked, _), outcome in zip(pack, outcomes, strict=True):
            done = Done(asked.record.line, asked.record.id, outcome, asked.record.cut_off)
            by_file.setdefault(asked.file, []).append(done)
        for place, (file, lines) in enumerate(by_file.items()):
            self.desk.put(file, lines, calls if place == 0 else 0)


def texts(files: Iterable[OutputFile], ledger: Ledger, desk: Desk) -> Iterator[tuple[Asked, str]]:
    """Every record that is not done and has a text; those without one are handed in as failed."""
    for file in files:
        progress = ledger.progress(file)
        if progress.records:
            print(f"{file.name}: {progress.records:,} records are done already", flush=True)
        for record in file.records():
            if progress.has(record.line):
                continue
            if record.text is None:
                outcome = Outcome("failed", None, reason=record.reason)
                desk.put(file, [Done(record.line, record.id, outcome)])
            else:
                yield Asked(file, record), record.text


def apply(files: Iterable[OutputFile], ledger: Ledger, worker: Worker, packer: Packer[Asked]) -> None:
    """Asks for everything that is not done; what is answered is durable when this returns or raises."""
    try:
        worker.run(packer.packs(texts(files, ledger, worker.desk)))
    finally:
        worker.desk.close()
