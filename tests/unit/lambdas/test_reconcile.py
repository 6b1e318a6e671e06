"""Waits whose messages were lost are found, and only those."""

from __future__ import annotations

from typing import Any

import pytest
from reconcile.lost import GRACE, Found, reconcile
from wait.poll import handle
from waiting.arguments import UnresolvedError, arguments, outputs
from waiting.messages import Callback, Poll, callback, form, parse

from tests.unit.lambdas.fakes import (
    ACCOUNT,
    EXECUTION_ARN,
    EXECUTION_ID,
    QUEUE_URL,
    START,
    Aws,
    denied,
    wait,
)

JOB = f"{EXECUTION_ID}-1"
STARTED = {
    "StepName": "start-automl",
    "StepStatus": "Succeeded",
    "StartTime": None,
    "Metadata": {"Lambda": {"Arn": "arn", "OutputParameters": [{"Name": "job_name", "Value": JOB}]}},
}
DEFINITION: dict[str, Any] = {
    "Steps": [
        {"Name": "start-automl", "Type": "Lambda", "Arguments": {}},
        {
            "Name": "wait-automl",
            "Type": "Callback",
            "SqsQueueUrl": QUEUE_URL,
            "Arguments": {
                "version": 1,
                "waits_for": "automl",
                "name": {"Get": "Steps.start-automl.OutputParameters['job_name']"},
                "deadline_seconds": {"Get": "Parameters.Deadline"},
                "first_poll_seconds": 60,
                "max_poll_seconds": 900,
            },
        },
    ]
}


@pytest.fixture
def aws() -> Aws:
    """An execution that waits, of whose messages none is left."""
    made = Aws()
    made.sagemaker.job(JOB)
    execution = made.sagemaker.execution(definition=DEFINITION, parameters={"Deadline": "259200"})
    execution.steps.append(STARTED)
    made.sagemaker.open_step()
    return made


def sent(aws: Aws) -> Any:
    [(_, body)] = aws.sqs.sent
    aws.sqs.sent.clear()
    return parse(body)


def test_a_lost_first_message_is_put_back(aws: Aws) -> None:
    """Its arguments come from the definition and the outputs of the steps; its time from the step's start."""
    aws.clock.time += GRACE + 1
    assert reconcile(aws.tools) == Found(open=1, put_back=1, failed=0)
    poll = sent(aws)
    assert isinstance(poll, Poll)
    assert (poll.wait, poll.started_at, poll.sequence, poll.watching) == (wait(), START, 1, JOB)
    handle(aws.tools, form(poll), aws.clock.time)
    assert len(aws.sqs.sent) == 1


def test_a_wait_that_has_just_begun_is_left_alone(aws: Aws) -> None:
    """Its message may still be on the queue."""
    aws.clock.time += GRACE
    assert reconcile(aws.tools) == Found(open=1, put_back=0, failed=0)
    assert aws.sqs.sent == []


def test_a_wait_that_is_looked_after_is_left_alone(aws: Aws) -> None:
    """However long it takes: its heartbeat says when the next look is due."""
    handle(aws.tools, callback(wait(), stopping=False), aws.clock.time)
    aws.sqs.sent.clear()
    aws.clock.time += 60 + GRACE
    assert reconcile(aws.tools).put_back == 0
    aws.clock.time += 1
    assert reconcile(aws.tools).put_back == 1
    assert sent(aws).sequence == 2


def test_what_is_put_back_needlessly_takes_over(aws: Aws) -> None:
    """A busy queue looks like a lost message: of the two chains one goes on."""
    handle(aws.tools, callback(wait(), stopping=False), aws.clock.time)
    aws.clock.time += 60 + GRACE + 1
    reconcile(aws.tools)
    late, put_back = [body for _, body in aws.sqs.sent]
    aws.sqs.sent.clear()
    for body in (put_back, late):
        handle(aws.tools, body, aws.clock.time)
    assert sent(aws).sequence == 3


