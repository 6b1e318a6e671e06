"""One execution as it runs: starts every step as soon as it may, and ends when nothing runs any more."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from local.engine.graph import RUNNING, Graph, State, final_status, ready_steps
from local.engine.ledger import LedgerClosedError
from local.engine.records import Step
from local.engine.work import Setting, StepWork

_LOG = logging.getLogger(__name__)

MAX_PARALLEL_STEPS = 50  # the service's own limit (API ParallelismConfiguration)
STEP_FAILURE = "Step failure: One or multiple steps failed."


class ExecutionRun:
    """One coordinating thread, and a thread for each running step.

    A failed step ends its own downstream only: other branches run on, and then the execution is Failed.
    """

    def __init__(self, setting: Setting, graph: Graph, *, ended: Callable[[str], None]) -> None:
        self._setting = setting
        self._graph = graph
        self._ended = ended
        self._changed = threading.Condition()
        self._active: set[str] = set()
        self._over = False
        self._stopping = setting.stop.wanted
        self._order = max((step.order for step in setting.ledger.steps(self._key)), default=0)
        self._function_failed_late = False

    @property
    def _key(self) -> str:
        return self._setting.execution.key

    def start(self) -> None:
        threading.Thread(target=self._drive, name=f"execution {self._key}", daemon=True).start()

    def stop(self) -> bool:
        """Starts no further step and tells the running ones; False where the execution is over already."""
        with self._changed:
            if self._over:
                return False
            self._setting.ledger.change_execution(self._key, status="Stopping")
            self._stopping = True
        self._setting.stop.tell()
        with self._changed:
            self._changed.notify_all()
        return True

    def nudge(self) -> None:
        """Something about the execution was changed, its parallelism say."""
        with self._changed:
            self._changed.notify_all()

    def _drive(self) -> None:
        try:
            with self._changed:
                self._take_up()
                self._start_ready()
                while self._active:
                    self._changed.wait()
                    self._start_ready()
                self._finish()
        except LedgerClosedError:
            return
        except Exception:  # noqa: BLE001 - the edge of an execution: it must not stay Executing for ever
            _LOG.exception("execution %s broke", self._setting.execution.arn)
            self._setting.ledger.end_execution(self._key, "Failed", "InternalServerError")
        self._ended(self._key)

    def _take_up(self) -> None:
        """After a restart: what was running runs again, in its place."""
        for name, state in self._states().items():
            if state.status in RUNNING:
                self._begin(name)

    def _start_ready(self) -> None:
        if self._stopping:
            return
        execution = self._setting.ledger.execution(self._key)
        limit = (execution.parallelism if execution else None) or MAX_PARALLEL_STEPS
        states = self._states() | {name: State("Starting") for name in self._active}
        for name in ready_steps(self._graph, states)[: max(0, limit - len(self._active))]:
            self._begin(name)

    def _states(self) -> dict[str, State]:
        return self._setting.ledger.states(self._key)

    def _begin(self, name: str) -> None:
        self._active.add(name)
        self._order += 1
        work = StepWork(self._setting, self._graph.definition.steps[name], order=self._order)
        threading.Thread(target=self._work, args=(name, work), name=f"step {name}", daemon=True).start()

    def _work(self, name: str, work: StepWork) -> None:
        step = work.run()
        if step is None:
            return
        with self._changed:
            self._active.discard(name)
            self._function_failed_late |= self._failed_late(step)
            self._changed.notify_all()

    def _failed_late(self, step: Step) -> bool:
        return self._stopping and step.type == "Lambda" and step.status == "Failed"

    def _finish(self) -> None:
        status = final_status(self._graph, self._states())
        if self._stopping:
            # DG, "Lambda step": a stop waits for the function; one that fails then fails the execution.
            status = "Failed" if self._function_failed_late else "Stopped"
        reason = STEP_FAILURE if status in ("Failed", "CompletedWithFailures") else None
        self._over = True
        self._setting.ledger.end_execution(self._key, status, reason)
