"""What every pipeline operation works with, and what all of them do first."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.api import ApiError, Call, Handler
from local.engine.book import Book
from local.engine.constraints import check
from local.engine.engine import Engine
from local.engine.ports import Machine
from local.engine.records import REQUESTS, Execution

Operation = Callable[["Desk", Call], dict[str, Any] | None]


@dataclass(frozen=True)
class Desk:
    machine: Machine
    engine: Engine
    book: Book
    lock: threading.RLock = field(default_factory=threading.RLock)  # of what must not come between others

    def handler(self, operation: Operation) -> Handler:
        """The operation behind the limits of the API model."""

        def handle(call: Call) -> dict[str, Any] | None:
            check(call)
            return operation(self, call)

        return handle

    def execution(self, arn: str) -> Execution:
        """ApiError (ResourceNotFound) where there is none."""
        pipeline, _, name = arn.partition(":pipeline/")[2].partition("/execution/")
        execution = self.engine.ledger.execution(f"{pipeline}/{name}")
        if execution is None or execution.arn != arn:
            raise ApiError("ResourceNotFound", f"Pipeline execution with ARN '{arn}' does not exist.")
        return execution

    def once(self, call: Call, make: Callable[[], str]) -> str:
        """What `make` returns; the same request again, with its ClientRequestToken, gets the first result.

        ApiError where the token comes with another request: answering that with what was made before would
        let its caller believe that something was done.
        """
        token = call.parameters.get("ClientRequestToken")
        if token is None:
            with self.lock:
                return make()
        key = f"{call.operation}/{token}"
        text = json.dumps(call.parameters, sort_keys=True, default=str)
        request = hashlib.sha256(text.encode()).hexdigest()
        with self.lock:
            kept = self.machine.documents.get(REQUESTS, key)
            if kept is None:
                kept = {"request": request, "result": make()}
                self.machine.documents.put(REQUESTS, key, kept)
        if kept.get("request", request) != request:  # state of an earlier version has none
            message = f"ClientRequestToken '{token}' was used with another request."
            raise ApiError("ConflictException", message)
        return str(kept["result"])
