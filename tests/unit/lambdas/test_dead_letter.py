"""What could not be dealt with fails the step behind it, and says why."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from dead_letter.give_up import give_up
from wait.poll import handle
from waiting.messages import Poll, Stop, callback, form

from tests.unit.lambdas.fakes import (
    EXECUTION_ARN,
    EXECUTION_ID,
    TOKEN,
    Aws,
    denied,
    throttled,
    wait,
)

JOB = f"{EXECUTION_ID}-1"
POLL = Poll(wait(), 0.0, 3, "id", f"{EXECUTION_ID}-2")


@pytest.fixture
def aws() -> Aws:
    made = Aws()
    made.sagemaker.job(JOB)
    made.sagemaker.execution()
    made.sagemaker.open_step()
    return made


def test_the_step_fails_with_the_error_that_was_met_last(aws: Aws) -> None:
    """And the job is stopped: any end of a wait other than success stops it."""
    aws.sagemaker.fail_always("DescribeAutoMLJobV2", denied("DescribeAutoMLJobV2"))
    body = callback(wait(), stopping=False)
    with pytest.raises(ClientError, match="not authorized"):
        handle(aws.tools, body, aws.clock.time)
    aws.sagemaker.before = lambda operation, parameters: None
    give_up(aws.tools, body)
    reason = (
        f"waiting for automl '{JOB}' failed again and again: not authorized to perform DescribeAutoMLJobV2"
    )
    assert aws.sagemaker.answers == [(TOKEN, "Failed", reason)]
    assert aws.sagemaker.jobs[JOB]["AutoMLJobStatus"] == "Stopping"


def test_of_a_poll_the_attempt_that_it_watches_is_stopped(aws: Aws) -> None:
    """After a retry that is another one than the step's arguments name."""
    aws.sagemaker.job(f"{EXECUTION_ID}-2")
    give_up(aws.tools, form(POLL))
    assert aws.sagemaker.jobs[f"{EXECUTION_ID}-2"]["AutoMLJobStatus"] == "Stopping"
    assert len(aws.sagemaker.answers) == 1


def test_what_cannot_be_stopped_does_not_keep_the_step_waiting(aws: Aws) -> None:
    """The step fails; the log asks a person to stop the job."""
    aws.sagemaker.fail_always("StopAutoMLJob", denied("StopAutoMLJob"))
    give_up(aws.tools, form(Poll(wait(), 0.0, 3, "id", JOB)))
    assert len(aws.sagemaker.answers) == 1
    assert "not stopped: see to it by hand" in aws.log.events()


def test_an_error_that_passes_leaves_the_message_on_the_queue(aws: Aws) -> None:
    """It comes again after its visibility timeout."""
    aws.sagemaker.fail("ListPipelineExecutionSteps", throttled("ListPipelineExecutionSteps"))
    with pytest.raises(ClientError, match="Rate exceeded"):
        give_up(aws.tools, form(POLL))
    give_up(aws.tools, form(POLL))
    assert len(aws.sagemaker.answers) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"token": TOKEN, "kind": "poll", "version": 9}, "message version 9 is not known"),
        ({"kind": "poll", "version": 9, "wait": {"token": TOKEN}}, "message version 9 is not known"),
        ({"token": TOKEN, "pipelineExecutionArn": EXECUTION_ARN, "arguments": {"version": 1}}, "`token`|`"),
    ],
)
def test_a_message_that_tells_a_token_and_nothing_else_fails_its_step(
    aws: Aws, content: dict[str, object], reason: str
) -> None:
    """A format of another version: no step waits for ever because of it."""
    give_up(aws.tools, json.dumps(content))
    [(token, status, answer)] = aws.sagemaker.answers
    assert (token, status) == (TOKEN, "Failed")
    assert answer.startswith("the wait's message is not understood: ")
    assert any(part in answer for part in reason.split("|"))


def test_an_unknown_thing_fails_the_step(aws: Aws) -> None:
    """There is nothing to stop that we would know of."""
    give_up(aws.tools, callback(wait(waits_for="moon"), stopping=False))
    assert aws.sagemaker.answers == [
        (TOKEN, "Failed", "'moon' can not be waited for; known: automl, endpoint, batch")
    ]


@pytest.mark.parametrize("body", ["", "garbage", "[]", '{"token": "no"}', '{"token": 7}', '{"wait": "x"}'])
def test_a_message_without_a_token_is_logged_whole(aws: Aws, body: str) -> None:
    """It cannot be answered, and is not lost."""
    give_up(aws.tools, body)
    assert aws.sagemaker.calls == []
    [line] = aws.log.lines
    assert (line["event"], line["body"]) == ("not understood, no token", body)


def test_a_leftover_that_could_not_be_stopped_is_told(aws: Aws) -> None:
    """No step waits for it, but it costs."""
    give_up(aws.tools, form(Stop(EXECUTION_ARN, "endpoint", "test-x", 0.0)))
    assert aws.sagemaker.calls == []
    assert aws.log.lines == [
        {"event": "not stopped: see to it by hand", "level": "ERROR", "what": "endpoint", "name": "test-x"}
    ]


def test_an_answered_step_is_left_alone(aws: Aws) -> None:
    """A second dead letter of the same wait does no harm."""
    give_up(aws.tools, form(POLL))
    give_up(aws.tools, form(POLL))
    assert len(aws.sagemaker.answers) == 1
