"""One message of the wait queue at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from wait.poll import handle
from waiting import heartbeat
from waiting.heartbeat import Heartbeat
from waiting.messages import MessageError, Poll, Stop, Wait, callback, form, parse

from tests.unit.lambdas.fakes import (
    ACCOUNT,
    EXECUTION_ARN,
    EXECUTION_ID,
    START,
    TOKEN,
    Aws,
    denied,
    error,
    throttled,
    wait,
)

JOB = f"{EXECUTION_ID}-1"
ENDPOINT = f"test-{EXECUTION_ID}"
ENDPOINT_WAIT = wait(waits_for="endpoint", name=ENDPOINT)


@pytest.fixture
def aws() -> Aws:
    """An execution whose step waits for a job that runs."""
    made = Aws()
    made.sagemaker.job(JOB)
    made.sagemaker.execution()
    made.sagemaker.open_step()
    return made


def begin(aws: Aws, waits: Wait | None = None) -> None:
    """The service's first message arrives."""
    handle(aws.tools, callback(waits or wait(), stopping=False), aws.clock.time)


def look_again(aws: Aws) -> Poll:
    """The poll that was sent last arrives when it is due; returns it."""
    due, body = aws.sqs.sent.pop()
    aws.clock.time = max(due, aws.clock.time)
    handle(aws.tools, body, aws.clock.time)
    message = parse(body)
    assert isinstance(message, Poll)
    return message


def answers(aws: Aws) -> list[tuple[str, str, Any]]:
    return aws.sagemaker.answers


def test_a_job_that_runs_is_looked_at_again(aws: Aws) -> None:
    """One fresh message with the first delay, one heartbeat, no answer."""
    begin(aws)
    [(due, body)] = aws.sqs.sent
    assert due == START + 60
    poll = parse(body)
    assert isinstance(poll, Poll)
    assert (poll.wait, poll.started_at, poll.sequence, poll.watching) == (wait(), START, 1, JOB)
    assert heartbeat.read(aws.tools, wait()) == Heartbeat(START, JOB, 1, poll.id, START, START + 60)
    assert answers(aws) == []


def test_a_job_of_three_days_is_waited_for_to_its_end(aws: Aws) -> None:
    """From the first look to the answer, rarer and rarer looks, one message at a time."""
    begin(aws)
    looks = 0
    while not answers(aws):
        if aws.clock.time > START + 250_000:
            aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Completed", AutoMLJobSecondaryStatus="Completed")
        assert len(aws.sqs.sent) == 1
        look_again(aws)
        looks += 1
    outputs = {"job_name": JOB, "job_status": "Completed", "secondary_status": "Completed"}
    assert answers(aws) == [(TOKEN, "Succeeded", outputs)]
    assert aws.sqs.sent == []
    assert looks < 330


def test_a_job_out_of_time_succeeds_with_a_warning(aws: Aws) -> None:
    """Its candidate is good; the log and the output tell how it came about."""
    aws.sagemaker.jobs[JOB].update(
        AutoMLJobStatus="Completed", AutoMLJobSecondaryStatus="MaxAutoMLJobRuntimeReached"
    )
    begin(aws)
    [(_, status, outputs)] = answers(aws)
    assert (status, outputs["secondary_status"]) == ("Succeeded", "MaxAutoMLJobRuntimeReached")
    assert "ready, with a warning" in aws.log.events()


def test_a_failed_job_fails_the_step_with_its_reason(aws: Aws) -> None:
    """Cut to what the service takes; the whole is in the log."""
    reason = "CUDA out of memory " * 50
    aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Failed", FailureReason=reason)
    begin(aws)
    [(_, status, content)] = answers(aws)
    assert status == "Failed"
    assert content.startswith(f"AutoML job '{JOB}' failed: CUDA out of memory")
    assert content.endswith("[...] (the whole is in the function's log)")
    assert len(content) <= 256
    assert any(reason in line.get("reason", "") for line in aws.log.lines)


def test_a_passed_deadline_stops_the_job_and_fails_the_step(aws: Aws) -> None:
    """The look is at the deadline's second, not after the next long delay."""
    begin(aws, wait(deadline_seconds=90))
    look_again(aws)
    last = look_again(aws)
    assert aws.clock.time == START + 90
    assert last.sequence == 2
    assert aws.sagemaker.jobs[JOB]["AutoMLJobStatus"] == "Stopping"
    [(_, status, content)] = answers(aws)
    assert (status, "not ready within 90s and was stopped" in content) == ("Failed", True)
    assert aws.sqs.sent == []


