"""What a step type is: one class, one method that blocks until the step is over and returns its result."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from local.api import ApiError
from local.engine.callbacks import Callbacks
from local.engine.definition import StepSpec
from local.engine.ids import job_name
from local.engine.ports import Machine
from local.engine.records import Execution

_LOG = logging.getLogger(__name__)


class StepFailedError(Exception):
    """The step failed; `exception_type` is what RetryPolicies name, `metadata` is added to the step's."""

    def __init__(
        self, reason: str, *, exception_type: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exception_type = exception_type
        self.metadata = metadata or {}


class StepStoppedError(Exception):
    """The step was stopped before its end."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason or "stopped")
        self.reason = reason


@dataclass(frozen=True)
class StepResult:
    """`properties` are what other steps can refer to, `outcome` is a Condition's."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    outcome: bool | None = None


class StopSignal:
    """The wish to stop an execution, told to every running step once."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        return self._wanted.is_set()

    def tell(self) -> None:
        with self._lock:
            if self._wanted.is_set():
                return
            self._wanted.set()
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            _tell_one(listener)

    def listen(self, listener: Callable[[], None]) -> None:
        """Calls the listener when a stop is wanted; at once if it is already."""
        with self._lock:
            if not self._wanted.is_set():
                self._listeners.append(listener)
                return
        _tell_one(listener)

    def wait(self, seconds: float) -> bool:
        """Sleeps, and returns True as soon as a stop is wanted."""
        return self._wanted.wait(seconds)


def _tell_one(listener: Callable[[], None]) -> None:
    """One step that cannot be told (its queue is gone) must not keep the others from hearing it."""
    try:
        listener()
    except ApiError as error:
        _LOG.warning("a running step could not be told to stop: %s", error)


@dataclass(frozen=True)
class StepRun:
    """One attempt of one step, as its type sees it.

    `arguments` and `settings` have their references resolved. `begun` is the metadata that an attempt
    noted before the process that ran it ended: empty unless this one takes that attempt up again.
    """

    spec: StepSpec
    settings: Mapping[str, Any]
    arguments: dict[str, Any]
    execution: Execution
    machine: Machine
    callbacks: Callbacks
    stop: StopSignal
    note: Callable[[Mapping[str, Any]], None]
    job_name: str
    begun: Mapping[str, Any] = field(default_factory=dict)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """An operation of SageMaker on this machine."""
        return self.machine.call("sagemaker", operation, dict(parameters))

    def named(self, member: str) -> dict[str, Any]:
        """The arguments with a name for what they make: AWS's generated one, after a given prefix."""
        given = self.arguments.get(member)
        name = self.job_name if given is None else job_name(self.execution.id, self.spec.name, prefix=given)
        return {**self.arguments, member: name}


class StepType(Protocol):
    def run(self, step: StepRun) -> StepResult:
        """Returns when the step succeeded; raises StepFailedError, StepStoppedError or ApiError."""
        ...


def jsonable(value: Any) -> Any:
    """An API's answer as JSON: times as ISO texts; the response's metadata is left out."""
    if isinstance(value, Mapping):
        return {name: jsonable(member) for name, member in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [jsonable(member) for member in value]
    return value.isoformat() if isinstance(value, datetime | date) else value