def test_of_a_stopping_execution_the_stop_is_put_back(aws: Aws) -> None:
    """A lost Stopping message would hang the execution for ever."""
    aws.sagemaker.executions[EXECUTION_ARN].status = "Stopping"
    assert reconcile(aws.tools).put_back == 1
    message = sent(aws)
    assert message == Callback(wait(), stopping=True)
    handle(aws.tools, callback(message.wait, stopping=True), aws.clock.time)
    assert aws.sagemaker.executions[EXECUTION_ARN].status == "Stopped"


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Stopped"])
def test_executions_that_ended_are_not_looked_at(aws: Aws, status: str) -> None:
    """They wait for nothing."""
    aws.sagemaker.executions[EXECUTION_ARN].status = status
    assert reconcile(aws.tools) == Found(0, 0, 0)
    assert "ListPipelineExecutionSteps" not in aws.sagemaker.calls


def test_other_environments_and_other_queues_are_left_alone(aws: Aws) -> None:
    """A prefix that begins like ours, and a pipeline of ours with a queue of somebody else."""
    aws.sagemaker.executions.clear()
    for arn in (f"{ACCOUNT}:pipeline/testing-x/execution/a", f"{ACCOUNT}:pipeline/test-x/execution/b"):
        aws.sagemaker.execution(arn)
        aws.sagemaker.open_step(arn)
        aws.sagemaker.executions[arn].steps[0]["Metadata"]["Callback"]["SqsQueueUrl"] = f"{QUEUE_URL}-other"
    aws.clock.time += GRACE + 1
    assert reconcile(aws.tools) == Found(0, 0, 0)


def test_every_page_is_read(aws: Aws) -> None:
    """Pipelines, executions and steps come in pages."""
    for number in range(3):
        aws.sagemaker.execution(f"{ACCOUNT}:pipeline/test-{number}/execution/e{number}")
    aws.sagemaker.page_size = 1
    aws.clock.time += GRACE + 1
    assert reconcile(aws.tools) == Found(open=1, put_back=1, failed=0)


def test_an_execution_that_cannot_be_looked_at_does_not_hide_others(aws: Aws) -> None:
    """Its fault is logged and counted."""
    other = f"{ACCOUNT}:pipeline/test-a/execution/other"
    aws.sagemaker.execution(other)
    aws.sagemaker.open_step(other, token="Token00009", name="unknown-step")
    aws.clock.time += GRACE + 1
    assert reconcile(aws.tools) == Found(open=2, put_back=1, failed=1)
    errors = [line["error"] for line in aws.log.lines if line["event"] == "not reconciled"]
    assert errors == ["the definition has no step 'unknown-step'"]


def test_an_unreadable_heartbeat_puts_nothing_back(aws: Aws) -> None:
    """Without knowing, each call would add a chain."""
    aws.s3.fail_always("GetObject", denied("GetObject"))
    aws.clock.time += 100_000
    assert reconcile(aws.tools) == Found(open=1, put_back=0, failed=0)


def test_arguments_in_a_branch_of_a_condition_are_found() -> None:
    """Literals, joins, parameters, execution variables and outputs, at any depth of branches."""
    inner = {
        "Name": "w",
        "Arguments": {"a": 1, "b": {"Std:Join": {"On": "-", "Values": ["x", {"Get": "P"}]}}},
    }
    definition = {"Steps": [{"Name": "c", "Arguments": {"IfSteps": [], "ElseSteps": [inner]}}]}
    assert arguments(definition, "w", {"P": 7}, {}) == {"a": 1, "b": "x-7"}


def test_a_reference_to_nothing_is_told() -> None:
    """Never an empty value in its place."""
    definition = {"Steps": [{"Name": "w", "Arguments": {"a": {"Get": "Steps.x.Y"}}}]}
    with pytest.raises(UnresolvedError, match=r"does not show what \{'Get': 'Steps.x.Y'\} stands for"):
        arguments(definition, "w", {}, {})


def test_outputs_of_functions_and_waits_are_found() -> None:
    """Both list them in their metadata."""
    callback_step = {
        "StepName": "w",
        "Metadata": {"Callback": {"OutputParameters": [{"Name": "a", "Value": "1"}]}},
    }
    assert outputs([STARTED, callback_step, {"StepName": "p", "Metadata": {}}]) == {
        ("start-automl", "job_name"): JOB,
        ("w", "a"): "1",
    }
