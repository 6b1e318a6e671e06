"""Lambda: a function, invoked and waited for; at most ten minutes, then it goes on alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from local.engine.outputs import OutputError, as_entries, type_outputs
from local.engine.ports import InvokeResult
from local.engine.steps.contract import StepFailedError, StepResult, StepRun

MAX_SECONDS = 600.0  # DG, "Lambda step": "the maximum timeout is 10 minutes"


class LambdaStep:
    def run(self, step: StepRun) -> StepResult:
        """A stop does not reach it: as on the service, the function runs to its end."""
        arn = step.settings.get("FunctionArn")
        if not isinstance(arn, str) or not arn:
            raise StepFailedError("ClientError: the Lambda step names no FunctionArn")
        step.note({"Lambda": {"Arn": arn}})
        _refuse_nested(step.arguments)
        returned = _payload(arn, self._invoke(step, arn))
        try:
            outputs = type_outputs(step.spec.output_types, returned)
        except OutputError as error:
            raise StepFailedError(f"ClientError: of the function '{arn}', {error}") from error
        return StepResult(
            metadata={"Lambda": {"Arn": arn, "OutputParameters": as_entries(outputs)}},
            properties={"OutputParameters": outputs},
        )

    def _invoke(self, step: StepRun, arn: str) -> InvokeResult:
        """In a thread of its own, which a function that takes too long keeps."""
        finished: list[InvokeResult | Exception] = []

        def invoke() -> None:
            try:
                finished.append(step.machine.functions.invoke(arn, step.arguments))
            except Exception as error:  # noqa: BLE001 - handed over to the thread that waits, whatever it is
                finished.append(error)

        thread = threading.Thread(target=invoke, name=f"lambda step {step.spec.name}", daemon=True)
        thread.start()
        thread.join(MAX_SECONDS)
        if not finished:
            raise StepFailedError(
                f"ClientError: the function '{arn}' did not end within "
                f"{MAX_SECONDS:g} seconds; it goes on running"
            )
        if isinstance(finished[0], Exception):
            raise finished[0]
        return finished[0]


def _refuse_nested(arguments: Mapping[str, Any]) -> None:
    for name, value in arguments.items():
        if isinstance(value, Mapping | list):
            raise StepFailedError(
                f"ClientError: the input '{name}' of a Lambda step is nested: {value!r}; "
                f"only single values are supported"
            )


def _payload(arn: str, result: InvokeResult) -> Mapping[str, Any]:
    document = result.document()
    if result.error is not None:
        raise StepFailedError(f"ClientError: the function '{arn}' failed: {_described(document)}")
    return document if isinstance(document, Mapping) else {}


def _described(payload: Any) -> str:
    if not isinstance(payload, Mapping):
        return str(payload)
    parts = (payload.get("errorType"), payload.get("errorMessage"))
    return ": ".join(str(part) for part in parts if part) or str(dict(payload))
