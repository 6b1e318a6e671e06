"""One step of one execution, from Starting to its end: resolves, asks the cache, runs, tries again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.api import ApiError
from local.engine import caching, retries
from local.engine.callbacks import Callbacks
from local.engine.definition import Definition, StepSpec
from local.engine.ids import job_name
from local.engine.ledger import Ledger, LedgerClosedError
from local.engine.ports import Machine
from local.engine.records import Execution, Step
from local.engine.resolve import UnresolvedError, resolve
from local.engine.scope import scope_of
from local.engine.steps.contract import StepFailedError, StepResult, StepRun, StepStoppedError, StopSignal
from local.engine.steps.table import step_type

_LOG = logging.getLogger(__name__)

# What an error of a called operation is to a RetryPolicy.
_EXCEPTION_TYPES: Mapping[str, str] = {
    "ThrottlingException": retries.THROTTLING,
    "Throttling": retries.THROTTLING,
    "InternalFailure": retries.SERVICE_FAULT,
    "InternalServerError": retries.SERVICE_FAULT,
    "ServiceUnavailable": retries.SERVICE_FAULT,
    "ResourceLimitExceeded": retries.RESOURCE_LIMIT,
}
# Members of a step beside its Arguments that a step type reads and that may hold references.
_SETTINGS = ("FunctionArn", "SqsQueueUrl")


@dataclass(frozen=True)
class Setting:
    """What all steps of an execution share."""

    machine: Machine
    ledger: Ledger
    callbacks: Callbacks
    execution: Execution
    definition: Definition
    stop: StopSignal


class StepWork:
    """Runs in a thread of its own; every change is in the ledger before it goes on."""

    def __init__(self, setting: Setting, spec: StepSpec, *, order: int) -> None:
        self._setting = setting
        self._spec = spec
        self._lock = threading.Lock()
        self._resumed = setting.ledger.step(setting.execution.key, spec.name)
        self._step = self._taken_up(self._resumed) if self._resumed else self._new(order)

    def run(self) -> Step | None:
        """The step at its end; None where the ledger was closed and the step will be taken up later."""
        try:
            self._change(status=self._step.status)
            self._setting.stop.listen(self._stopping)
            return self._attempts()
        except LedgerClosedError:
            return None

    def _new(self, order: int) -> Step:
        return Step(
            name=self._spec.name,
            type=self._spec.type,
            status="Starting",
            attempts=1,
            order=order,
            started=self._setting.machine.clock(),
            display_name=self._spec.settings.get("DisplayName"),
            description=self._spec.settings.get("Description"),
        )

    def _taken_up(self, step: Step) -> Step:
        """A wait for a callback just goes on; anything else that was running is tried again."""
        return step if step.type == "Callback" else replace(step, attempts=step.attempts + 1)

    def _attempts(self) -> Step:
        """A loop over attempts: the service's own policy and the step's decide whether there is another."""
        began, failures = self._setting.machine.clock(), 0
        while True:
            try:
                return self._attempt()
            except StepStoppedError as stopped:
                return self._change(status="Stopped", failure_reason=stopped.reason)
            except StepFailedError as failed:
                failures += 1
                elapsed = self._setting.machine.clock() - began
                if not self._waits_for_another(failed, failures, elapsed):
                    metadata = {**self._step.metadata, **failed.metadata}
                    return self._change(status="Failed", failure_reason=failed.reason, metadata=metadata)
                self._change(attempts=self._step.attempts + 1, metadata={})

    def _waits_for_another(self, failed: StepFailedError, failures: int, elapsed: float) -> bool:
        wait = retries.wait_before_retry(
            retries.parse_policies(self._spec.settings),
            failed.exception_type,
            failures=failures,
            elapsed_seconds=elapsed,
        )
        if wait is None:
            return False
        _LOG.info("step '%s' is tried again in %g s: %s", self._spec.name, wait, failed.reason)
        return not self._setting.stop.wait(wait)

    def _attempt(self) -> Step:
        if self._setting.stop.wanted and not self._step.metadata:
            raise StepStoppedError()
        try:
            run = self._prepared()
            key = caching.cache_key(self._setting.execution, self._spec.name, self._spec.type, run.arguments)
            return self._cached(key) or self._executed(run, key)
        except (StepFailedError, StepStoppedError, LedgerClosedError):
            raise
        except UnresolvedError as error:
            raise StepFailedError(f"ClientError: {error}") from error
        except ApiError as error:
            kind = _EXCEPTION_TYPES.get(error.code, retries.SERVICE_FAULT if error.status >= 500 else None)
            raise StepFailedError(
                f"ClientError: {error.message} ({error.code})", exception_type=kind
            ) from error
        except Exception as error:  # the outermost edge of a step: whatever breaks, the execution must end
            _LOG.exception("step '%s' of %s broke", self._spec.name, self._setting.execution.arn)
            raise StepFailedError(f"InternalServerError: {type(error).__name__}: {error}") from error

    def _prepared(self) -> StepRun:
        setting, spec = self._setting, self._spec
        name = job_name(setting.execution.id, spec.name)
        scope = scope_of(
            spec.name,
            execution=setting.execution,
            definition=setting.definition,
            ledger=setting.ledger,
            machine=setting.machine,
            job_name=name,
        )
        own = {k: v for k, v in spec.arguments.items() if spec.type != "Condition" or k == "Conditions"}
        return StepRun(
            spec=spec,
            settings={k: resolve(v, scope) for k, v in spec.settings.items() if k in _SETTINGS},
            arguments=resolve(own, scope),
            execution=setting.execution,
            machine=setting.machine,
            callbacks=setting.callbacks,
            stop=setting.stop,
            note=self._note,
            job_name=name,
            begun=self._step.metadata,
        )

    def _cached(self, key: str | None) -> Step | None:
        machine = self._setting.machine
        policy = caching.policy_of(self._spec.settings)
        hit = caching.look_up(machine.documents, key, policy, now=machine.clock()) if key else None
        if hit is None or self._step.metadata:
            return None
        return self._change(
            status="Succeeded", metadata=hit["metadata"], properties=hit["properties"], cache_hit=hit["arn"]
        )

    def _executed(self, run: StepRun, key: str | None) -> Step:
        self._change(status="Executing")
        result: StepResult = step_type(self._spec.type).run(run)
        step = self._change(
            status="Succeeded",
            metadata=dict(result.metadata),
            properties=dict(result.properties),
            outcome=result.outcome,
        )
        if key is not None:
            caching.remember(self._setting.machine.documents, key, self._setting.execution, step)
        return step

    def _note(self, metadata: Mapping[str, Any]) -> None:
        self._change(metadata=dict(metadata))

    def _stopping(self) -> None:
        self._change(status="Stopping")

    def _change(self, **changes: Any) -> Step:
        """Writes the step; one that is over stays as it is, and one that is stopping does not go back."""
        with self._lock:
            if self._step.ended is not None:
                return self._step
            if self._step.status == "Stopping" and changes.get("status") in ("Starting", "Executing"):
                changes = {**changes, "status": "Stopping"}
            changed = replace(self._step, **changes)
            self._step = self._setting.ledger.write_step(self._setting.execution, changed)
            return self._step
