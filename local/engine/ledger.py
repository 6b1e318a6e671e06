"""The book of executions: every change of a status is written first and then told as an event.

What is written here survives a kill; nothing about an execution is only in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from local.engine.announcements import Announcement, execution_changed, step_changed
from local.engine.graph import FINISHED, State
from local.engine.patience import patiently
from local.engine.ports import Document, Machine
from local.engine.records import CACHE, CALLBACKS, DEFINITIONS, EXECUTIONS, REQUESTS, STEPS, Execution, Step

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
FAILURE_REASON_LENGTH = 1024  # API shape FailureReason of a step
ENDED = ("Succeeded", "Failed", "Stopped", "CompletedWithFailures")


class LedgerClosedError(Exception):
    """The machine is going down: what happens to running steps now is not their end."""


class _GoneError(LookupError):
    """An entry that was to be changed is not there."""


class Ledger:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._documents = machine.documents
        self._closed = False

    def close(self) -> None:
        """From here on nothing is written: jobs and functions that die with the machine have not failed."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise LedgerClosedError("the machine is going down")

    def _patiently(self, write: Callable[[], T]) -> T:
        """A full disk must not lose how a step ended."""
        return patiently(write, give_up=lambda: self._closed)

    def _emit(self, announcement: Announcement) -> None:
        """An event that cannot be delivered (a full disk under a queue) must not end what it is about."""
        try:
            self._machine.events.emit(*announcement)
        except (OSError, sqlite3.Error) as error:
            _LOG.warning("an event is lost: %s: %s", announcement[1], error)

    # executions

    def open(self, execution: Execution) -> None:
        """Writes a new execution."""
        self._documents.put(EXECUTIONS, execution.key, execution.document())
        self.announce(execution)

    def keep_definition(self, pipeline: str, text: str) -> str:
        """The key of a definition that executions refer to: their own entries stay small."""
        key = f"{pipeline}/{hashlib.sha256(text.encode()).hexdigest()}"
        self._documents.put(DEFINITIONS, key, {"text": text})
        return key

    def definition(self, execution: Execution) -> str:
        """The text that the execution was started with."""
        document = self._documents.get(DEFINITIONS, execution.definition)
        if document is None:
            raise LookupError(f"the definition of '{execution.arn}' is gone")
        return str(document["text"])

    def execution(self, key: str) -> Execution | None:
        document = self._documents.get(EXECUTIONS, key)
        return None if document is None else Execution.of(document)

    def executions(self, pipeline: str | None = None) -> list[Execution]:
        prefix = "" if pipeline is None else f"{pipeline}/"
        return [Execution.of(document) for _, document in self._documents.list(EXECUTIONS, prefix)]

    def change_execution(self, key: str, **changes: Any) -> Execution:
        """Writes new members; a new `status` also sets the time of the end and is announced."""
        self._check_open()
        change = _changed(modified=self._now(key), **changes)
        after = Execution.of(self._patiently(lambda: self._documents.update(EXECUTIONS, key, change)))
        self.announce(after)
        return after

    def announce(self, execution: Execution) -> None:
        """Tells the status as an event, if it was not told. A kill on the way makes it told twice, which the
        service does too, and never not at all: `resume` asks for it again."""
        if execution.status == execution.announced:
            return
        self._emit(execution_changed(execution, previous=execution.announced))
        change = _changed(announced=execution.status)
        with contextlib.suppress(_GoneError):  # deleted as soon as its end was seen
            self._patiently(lambda: self._documents.update(EXECUTIONS, execution.key, change))

    def end_execution(self, key: str, status: str, reason: str | None) -> Execution:
        return self.change_execution(key, status=status, failure_reason=reason, ended=self._now(key))

    def _now(self, key: str) -> float:
        """Not before the execution's start, though the clock of the machine may have been set back."""
        execution = self.execution(key)
        return max(self._machine.clock(), 0.0 if execution is None else execution.created)

    # steps

    def steps(self, execution_key: str) -> list[Step]:
        """In the order in which they started."""
        found = [Step.of(document) for _, document in self._documents.list(STEPS, f"{execution_key}/")]
        return sorted(found, key=lambda step: step.order)

    def step(self, execution_key: str, name: str) -> Step | None:
        document = self._documents.get(STEPS, f"{execution_key}/{name}")
        return None if document is None else Step.of(document)

    def states(self, execution_key: str) -> dict[str, State]:
        return {step.name: State(step.status, step.outcome) for step in self.steps(execution_key)}

    def write_step(self, execution: Execution, step: Step) -> Step:
        """Writes a step and announces its status where that is new."""
        self._check_open()
        key = f"{execution.key}/{step.name}"
        before = self._documents.get(STEPS, key)
        if step.status in FINISHED and step.ended is None:
            step = replace(step, ended=max(self._machine.clock(), step.started))
        if step.failure_reason is not None:
            step = replace(step, failure_reason=step.failure_reason[:FAILURE_REASON_LENGTH])
        self._patiently(lambda: self._documents.put(STEPS, key, step.document()))
        previous = before["status"] if before else None
        if step.status != previous:
            self._emit(step_changed(execution, step, previous=previous))
        return step

    def forget_step(self, execution: Execution, name: str) -> None:
        self._documents.delete(STEPS, f"{execution.key}/{name}")

    def forget_pipeline(self, pipeline: str) -> None:
        """Deletes everything about a pipeline's executions, as DeletePipeline does."""
        for kind in (EXECUTIONS, STEPS, CACHE, CALLBACKS, DEFINITIONS):
            for key, document in self._documents.list(kind):
                if key.startswith(f"{pipeline}/") or document.get("execution", "").startswith(f"{pipeline}/"):
                    self._documents.delete(kind, key)
        for key, document in self._documents.list(REQUESTS):  # or the same request again would make nothing
            if f"{document['result']}/".partition(":pipeline/")[2].startswith(f"{pipeline}/"):
                self._documents.delete(REQUESTS, key)


def _changed(**changes: Any) -> Callable[[Document | None], Document]:
    """A change of an entry that must be there: half an entry would be worse than none."""

    def change(document: Document | None) -> Document:
        if document is None:
            raise _GoneError("the entry is gone")
        return {**document, **changes}

    return change