def test_stopping_stops_the_job_and_answers(aws: Aws) -> None:
    """The execution can stop only after the answer."""
    begin(aws)
    aws.sagemaker.executions[EXECUTION_ARN].status = "Stopping"
    handle(aws.tools, callback(wait(), stopping=True), aws.clock.time)
    assert aws.sagemaker.jobs[JOB]["AutoMLJobStatus"] == "Stopping"
    assert answers(aws) == [(TOKEN, "Failed", "the execution was stopped")]
    assert aws.sagemaker.executions[EXECUTION_ARN].status == "Stopped"


def test_stopping_may_come_first_and_twice(aws: Aws) -> None:
    """The start that arrives after it neither answers again nor goes on for ever."""
    for _ in range(2):
        handle(aws.tools, callback(wait(), stopping=True), aws.clock.time)
    begin(aws)
    aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Stopped")
    look_again(aws)
    assert len(answers(aws)) == 1
    assert aws.sqs.sent == []


def test_a_late_stop_of_an_earlier_token_leaves_a_retried_step_alone(aws: Aws) -> None:
    """The endpoint has the same name in both; only the open token may stop it."""
    aws.sagemaker.executions[EXECUTION_ARN].steps.clear()
    aws.sagemaker.open_step(token="Token00002", name="wait-endpoint")
    aws.sagemaker.endpoint(ENDPOINT, "InService")
    handle(aws.tools, callback(ENDPOINT_WAIT, stopping=True), aws.clock.time)
    assert ENDPOINT in aws.sagemaker.endpoints
    assert answers(aws) == []


def test_a_token_that_the_listing_does_not_show_yet_is_stopped_all_the_same(aws: Aws) -> None:
    """When the service takes the answer, the step was open, whatever its listing said."""
    step = aws.sagemaker.executions[EXECUTION_ARN].steps[0]
    step["StepStatus"] = "Unlisted"
    handle(aws.tools, callback(wait(), stopping=True), aws.clock.time)
    assert len(answers(aws)) == 1
    assert aws.sagemaker.jobs[JOB]["AutoMLJobStatus"] == "Stopping"


def test_an_endpoint_being_created_is_deleted_when_the_service_lets_us(aws: Aws) -> None:
    """The step is answered at once; the deletion goes on through the queue."""
    aws.sagemaker.endpoint(ENDPOINT)
    aws.sagemaker.executions[EXECUTION_ARN].status = "Stopping"
    handle(aws.tools, callback(ENDPOINT_WAIT, stopping=True), aws.clock.time)
    assert len(answers(aws)) == 1
    [(due, body)] = aws.sqs.sent
    assert (due, parse(body)) == (START + 15, Stop(EXECUTION_ARN, "endpoint", ENDPOINT, START))
    aws.sqs.sent.clear()
    aws.clock.time += 600
    handle(aws.tools, body, aws.clock.time)
    [(due, again)] = aws.sqs.sent
    assert (due, again) == (aws.clock.time + 60, body)
    aws.sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "InService"
    aws.sqs.sent.clear()
    handle(aws.tools, again, aws.clock.time)
    assert (aws.sagemaker.endpoints, aws.sqs.sent) == ({}, [])


@pytest.mark.parametrize(
    ("status", "deleted", "sent"),
    [("Failed", True, 0), ("Stopped", True, 0), ("Succeeded", False, 0), ("Executing", False, 1)],
)
def test_a_leftover_is_stopped_only_when_its_execution_has_ended_badly(
    aws: Aws, status: str, deleted: bool, sent: int
) -> None:
    """One that was retried and runs, or succeeded since, needs what it has."""
    aws.sagemaker.endpoint(ENDPOINT, "InService")
    aws.sagemaker.executions[EXECUTION_ARN].status = status
    handle(aws.tools, form(Stop(EXECUTION_ARN, "endpoint", ENDPOINT, START)), START)
    assert (ENDPOINT not in aws.sagemaker.endpoints) == deleted
    assert len(aws.sqs.sent) == sent


def test_everything_of_an_evaluated_endpoint_goes_after_a_success(aws: Aws) -> None:
    """`everything` does not ask how the execution ended."""
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.executions[EXECUTION_ARN].status = "Succeeded"
    handle(aws.tools, form(Stop(EXECUTION_ARN, "endpoint", ENDPOINT, START, everything=True)), START)
    assert (aws.sagemaker.endpoints, aws.sagemaker.models, aws.sagemaker.configurations) == ({}, {}, {})


