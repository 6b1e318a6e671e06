"""EventBridge events of executions and steps, in the form of the Developer Guide.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.engine.ports import Document
from local.engine.records import Execution, Step

SOURCE = "aws.sagemaker"
EXECUTION_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGE = "SageMaker Model Building Pipeline Execution Step Status Change"

Announcement = tuple[str, str, Document, list[str]]


def execution_changed(execution: Execution, *, previous: str | None) -> Announcement:
    """The arguments of an event bus's `emit` for a new status of an execution."""
    detail = {
        "pipelineExecutionDisplayName": execution.display_name,
        "currentPipelineExecutionStatus": execution.status,
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": timestamp(execution.created),
        "executionEndTime": None if execution.ended is None else timestamp(execution.ended),
        "pipelineExecutionDescription": execution.description,
        "pipelineArn": execution.pipeline_arn,
        "pipelineExecutionArn": execution.arn,
    }
    return SOURCE, EXECUTION_CHANGE, _present(detail), [execution.pipeline_arn, execution.arn]


def step_changed(execution: Execution, step: Step, *, previous: str | None) -> Announcement:
    """The arguments of an event bus's `emit` for a new status of a step."""
    hit = {"sourcePipelineExecutionArn": step.cache_hit} if step.cache_hit else None
    detail = {
        "metadata": _lower_camel(step.metadata),
        "stepStartTime": timestamp(step.started),
        "stepEndTime": None if step.ended is None else timestamp(step.ended),
        "stepName": step.name,
        "stepType": step.type,
        "previousStepStatus": previous,
        "currentStepStatus": step.status,
        "pipelineArn": execution.pipeline_arn,
        "pipelineExecutionArn": execution.arn,
        "cacheHitResult": hit,
        "failureReason": step.failure_reason,
    }
    return SOURCE, STEP_CHANGE, _present(detail), [execution.pipeline_arn, execution.arn]


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _present(detail: dict[str, Any]) -> Document:
    return {name: value for name, value in detail.items() if value is not None}


def _lower_camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower_camel(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_lower_camel(member) for member in value]
    return value
