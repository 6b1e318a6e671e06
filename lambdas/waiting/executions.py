"""What the service says of an execution: its status, and its Callback steps that wait for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from waiting.failures import AWS_ERRORS, is_missing
from waiting.paging import items

# Every status but the ends. An answer is taken while the step has one of them.
OPEN = frozenset({"Starting", "Executing", "Stopping"})
# An execution's status while it can still change without being retried.
GOING_ON = frozenset({"Executing", "Stopping"})
# Seconds. Two waits take 26 days at most; an execution that was retried keeps the day it began.
OLDEST = 60 * 86_400


class OpenCallback(NamedTuple):
    step: str
    token: str
    queue_url: str
    started_at: float


def steps(sagemaker: Any, execution_arn: str) -> list[dict[str, Any]]:
    """All steps of the execution so far."""
    return list(
        items(
            sagemaker.list_pipeline_execution_steps,
            "PipelineExecutionSteps",
            PipelineExecutionArn=execution_arn,
        )
    )


def open_callbacks(listed: list[dict[str, Any]]) -> Iterator[OpenCallback]:
    """The Callback steps among them that wait for an answer."""
    for step in listed:
        callback = step.get("Metadata", {}).get("Callback", {})
        if step["StepStatus"] in OPEN and "CallbackToken" in callback:
            yield OpenCallback(
                step["StepName"],
                callback["CallbackToken"],
                callback.get("SqsQueueUrl", ""),
                step["StartTime"].timestamp(),
            )


def is_open(sagemaker: Any, execution_arn: str, token: str) -> bool:
    """A step of the execution waits for an answer with this token."""
    try:
        listed = steps(sagemaker, execution_arn)
    except AWS_ERRORS as error:
        if is_missing(error):
            return False
        raise
    return any(callback.token == token for callback in open_callbacks(listed))


def status(sagemaker: Any, execution_arn: str) -> str:
    """The execution's status now."""
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution_arn)
    return str(described["PipelineExecutionStatus"])


def running(sagemaker: Any, prefix: str, now: float) -> Iterator[str]:
    """The ARNs of the executions of the environment's pipelines that have not ended.

    Executions are listed without a filter by status; what began before OLDEST is not looked for.
    """
    since = datetime.fromtimestamp(now - OLDEST, UTC)
    for pipeline in items(sagemaker.list_pipelines, "PipelineSummaries", PipelineNamePrefix=prefix):
        name = pipeline["PipelineName"]
        # A prefix that ends in a dash is no pipeline name to the service, so the dash is looked for here.
        if not name.startswith(f"{prefix}-"):
            continue
        listing = sagemaker.list_pipeline_executions
        for execution in items(listing, "PipelineExecutionSummaries", PipelineName=name, CreatedAfter=since):
            if execution["PipelineExecutionStatus"] in GOING_ON:
                yield execution["PipelineExecutionArn"]