def test_stopping_is_given_up_after_a_day_and_told(aws: Aws) -> None:
    """No message goes round for ever."""
    aws.sagemaker.endpoint(ENDPOINT, "Updating")
    aws.sagemaker.executions[EXECUTION_ARN].status = "Failed"
    handle(aws.tools, form(Stop(EXECUTION_ARN, "endpoint", ENDPOINT, START - 86_401)), START)
    assert aws.sqs.sent == []
    assert "not stopped within a day: see to it by hand" in aws.log.events()


@pytest.mark.parametrize(
    "failure",
    [
        throttled("DescribeAutoMLJobV2"),
        error("DescribeAutoMLJobV2", "InternalFailure", "oops", 500),
        EndpointConnectionError(endpoint_url="https://example.com"),
    ],
)
def test_an_error_that_passes_costs_a_look_and_nothing_else(aws: Aws, failure: Exception) -> None:
    """The message comes back as a fresh one that keeps the time it began; no receive is counted."""
    aws.sagemaker.fail("DescribeAutoMLJobV2", failure, failure, failure)
    begin(aws)
    for _ in range(3):
        aws.clock.time += 60
        look_again(aws)
    [(_, body)] = aws.sqs.sent
    poll = parse(body)
    assert isinstance(poll, Poll)
    assert (poll.started_at, poll.sequence) == (START, 1)


def test_an_error_that_passes_does_not_lose_a_stop(aws: Aws) -> None:
    """The Stopping message comes back as what it was."""
    aws.sagemaker.fail("StopAutoMLJob", throttled("StopAutoMLJob"))
    handle(aws.tools, callback(wait(), stopping=True), aws.clock.time)
    [(_, body)] = aws.sqs.sent
    handle(aws.tools, body, aws.clock.time)
    assert aws.sagemaker.jobs[JOB]["AutoMLJobStatus"] == "Stopping"
    assert len(answers(aws)) == 1


def test_an_error_that_passes_does_not_lose_a_leftover(aws: Aws) -> None:
    """Nor does it keep an endpoint running."""
    aws.sagemaker.endpoint(ENDPOINT, "InService")
    aws.sagemaker.executions[EXECUTION_ARN].status = "Failed"
    aws.sagemaker.fail("DeleteEndpoint", throttled("DeleteEndpoint"))
    handle(aws.tools, form(Stop(EXECUTION_ARN, "endpoint", ENDPOINT, START)), START)
    [(_, body)] = aws.sqs.sent
    handle(aws.tools, body, aws.clock.time)
    assert aws.sagemaker.endpoints == {}


def test_any_other_error_is_raised_and_kept_for_the_dead_letter(aws: Aws) -> None:
    """The queue counts it; the heartbeat tells it to whoever fails the step."""
    aws.sagemaker.fail_always("DescribeAutoMLJobV2", denied("DescribeAutoMLJobV2"))
    with pytest.raises(ClientError, match="not authorized to perform DescribeAutoMLJobV2"):
        begin(aws)
    known = heartbeat.read(aws.tools, wait())
    assert isinstance(known, Heartbeat)
    assert known.error == "not authorized to perform DescribeAutoMLJobV2"
    aws.sagemaker.before = lambda operation, parameters: None
    begin(aws)
    assert len(aws.sqs.sent) == 1


def test_an_unknown_thing_is_raised(aws: Aws) -> None:
    """A pipeline compiled by newer code than the function's."""
    with pytest.raises(MessageError, match="nothing known by the name 'moon' can be waited for"):
        begin(aws, wait(waits_for="moon"))


def test_a_repeated_start_does_not_begin_a_second_chain(aws: Aws) -> None:
    """Queues deliver twice; the heartbeat shows that a poll is on its way."""
    begin(aws)
    begin(aws)
    assert len(aws.sqs.sent) == 1


def test_a_repeated_poll_is_dropped(aws: Aws) -> None:
    """Of two copies the first goes on, the second meets a heartbeat above it."""
    begin(aws)
    copy = aws.sqs.sent[0][1]
    look_again(aws)
    handle(aws.tools, copy, aws.clock.time)
    assert len(aws.sqs.sent) == 1


def test_a_lost_heartbeat_write_loses_no_token(aws: Aws) -> None:
    """The poll is sent before the heartbeat: it is above it, and goes on."""
    aws.s3.fail_always("PutObject", denied("PutObject"))
    begin(aws)
    look_again(aws)
    assert len(aws.sqs.sent) == 1
    assert "heartbeat not written" in aws.log.events()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"started_at": 1}', b"\xff"])
def test_a_spoiled_heartbeat_loses_no_token(aws: Aws, content: bytes) -> None:
    """It is treated as not there, and overwritten."""
    begin(aws)
    aws.s3.objects = dict.fromkeys(aws.s3.objects, content)
    look_again(aws)
    assert len(aws.sqs.sent) == 1
    assert isinstance(heartbeat.read(aws.tools, wait()), Heartbeat)


