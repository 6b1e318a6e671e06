"""What an execution that ended leaves running: named here, stopped through the wait queue.

    any execution that failed or was stopped   its AutoML jobs, its batch inference jobs and its endpoint
                                               (found by name and tag); model and configuration stay, a retry
                                               makes the endpoint from them
    any execution with an EndpointName         that endpoint with its configurations and models, when it is
    parameter (evaluations), however it ended  tagged to go after the evaluation and no other evaluation that
                                               runs uses it

EventBridge may deliver an event twice or late, and the execution may have been retried meanwhile: what counts
is its status now. The stopping itself is a Stop message, because an endpoint that is being created can not be
deleted yet, and the queue tries again where an event does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from waiting import attempts, batch_jobs, ending, endpoint, executions, tags
from waiting.messages import Stop, form
from waiting.paging import items
from waiting.tools import Tools

UNFINISHED = frozenset({"Failed", "Stopped"})


def release(tools: Tools, event: Mapping[str, Any]) -> list[str]:
    """Sends a Stop for each leftover of the event's execution; returns their names."""
    arn = event["detail"]["pipelineExecutionArn"]
    status = executions.status(tools.sagemaker, arn)
    if status in executions.GOING_ON:
        tools.log("nothing released: the execution goes on", execution=arn, status=status)
        return []
    found = [*unfinished(tools, arn, status), *evaluated(tools, arn)]
    for leftover in found:
        ending.send(tools, form(leftover), delay=0)
        tools.log("to be stopped", execution=arn, what=leftover.waits_for, name=leftover.name)
    return [leftover.name for leftover in found]


def unfinished(tools: Tools, arn: str, status: str) -> Iterator[Stop]:
    """AutoML jobs and the endpoint of an execution that did not succeed."""
    if status not in UNFINISHED:
        return
    execution_id = arn.rpartition("/")[2]
    for attempt in attempts.attempts(tools.sagemaker, execution_id):
        job = attempt.description
        if job["AutoMLJobStatus"] == "InProgress" and is_ours(tools, job["AutoMLJobArn"], arn):
            yield Stop(arn, "automl", job["AutoMLJobName"], since=tools.now())
    if runs_batches(tools, arn) and has_batch_jobs(tools, arn, execution_id):
        yield Stop(arn, "batch", execution_id, since=tools.now())
    name = f"{tools.prefix}-{execution_id}"
    found = endpoint.describe(tools.sagemaker, name)
    if found is not None and is_ours(tools, found["EndpointArn"], arn):
        yield Stop(arn, "endpoint", name, since=tools.now())


def runs_batches(tools: Tools, arn: str) -> bool:
    """A step of the execution called the function that starts batch inference jobs."""
    own = f":function:{tools.prefix}-start-batch:"
    called = (step.get("Metadata", {}).get("Lambda", {}) for step in executions.steps(tools.sagemaker, arn))
    return any(own in each.get("Arn", "") for each in called)


def has_batch_jobs(tools: Tools, arn: str, execution_id: str) -> bool:
    """A batch inference job of the execution runs; the tags say that it is ours."""
    for attempt in batch_jobs.listed(tools.bedrock, execution_id).values():
        if attempt.running:
            listed = tools.bedrock.list_tags_for_resource(resourceARN=attempt.arn)["tags"]
            tagged = {tag["key"]: tag["value"] for tag in listed}
            if tagged.get(tags.PREFIX) == tools.prefix and tagged.get(tags.EXECUTION) == arn:
                return True
    return False


def evaluated(tools: Tools, arn: str) -> Iterator[Stop]:
    """The endpoint that the execution evaluated."""
    name = evaluated_endpoint(tools.sagemaker, arn)
    found = endpoint.describe(tools.sagemaker, name) if name else None
    if found is None:
        return
    tagged = tags.read(tools.sagemaker, found["EndpointArn"])
    if tagged.get(tags.PREFIX) != tools.prefix or tagged.get(tags.AFTER_EVALUATION) != "delete":
        tools.log("endpoint kept", name=name, after_evaluation=tagged.get(tags.AFTER_EVALUATION))
    elif user := other_user(tools, arn, name):
        tools.log("endpoint kept: another evaluation uses it", name=name, execution=user)
    else:
        yield Stop(arn, "endpoint", name, since=tools.now(), everything=True)


def is_ours(tools: Tools, arn: str, execution_arn: str) -> bool:
    """The tags say that this execution made it."""
    tagged = tags.read(tools.sagemaker, arn)
    return tagged.get(tags.PREFIX) == tools.prefix and tagged.get(tags.EXECUTION) == execution_arn


def evaluated_endpoint(sagemaker: Any, arn: str) -> str:
    """The value of the execution's EndpointName parameter, empty when it has none."""
    parameters = items(
        sagemaker.list_pipeline_parameters_for_execution, "PipelineParameters", PipelineExecutionArn=arn
    )
    return next((each["Value"] for each in parameters if each["Name"] == "EndpointName"), "")


def other_user(tools: Tools, arn: str, endpoint_name: str) -> str | None:
    """Another execution that still runs and evaluates the same endpoint; its own end releases it."""
    for other in executions.running(tools.sagemaker, tools.prefix, tools.now()):
        if other != arn and evaluated_endpoint(tools.sagemaker, other) == endpoint_name:
            return other
    return None
