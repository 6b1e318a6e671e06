"""Stopping, retrying, and taking up what a killed machine left."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from local.api import ApiError
from tests.unit.local.engine.fakes import FakeResult, World, callback, function, processing


def stop(world: World, execution: str) -> None:
    world.sagemaker("StopPipelineExecution", PipelineExecutionArn=execution)


def retry(world: World, execution: str) -> str:
    return str(
        world.sagemaker("RetryPipelineExecution", PipelineExecutionArn=execution)["PipelineExecutionArn"]
    )


def test_a_stop_ends_running_jobs_and_starts_nothing_more() -> None:
    """The job is stopped, its successor absent, the execution Stopped."""
    world = World()
    world.jobs.ending = lambda _: None
    world.create(processing("a"), processing("b", after=("a",)))
    execution = world.start()
    world.until(lambda: world.jobs.requests)
    stop(world, execution)
    assert world.ended(execution) == "Stopped"
    assert world.statuses(execution) == {"a": "Stopped"}
    assert world.jobs.stopped == world.jobs.of_step("a")
    statuses = [detail["currentStepStatus"] for _, _, detail, _ in world.events.sent if "stepName" in detail]
    assert statuses == ["Starting", "Executing", "Stopping", "Stopped"]


def test_a_stop_waits_for_an_open_callback() -> None:
    """A second message says Stopping; only the answer ends the execution."""
    world = World()
    world.create(callback("wait", name="job"))
    execution = world.start()
    token = world.token(execution, "wait")
    stop(world, execution)
    world.until(lambda: len(world.queues.sent) == 2)
    assert world.queues.sent[1][1] == {
        "token": token,
        "pipelineExecutionArn": execution,
        "arguments": {"name": "job"},
        "status": "Stopping",
    }
    assert (world.status(execution), world.statuses(execution)) == ("Stopping", {"wait": "Stopping"})
    world.sagemaker(
        "SendPipelineExecutionStepFailure", CallbackToken=token, FailureReason="stopped by request"
    )
    assert world.ended(execution) == "Stopped"
    assert world.steps(execution)["wait"]["StepStatus"] == "Stopped"
    assert world.steps(execution)["wait"]["FailureReason"] == "stopped by request"


def test_a_callback_that_was_answered_is_not_asked_to_stop() -> None:
    """What waits for its token no longer waits: only the running job hears of the stop."""
    world = World()
    world.jobs.ending = lambda _: None
    world.create(callback("wait"), processing("a", after=("wait",)))
    execution = world.start()
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=world.token(execution, "wait"))
    world.until(lambda: world.jobs.requests)
    stop(world, execution)
    assert world.ended(execution) == "Stopped"
    assert world.statuses(execution) == {"wait": "Succeeded", "a": "Stopped"}
    assert len(world.queues.sent) == 1


@pytest.mark.parametrize(("error", "status"), [(None, "Stopped"), ("Unhandled", "Failed")])
def test_a_stop_waits_for_a_running_function(error: str | None, status: str) -> None:
    """The function runs to its end: Stopped then, or Failed where it failed."""
    world = World()
    may_end = threading.Event()

    def slow(*_: Any) -> FakeResult:
        may_end.wait(5)
        return FakeResult({}, error)

    world.functions.behaviour = slow
    world.create(function("f"), function("g", after=("f",)))
    execution = world.start()
    world.until(lambda: world.functions.invoked)
    stop(world, execution)
    assert world.status(execution) == "Stopping"
    may_end.set()
    assert world.ended(execution) == status
    assert list(world.steps(execution)) == ["f"]


def test_what_is_over_cannot_be_stopped() -> None:
    """The error names the execution and its status."""
    world = World()
    world.create(processing("a"))
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    with pytest.raises(ApiError, match="is Succeeded; only one that is Executing can be stopped"):
        stop(world, execution)


def test_a_retry_keeps_what_succeeded_and_runs_the_rest() -> None:
    """Same ARN; the failed step gets a new job, the succeeded one does not."""
    world = World()
    broken = True

    def ending(request: dict[str, Any]) -> dict[str, Any]:
        failed = broken and "-bad-" in request["ProcessingJobName"]
        return {"ProcessingJobStatus": "Failed" if failed else "Completed", "FailureReason": "no"}

    world.jobs.ending = ending
    world.create(processing("good"), processing("bad", after=("good",)), processing("last", after=("bad",)))
    execution = world.start()
    assert world.ended(execution) == "Failed"
    broken = False
    assert retry(world, execution) == execution
    assert world.ended(execution) == "Succeeded"
    assert [len(world.jobs.of_step(name)) for name in ("good", "bad", "last")] == [1, 2, 1]
    assert "FailureReason" not in world.describe(execution)


def test_a_stopped_execution_can_be_retried() -> None:
    """The stopped step runs anew."""
    world = World()
    world.jobs.ending = lambda _: None
    world.create(processing("a"))
    execution = world.start()
    world.until(lambda: world.jobs.requests)
    stop(world, execution)
    assert world.ended(execution) == "Stopped"
    world.jobs.ending = lambda _: {"ProcessingJobStatus": "Completed"}
    retry(world, execution)
    assert world.ended(execution) == "Succeeded"


def test_a_success_cannot_be_retried() -> None:
    """The error names the status."""
    world = World()
    world.create(processing("a"))
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    with pytest.raises(ApiError, match="is Succeeded; only one that Failed or was Stopped can be retried"):
        retry(world, execution)


def restarted(world: World) -> World:
    """The machine goes down and another comes up on the same documents."""
    world.engine.close()
    successor = World(world.documents)
    successor.jobs.requests = dict(world.jobs.requests)
    return successor


def test_an_open_callback_survives_a_restart() -> None:
    """The same token stays open, no second message is sent, and the answer goes on with the execution."""
    world = World()
    world.create(callback("wait"), function("next", after=("wait",)))
    execution = world.start()
    token = world.token(execution, "wait")
    world = restarted(world)
    world.engine.resume()
    world.until(lambda: world.status(execution) == "Executing")
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=token)
    assert world.ended(execution) == "Succeeded"
    assert world.queues.sent == []
    assert world.steps(execution)["wait"]["AttemptCount"] == 1


def test_an_answer_between_two_lives_is_not_lost() -> None:
    """Answered before the execution is taken up: it goes on at once."""
    world = World()
    world.create(callback("wait"))
    execution = world.start()
    token = world.token(execution, "wait")
    world = restarted(world)
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=token)
    world.engine.resume()
    assert world.ended(execution) == "Succeeded"


def test_a_message_that_was_not_sent_before_the_kill_is_sent_after_it() -> None:
    """A token that was kept and not sent goes out when the execution is taken up."""
    world = World()
    world.create(callback("wait"))
    execution = world.start()
    token = world.token(execution, "wait")
    world = restarted(world)
    world.documents.update("pipeline-callback", token, lambda old: {**(old or {}), "sent": False})
    world.engine.resume()
    assert world.token(execution, "wait") == token


def test_a_running_job_is_taken_up_by_its_name() -> None:
    """No second job is made; the attempt is counted."""
    world = World()
    world.jobs.ending = lambda _: None
    world.create(processing("a"))
    execution = world.start()
    world.until(lambda: world.statuses(execution).get("a") == "Executing" and world.jobs.requests)
    world = restarted(world)
    world.engine.resume()
    world.jobs.finish(world.jobs.of_step("a")[0], {"ProcessingJobStatus": "Completed"})
    assert world.ended(execution) == "Succeeded"
    assert len(world.jobs.requests) == 1
    assert world.steps(execution)["a"]["AttemptCount"] == 2


def test_a_stop_that_was_cut_off_is_carried_through() -> None:
    """Stopping before the kill: the callback is told again, and its answer ends the execution as Stopped."""
    world = World()
    world.create(callback("wait"), function("next", after=("wait",)))
    execution = world.start()
    token = world.token(execution, "wait")
    stop(world, execution)
    world = restarted(world)
    world.engine.resume()
    world.until(lambda: [body["status"] for _, body in world.queues.sent] == ["Stopping"])
    world.sagemaker("SendPipelineExecutionStepFailure", CallbackToken=token, FailureReason="gone")
    assert world.ended(execution) == "Stopped"
    assert list(world.steps(execution)) == ["wait"]


def test_what_dies_with_the_machine_has_not_failed() -> None:
    """A function that is cut off by the shutdown is run again after it."""
    world = World()
    cut_off = threading.Event()

    def dying(*_: Any) -> FakeResult:
        cut_off.wait(5)
        return FakeResult({"errorType": "Sandbox.Killed"}, "Unhandled")

    world.functions.behaviour = dying
    world.create(function("f"))
    execution = world.start()
    world.until(lambda: world.functions.invoked)
    world.engine.close()
    cut_off.set()
    successor = World(world.documents)
    assert successor.statuses(execution) == {"f": "Executing"}
    successor.engine.resume()
    assert successor.ended(execution) == "Succeeded"
    assert len(successor.functions.invoked) == 1


def test_a_stop_between_two_lives_is_carried_out_by_the_next() -> None:
    """A stop that comes before the execution is taken up is written down and found."""
    world = World()
    world.create(callback("wait"))
    execution = world.start()
    token = world.token(execution, "wait")
    world = restarted(world)
    stop(world, execution)
    assert world.status(execution) == "Stopping"
    world.engine.resume()
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=token)
    assert world.ended(execution) == "Stopped"


def test_an_end_that_was_not_told_is_told_after_the_restart() -> None:
    """Cleaning up hangs on the event of the end: a kill just before it must not swallow it."""
    world = World()
    world.create(processing("a"))
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    key = f"p/{execution.rpartition('/')[2]}"
    world.until(lambda: (world.documents.get("pipeline-execution", key) or {})["announced"] == "Succeeded")
    world = restarted(world)
    world.engine.resume()
    assert world.events.sent == []
    world.documents.update("pipeline-execution", key, lambda old: {**(old or {}), "announced": "Executing"})
    world = restarted(world)
    world.engine.resume()
    (event,) = world.events.sent
    assert event[2]["currentPipelineExecutionStatus"] == "Succeeded"
    assert event[2]["previousPipelineExecutionStatus"] == "Executing"


def test_a_selection_outlives_whatever_becomes_of_its_source() -> None:
    """The source is retried and waits again: the selective execution can be retried and is taken up all the
    same, since what it took from there is its own."""
    world = World()
    world.functions.behaviour = lambda _arn, _payload: FakeResult({"errorMessage": "no"}, "Unhandled")
    world.create(processing("a"), callback("wait"), function("b", after=("a", "wait")))
    source = world.start()
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=world.token(source, "wait"))
    assert world.ended(source) == "Failed"
    selection = {"SourcePipelineExecutionArn": source, "SelectedSteps": [{"StepName": "b"}]}
    selective = world.start(SelectiveExecutionConfig=selection)
    assert world.ended(selective) == "Failed"
    began, go_on = threading.Event(), threading.Event()

    def wait(_arn: str, _payload: Any) -> FakeResult:
        began.set()
        go_on.wait(5)
        return FakeResult({})

    world.functions.behaviour = wait
    retry(world, source)
    assert began.wait(5)
    assert world.status(source) == "Executing"
    retry(world, selective)
    world = restarted(world)
    world.engine.resume()
    go_on.set()
    assert world.ended(selective) == "Succeeded"
    assert world.statuses(selective) == {"a": "Succeeded", "wait": "Succeeded", "b": "Succeeded"}