def test_a_bucket_that_refuses_stops_no_wait(aws: Aws) -> None:
    """Without a heartbeat a poll is simply looked at."""
    aws.s3.fail_always("GetObject", denied("GetObject"))
    begin(aws)
    aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Completed")
    look_again(aws)
    assert [status for _, status, _ in answers(aws)] == ["Succeeded"]


def test_a_retried_step_begins_the_next_attempt(aws: Aws) -> None:
    """The service runs only the failed step again, with a new token and the old job's name."""
    aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Failed", FailureReason="no capacity")
    begin(aws)
    retry(aws)
    begin(aws, wait(token="Token00002"))
    poll = parse(aws.sqs.sent[-1][1])
    assert isinstance(poll, Poll)
    assert (poll.watching, poll.wait.name) == (f"{EXECUTION_ID}-2", JOB)
    aws.sagemaker.jobs[f"{EXECUTION_ID}-2"].update(AutoMLJobStatus="Completed")
    look_again(aws)
    token, status, outputs = answers(aws)[-1]
    assert (token, status, outputs["job_name"]) == ("Token00002", "Succeeded", f"{EXECUTION_ID}-2")


def test_a_step_stopped_before_its_first_look_begins_again_too(aws: Aws) -> None:
    """Stopping came before the start: the retried execution still finds a trace of it."""
    handle(aws.tools, callback(wait(), stopping=True), aws.clock.time)
    retry(aws)
    begin(aws, wait(token="Token00002"))
    assert aws.sagemaker.jobs[f"{EXECUTION_ID}-2"]["AutoMLJobStatus"] == "InProgress"


def test_a_second_retry_begins_the_attempt_after_that(aws: Aws) -> None:
    """Each retried step starts from the first job's name."""
    aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Failed")
    aws.sagemaker.job(f"{EXECUTION_ID}-2", "Stopped")
    begin(aws)
    retry(aws)
    begin(aws, wait(token="Token00002"))
    assert aws.sagemaker.jobs[f"{EXECUTION_ID}-3"]["AutoMLJobStatus"] == "InProgress"


def test_a_job_that_failed_at_the_first_look_is_not_begun_again(aws: Aws) -> None:
    """Only a retried step does that; a new one fails with the reason."""
    aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Failed", FailureReason="bad data")
    begin(aws)
    assert list(aws.sagemaker.jobs) == [JOB]
    assert answers(aws) == [(TOKEN, "Failed", f"AutoML job '{JOB}' failed: bad data")]


def test_a_late_start_of_an_answered_step_begins_nothing(aws: Aws) -> None:
    """A message from before: its step is no longer open, so no job is started for it."""
    aws.sagemaker.jobs[JOB].update(AutoMLJobStatus="Failed")
    begin(aws)
    aws.s3.objects = {key.replace(".json", "x.json"): body for key, body in aws.s3.objects.items()}
    begin(aws)
    assert list(aws.sagemaker.jobs) == [JOB]


def test_a_retried_step_makes_a_failed_endpoint_again(aws: Aws) -> None:
    """Deleted at the first look, created at the next, in service at the third."""
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.endpoints[ENDPOINT].update(EndpointStatus="Failed", FailureReason="no capacity")
    begin(aws, ENDPOINT_WAIT)
    retry(aws, "wait-endpoint")
    begin(aws, wait(token="Token00002", waits_for="endpoint", name=ENDPOINT))
    assert aws.sagemaker.endpoints == {}
    look_again(aws)
    assert aws.sagemaker.endpoints[ENDPOINT]["EndpointStatus"] == "Creating"
    look_again(aws)
    aws.sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "InService"
    look_again(aws)
    token, status, outputs = answers(aws)[-1]
    assert (token, status) == ("Token00002", "Succeeded")
    assert outputs["endpoint_arn"] == f"{ACCOUNT}:endpoint/{ENDPOINT}"


def test_logs_hold_no_token(aws: Aws) -> None:
    """Whoever holds a token may answer the step."""
    begin(aws)
    handle(aws.tools, callback(wait(), stopping=True), aws.clock.time)
    assert TOKEN not in json.dumps(aws.log.lines)
    assert TOKEN not in "".join(aws.s3.objects)


def retry(aws: Aws, name: str = "wait-automl") -> None:
    """RetryPipelineExecution: the failed step waits again with a new token."""
    execution = aws.sagemaker.executions[EXECUTION_ARN]
    execution.status = "Executing"
    execution.steps.clear()
    aws.clock.time += 1_000
    aws.sagemaker.open_step(token="Token00002", name=name)
