"""What the engine needs of the machine around it, as protocols: a test brings its own things."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Document = dict[str, Any]


class Documents(Protocol):
    """local/store.py"""

    def put(self, kind: str, key: str, document: Document) -> None: ...
    def get(self, kind: str, key: str) -> Document | None: ...
    def delete(self, kind: str, key: str) -> bool: ...
    def list(self, kind: str, prefix: str = "") -> list[tuple[str, Document]]: ...
    def update(self, kind: str, key: str, change: Callable[[Document | None], Document]) -> Document: ...


class EventBus(Protocol):
    """local/events.py"""

    def emit(self, source: str, detail_type: str, detail: Document, resources: list[str]) -> None: ...


class InvokeResult(Protocol):
    """local/functions.py: `document` is what the function returned, or its error where `error` is set."""

    @property
    def error(self) -> str | None: ...
    def document(self) -> Any: ...


class FunctionRuntime(Protocol):
    def invoke(self, arn: str, payload: Document) -> InvokeResult: ...


class MessageQueues(Protocol):
    """local/queues.py"""

    def send(self, queue_url: str, body: str) -> Any: ...


class JobRunner(Protocol):
    """local/jobs/jobs.py: `wait` returns DescribeProcessingJob's answer of a job that has ended."""

    def create(self, request: Document) -> str: ...
    def exists(self, name: str) -> bool: ...
    def stop(self, name: str) -> None: ...
    def wait(self, name: str) -> Document: ...


@dataclass(frozen=True)
class Machine:
    """Everything an execution touches; `call` is any AWS operation, `read` the bytes of an S3 object,
    `check_role` refuses a role that SageMaker could not take."""

    account: str
    region: str
    documents: Documents
    events: EventBus
    functions: FunctionRuntime
    queues: MessageQueues
    jobs: JobRunner
    call: Callable[[str, str, Document], Document]
    read: Callable[[str], bytes]
    check_role: Callable[[str], None]
    clock: Callable[[], float] = time.time

    def arn(self, resource: str) -> str:
        return f"arn:{partition(self.region)}:sagemaker:{self.region}:{self.account}:{resource}"


def partition(region: str) -> str:
    prefixes: Mapping[str, str] = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")
