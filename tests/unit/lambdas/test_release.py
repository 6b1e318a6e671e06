"""What an execution that ended leaves running is found, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from release.leftovers import release
from waiting.messages import Stop, parse

from tests.unit.lambdas.fakes import (
    ACCOUNT,
    EXECUTION_ARN,
    EXECUTION_ID,
    START,
    Aws,
    own_tags,
)

JOB = f"{EXECUTION_ID}-1"
ENDPOINT = f"test-{EXECUTION_ID}"
INFERENCE = f"{ACCOUNT}:pipeline/test-facts-inference/execution/inference001"
OTHER = f"{ACCOUNT}:pipeline/test-facts-inference/execution/inference002"


def event(arn: str = EXECUTION_ARN) -> dict[str, Any]:
    return {"detail": {"pipelineExecutionArn": arn, "currentPipelineExecutionStatus": "whatever it was"}}


def sent(aws: Aws) -> list[Any]:
    assert all(due == aws.clock.time for due, _ in aws.sqs.sent)
    return [parse(body) for _, body in aws.sqs.sent]


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_training_that_did_not_succeed_loses_job_and_endpoint(status: str) -> None:
    """No GPU runs on after its pipeline; jobs that ended are left alone."""
    aws = Aws()
    aws.sagemaker.execution(status=status)
    aws.sagemaker.job(JOB, "Failed")
    aws.sagemaker.job(f"{EXECUTION_ID}-2")
    aws.sagemaker.endpoint(ENDPOINT, "Creating")
    assert release(aws.tools, event()) == [f"{EXECUTION_ID}-2", ENDPOINT]
    assert sent(aws) == [
        Stop(EXECUTION_ARN, "automl", f"{EXECUTION_ID}-2", START),
        Stop(EXECUTION_ARN, "endpoint", ENDPOINT, START),
    ]


@pytest.mark.parametrize("status", ["Succeeded", "Executing", "Stopping"])
def test_a_training_that_succeeded_or_runs_again_keeps_them(status: str) -> None:
    """An event may come late: what counts is the status now."""
    aws = Aws()
    aws.sagemaker.execution(status=status)
    aws.sagemaker.job(JOB)
    aws.sagemaker.endpoint(ENDPOINT)
    assert release(aws.tools, event()) == []


def test_only_what_the_execution_made_is_taken() -> None:
    """Tags decide, not names."""
    aws = Aws()
    aws.sagemaker.execution(status="Failed")
    aws.sagemaker.job(JOB)
    aws.sagemaker.endpoint(ENDPOINT)
    aws.sagemaker.tags[f"{ACCOUNT}:automl-job/{JOB}"] = own_tags("somebody else's")
    aws.sagemaker.tags[f"{ACCOUNT}:endpoint/{ENDPOINT}"] = []
    assert release(aws.tools, event()) == []


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Stopped", "CompletedWithFailures"])
def test_an_evaluated_endpoint_goes_whatever_the_outcome(status: str) -> None:
    """With its configurations and models."""
    aws = Aws()
    aws.sagemaker.execution(INFERENCE, status=status, parameters={"A": "1", "EndpointName": ENDPOINT})
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.page_size = 1
    assert release(aws.tools, event(INFERENCE)) == [ENDPOINT]
    assert sent(aws) == [Stop(INFERENCE, "endpoint", ENDPOINT, START, everything=True)]


@pytest.mark.parametrize(
    "tags",
    [own_tags(after_evaluation="keep"), own_tags()[:2], [], [*own_tags()[2:], {"Key": "a", "Value": "b"}]],
)
def test_an_endpoint_that_is_kept_or_not_ours_stays(tags: list[dict[str, str]]) -> None:
    """Deleted is only what carries both our prefix and `delete`."""
    aws = Aws()
    aws.sagemaker.execution(INFERENCE, status="Succeeded", parameters={"EndpointName": ENDPOINT})
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.tags[f"{ACCOUNT}:endpoint/{ENDPOINT}"] = tags
    assert release(aws.tools, event(INFERENCE)) == []


def test_an_endpoint_that_another_evaluation_uses_stays() -> None:
    """The last one to end releases it."""
    aws = Aws()
    for arn, status in ((INFERENCE, "Succeeded"), (OTHER, "Executing")):
        aws.sagemaker.execution(arn, status=status, parameters={"EndpointName": ENDPOINT})
    aws.sagemaker.served(ENDPOINT)
    assert release(aws.tools, event(INFERENCE)) == []
    aws.sagemaker.executions[OTHER].status = "Failed"
    assert release(aws.tools, event(OTHER)) == [ENDPOINT]


@pytest.mark.parametrize("parameters", [{}, {"EndpointName": "test-gone"}])
def test_an_execution_without_endpoint_leaves_nothing(parameters: dict[str, str]) -> None:
    """Pipelines of other kinds, and a second event after the deletion."""
    aws = Aws()
    aws.sagemaker.execution(INFERENCE, status="Failed", parameters=parameters)
    assert release(aws.tools, event(INFERENCE)) == []
