"""ListPipelineExecutionSteps, and the answers to callbacks."""

from __future__ import annotations

from typing import Any

from local.api import ApiError, Call
from local.engine.callbacks import Answer
from local.engine.operations.desk import Desk
from local.engine.operations.pages import moment, ordered, page, present
from local.engine.records import Step


def list_all(desk: Desk, call: Call) -> dict[str, Any]:
    """The newest step first, where no order is asked for."""
    arn = call.parameters.get("PipelineExecutionArn")
    if arn is None:
        raise ApiError("ValidationException", "PipelineExecutionArn is needed.")
    steps = ordered(
        desk.engine.ledger.steps(desk.execution(arn).key),
        call.parameters,
        lambda step: (step.order, step.name),
    )
    return page(steps, call.parameters, "PipelineExecutionSteps", _shown)


def _shown(step: Step) -> dict[str, Any]:
    return present(
        {
            "StepName": step.name,
            "StepDisplayName": step.display_name,
            "StepDescription": step.description,
            "StartTime": moment(step.started),
            "EndTime": moment(step.ended),
            "StepStatus": step.status,
            "CacheHitResult": _source(step.cache_hit),
            "FailureReason": step.failure_reason,
            "Metadata": step.metadata,
            "AttemptCount": step.attempts,
            "SelectiveExecutionResult": _source(step.reused_from),
        }
    )


def _source(arn: str | None) -> dict[str, str] | None:
    return None if arn is None else {"SourcePipelineExecutionArn": arn}


def succeed(desk: Desk, call: Call) -> dict[str, Any]:
    asked = call.parameters
    entries = asked.get("OutputParameters") or []
    outputs = {entry["Name"]: entry["Value"] for entry in entries}
    if len(outputs) < len(entries):
        raise ApiError("ValidationException", "An output parameter is given twice.")
    return _answer(desk, asked, Answer(outputs, None))


def fail(desk: Desk, call: Call) -> dict[str, Any]:
    return _answer(desk, call.parameters, Answer({}, call.parameters.get("FailureReason") or ""))


def _answer(desk: Desk, asked: dict[str, Any], answer: Answer) -> dict[str, Any]:
    arn = desk.engine.callbacks.answer(
        asked["CallbackToken"], answer, request_token=asked.get("ClientRequestToken")
    )
    return {"PipelineExecutionArn": arn}
