"""Executions from start to end, on fakes: order, failure, branches, retries, caching."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from local.api import ApiError
from local.engine.engine import StartRequest
from local.engine.records import Version
from tests.unit.local.engine.fakes import (
    FakeResult,
    World,
    callback,
    condition,
    definition,
    fail,
    function,
    processing,
)

GET_NAME = {"Get": "Parameters.Name"}
STRING = {"Name": "Name", "Type": "String", "DefaultValue": "x"}


def equals(left: Any, right: Any) -> dict[str, Any]:
    return {"Type": "Equals", "LeftValue": left, "RightValue": right}


def test_steps_run_after_what_they_need_and_the_execution_succeeds() -> None:
    """A reference makes an order as good as DependsOn does."""
    world = World()
    uri = {"Get": "Steps.first.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    world.create(function("second", uri=uri), processing("first"))
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    assert list(world.steps(execution)) == ["first", "second"]
    assert world.functions.invoked[0][1] == {"uri": "s3://bucket/first"}


def test_independent_steps_run_at_the_same_time() -> None:
    """Two functions that wait for each other both end, because both are running."""
    world = World()
    both = threading.Barrier(2, timeout=5)
    world.functions.behaviour = lambda *_: FakeResult({"met": both.wait() >= 0})
    world.create(function("left"), function("right"))
    assert world.ended(world.start()) == "Succeeded"


def test_parallelism_is_limited_as_asked() -> None:
    """MaxParallelExecutionSteps of 1 runs one job after the other."""
    world = World()
    world.jobs.ending = lambda _: None
    world.create(*(processing(f"s{n}") for n in range(3)))
    execution = world.start(ParallelismConfiguration={"MaxParallelExecutionSteps": 1})
    finished: list[str] = []
    while len(finished) < 3:
        name = world.until(lambda: next((n for n in world.jobs.requests if n not in finished), None))
        world.jobs.finish(name, {"ProcessingJobStatus": "Completed"})
        finished.append(name)
    assert world.ended(execution) == "Succeeded"
    assert world.jobs.most_at_once == 1


def test_a_raised_limit_takes_effect_while_the_execution_runs() -> None:
    """UpdatePipelineExecution starts the steps that were held back."""
    world = World()
    world.jobs.ending = lambda _: None
    world.create(*(processing(f"s{n}") for n in range(3)))
    execution = world.start(ParallelismConfiguration={"MaxParallelExecutionSteps": 1})
    world.until(lambda: len(world.jobs.requests) == 1)
    more = {"MaxParallelExecutionSteps": 3}
    world.sagemaker("UpdatePipelineExecution", PipelineExecutionArn=execution, ParallelismConfiguration=more)
    world.until(lambda: len(world.jobs.requests) == 3)


def test_a_failure_ends_its_own_branch_only() -> None:
    """Other branches run on, what lies behind the failure never starts, and the execution is Failed."""
    world = World()
    world.jobs.ending = lambda request: (
        {"ProcessingJobStatus": "Failed", "FailureReason": "AlgorithmError: boom, exit code: 1"}
        if "bad" in request["ProcessingJobName"]
        else {"ProcessingJobStatus": "Completed"}
    )
    world.create(
        processing("bad"), processing("never", after=("bad",)), processing("a"), processing("b", after=("a",))
    )
    execution = world.start()
    assert world.ended(execution) == "Failed"
    assert world.statuses(execution) == {"bad": "Failed", "a": "Succeeded", "b": "Succeeded"}
    assert world.steps(execution)["bad"]["FailureReason"] == "AlgorithmError: boom, exit code: 1"
    assert world.describe(execution)["FailureReason"] == "Step failure: One or multiple steps failed."


def test_only_the_taken_branch_of_a_condition_runs() -> None:
    """Steps of the other branch are absent, also those that depend on it."""
    world = World()
    world.create(
        condition("gate", equals(GET_NAME, "x"), yes=(function("yes"),), no=(function("no"),)),
        function("after-no", after=("no",)),
        parameters=(STRING,),
    )
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    assert world.statuses(execution) == {"gate": "Succeeded", "yes": "Succeeded"}
    assert world.steps(execution)["gate"]["Metadata"] == {"Condition": {"Outcome": "True"}}


def test_a_clock_that_is_set_back_ends_nothing_before_its_start() -> None:
    """An hour back in the middle of a step: it ends when it started, and so does the execution."""
    world = World()
    world.create(callback("wait"))
    execution = world.start()
    token = world.token(execution, "wait")
    world.now -= 3600
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=token)
    assert world.ended(execution) == "Succeeded"
    step = world.steps(execution)["wait"]
    assert step["EndTime"] == step["StartTime"]
    described = world.describe(execution)
    assert described["LastModifiedTime"] >= described["CreationTime"]


def test_a_fail_step_ends_the_execution_with_its_message() -> None:
    """The message is resolved, kept in the metadata and is the step's reason."""
    world = World()
    message = {"Std:Join": {"On": " ", "Values": ["name is", GET_NAME]}}
    world.create(condition("gate", equals(GET_NAME, "y"), no=(fail("stop", message),)), parameters=(STRING,))
    execution = world.start()
    assert world.ended(execution) == "Failed"
    step = world.steps(execution)["stop"]
    assert step["FailureReason"] == "name is x"
    assert step["Metadata"] == {"Fail": {"ErrorMessage": "name is x"}}


def test_a_property_file_is_read_when_its_consumer_is_evaluated() -> None:
    """Std:JsonGet reaches the file below the producing step's output, in both of its forms."""
    world = World()
    world.files["s3://bucket/s/m.json"] = b'{"f1": {"mean": 0.75}}'
    left = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.s.PropertyFiles.m"}, "Path": "f1.mean"}}
    right = {"Std:JsonGet": {"S3Uri": {"Std:Join": {"On": "/", "Values": ["s3://bucket", "s/m.json"]}},
                             "Path": "f1['mean']"}}  # fmt: skip
    files = [{"PropertyFileName": "m", "OutputName": "out", "FilePath": "m.json"}]
    world.create(
        processing("s", PropertyFiles=files), condition("gate", equals(left, right), DependsOn=["s"])
    )
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    assert world.steps(execution)["gate"]["Metadata"]["Condition"]["Outcome"] == "True"


def test_what_cannot_be_resolved_fails_the_step_by_name() -> None:
    """A missing output names the step, the reference and what there is instead."""
    world = World()
    world.functions.behaviour = lambda *_: FakeResult({"a": 1})
    world.create(
        function("first", outputs={"a": "Integer", "b": "String"}),
        function("second", value={"Get": "Steps.first.OutputParameters['b']"}),
    )
    execution = world.start()
    assert world.ended(execution) == "Failed"
    assert world.steps(execution)["second"]["FailureReason"] == (
        "ClientError: Step 'second' cannot resolve 'Steps.first.OutputParameters['b']': "
        "there is no 'b' in 'OutputParameters'; it has 'a'"
    )


def test_a_function_that_fails_fails_its_step_with_its_error() -> None:
    """Error type and message of the function are the reason."""
    world = World()
    world.functions.behaviour = lambda *_: FakeResult(
        {"errorType": "KeyError", "errorMessage": "'x'"}, error="Unhandled"
    )
    world.create(function("f"))
    execution = world.start()
    assert world.ended(execution) == "Failed"
    assert world.steps(execution)["f"]["FailureReason"] == (
        "ClientError: the function 'arn:aws:lambda:us-east-1:123456789012:function:f' failed: KeyError: 'x'"
    )


def test_outputs_of_functions_are_typed_and_shown() -> None:
    """Numbers stay numbers for the next step; the metadata shows texts."""
    world = World()
    world.functions.behaviour = lambda _arn, payload: FakeResult(payload)
    outputs = {"count": "Integer", "share": "Float", "on": "Boolean", "text": "String", "nested": "String"}
    world.create(
        function("first", outputs=outputs, count=3, share=0.25, on=True, text="t", unknown="dropped"),
        function("second", c={"Get": "Steps.first.OutputParameters['count']"},
                 o={"Get": "Steps.first.OutputParameters['on']"}),
    )  # fmt: skip
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    assert world.functions.invoked[1][1] == {"c": 3, "o": True}
    shown = world.steps(execution)["first"]["Metadata"]["Lambda"]["OutputParameters"]
    assert {entry["Name"]: entry["Value"] for entry in shown} == {
        "count": "3", "share": "0.25", "on": "true", "text": "t"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ("many", "Integer", "the output 'out' is 'many', which is no Integer"),
        ("x" * 1025, "String", "the output 'out' has 1025 characters; at most 1024 are taken"),
    ],
)
def test_an_output_that_does_not_fit_fails_the_step(value: str, kind: str, reason: str) -> None:
    """What is no Integer, and what is longer than an output parameter, is named."""
    world = World()
    world.functions.behaviour = lambda *_: FakeResult({"out": value})
    world.create(function("f", outputs={"out": kind}))
    execution = world.start()
    assert world.ended(execution) == "Failed"
    assert reason in world.steps(execution)["f"]["FailureReason"]


REGISTER = {"Name": "register", "Type": "RegisterModel", "Arguments": {"ModelPackageGroupName": "group"}}


def test_throttling_is_tried_again_and_counted() -> None:
    """A call that is throttled once succeeds on the second attempt, with the same client token."""
    world = World()
    throttled = iter([True, False])

    def create(_: dict[str, Any]) -> dict[str, Any]:
        if next(throttled):
            raise ApiError("ThrottlingException", "slow down")
        return {"ModelPackageArn": "arn:package/1"}

    world.answers["CreateModelPackage"] = create
    world.answers["DescribeModelPackage"] = lambda _: {"ModelPackageArn": "arn:package/1"}
    world.create(REGISTER)
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    step = world.steps(execution)["register"]
    assert (step["AttemptCount"], step["Metadata"]) == (2, {"RegisterModel": {"Arn": "arn:package/1"}})
    tokens = {parameters["ClientToken"] for name, parameters in world.calls if name == "CreateModelPackage"}
    assert len(tokens) == 1


def test_a_refused_call_is_not_tried_again() -> None:
    """A validation error is final and is the step's reason."""
    world = World()

    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise ApiError("ValidationException", "no such group")

    world.answers["CreateModelPackage"] = refuse
    world.create(REGISTER)
    execution = world.start()
    assert world.ended(execution) == "Failed"
    step = world.steps(execution)["register"]
    assert step["FailureReason"] == "ClientError: no such group (ValidationException)"
    assert step["AttemptCount"] == 1


def test_a_job_that_the_machine_broke_is_tried_again_where_the_step_says_so() -> None:
    """SageMaker.JOB_INTERNAL_ERROR in RetryPolicies makes a new job."""
    world = World()
    ends = iter([{"ProcessingJobStatus": "Failed", "FailureReason": "InternalServerError: broken pipe"},
                 {"ProcessingJobStatus": "Completed"}])  # fmt: skip
    world.jobs.ending = lambda _: next(ends)
    policy = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 1, "MaxAttempts": 1}
    world.create(processing("s", RetryPolicies=[policy]))
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    assert len(world.jobs.of_step("s")) == 2
    assert world.steps(execution)["s"]["AttemptCount"] == 2


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ({"Get": "Parameters.Number"}, "value: 7, type: <class 'int'>, valid types: <class 'str'>"),
        ({"Get": "Parameters.Long"}, "'appSpecification.containerArguments.1.member' failed to satisfy"),
    ],
)
def test_what_a_job_would_refuse_at_run_time_fails_the_step(argument: Any, reason: str) -> None:
    """A number where a text is wanted, a text over 256 characters: no job is made, the reason says where."""
    world = World()
    app = {"ImageUri": "i", "ContainerEntrypoint": ["python3"], "ContainerArguments": [argument]}
    text = definition(
        processing("s", arguments={"AppSpecification": app}),
        parameters=(
            {"Name": "Number", "Type": "Integer", "DefaultValue": 7},
            {"Name": "Long", "Type": "String", "DefaultValue": "x" * 257},
        ),
    )
    execution = start_unchecked(world, text)
    assert world.ended(execution) == "Failed"
    step = world.steps(execution)["s"]
    assert reason in step["FailureReason"]
    assert (step["Metadata"], world.jobs.requests) == ({}, {})


CACHED: dict[str, Any] = {"CacheConfig": {"Enabled": True, "ExpireAfter": "PT1H"}}


def test_a_cached_step_is_not_run_again() -> None:
    """The second execution takes job, properties and source from the first."""
    world = World()
    world.create(processing("s", **CACHED), function("f", uri={"Get": "Steps.s.ProcessingJobArn"}))
    first, second = world.start(), None
    assert world.ended(first) == "Succeeded"
    second = world.start()
    assert world.ended(second) == "Succeeded"
    assert len(world.jobs.requests) == 1
    hit = world.steps(second)["s"]
    assert hit["CacheHitResult"] == {"SourcePipelineExecutionArn": first}
    assert hit["Metadata"] == world.steps(first)["s"]["Metadata"]
    assert world.functions.invoked[0] == world.functions.invoked[1]


@pytest.mark.parametrize(
    "change",
    [
        {"AppSpecification": {"ImageUri": "other", "ContainerEntrypoint": ["python3", "a.py"]}},
        {"Environment": {"A": "1"}},
    ],
)
def test_another_cache_key_runs_again(change: dict[str, Any]) -> None:
    """Image, command, environment and inputs are the key."""
    world = World()
    world.create(processing("s", **CACHED))
    assert world.ended(world.start()) == "Succeeded"
    text = json.dumps(definition(processing("s", arguments=change, **CACHED)))
    world.sagemaker("UpdatePipeline", PipelineName="p", PipelineDefinition=text)
    assert world.ended(world.start()) == "Succeeded"
    assert len(world.jobs.requests) == 2


def test_outputs_are_not_in_the_cache_key() -> None:
    """As on the service: another output place still hits and gives the old place."""
    world = World()
    world.create(processing("s", **CACHED))
    assert world.ended(world.start()) == "Succeeded"
    world.sagemaker(
        "UpdatePipeline",
        PipelineName="p",
        PipelineDefinition=json.dumps(
            definition(processing("s", arguments={"ProcessingOutputConfig": {"Outputs": []}}, **CACHED))
        ),
    )
    assert world.ended(world.start()) == "Succeeded"
    assert len(world.jobs.requests) == 1


def test_a_cache_entry_expires() -> None:
    """An hour and a second later the step runs again."""
    world = World()
    world.create(processing("s", **CACHED))
    assert world.ended(world.start()) == "Succeeded"
    world.now += 3601
    assert world.ended(world.start()) == "Succeeded"
    assert len(world.jobs.requests) == 2


def test_a_run_condition_handles_a_failure() -> None:
    """A step that waits for another's failure runs, and the execution is CompletedWithFailures."""
    world = World()
    world.jobs.ending = lambda _: {"ProcessingJobStatus": "Failed", "FailureReason": "no"}
    world.create(
        processing("s"),
        function("tell", after=({"Step": "s", "Trigger": "Failed"},)),
        function("never", after=("s",)),
    )
    execution = world.start()
    assert world.ended(execution) == "CompletedWithFailures"
    assert world.statuses(execution) == {"s": "Failed", "tell": "Succeeded"}


def test_selected_steps_run_with_what_another_execution_made() -> None:
    """Upstream results are taken over, downstream steps are left out."""
    world = World()
    world.create(
        processing("a"), function("b", uri={"Get": "Steps.a.ProcessingJobArn"}), function("c", after=("b",))
    )
    source = world.start()
    assert world.ended(source) == "Succeeded"
    selection = {"SourcePipelineExecutionArn": source, "SelectedSteps": [{"StepName": "b"}]}
    execution = world.start(SelectiveExecutionConfig=selection)
    assert world.ended(execution) == "Succeeded"
    steps = world.steps(execution)
    assert list(steps) == ["a", "b"]
    assert steps["a"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": source}
    assert len(world.jobs.requests) == 1
    assert len(world.functions.invoked) == 3


def test_a_selection_that_needs_more_is_refused() -> None:
    """A step with an upstream needs a source; one that lies between two must be selected with them."""
    world = World()
    world.create(processing("a"), function("b", after=("a",)), function("c", after=("b",)))
    with pytest.raises(ApiError, match=r"need \[a\], and no SourcePipelineExecutionArn"):
        world.start(SelectiveExecutionConfig={"SelectedSteps": [{"StepName": "b"}]})
    source = world.start()
    assert world.ended(source) == "Succeeded"
    ends = {"SourcePipelineExecutionArn": source, "SelectedSteps": [{"StepName": "a"}, {"StepName": "c"}]}
    with pytest.raises(ApiError, match=r"The steps \[b\] lie between selected steps"):
        world.start(SelectiveExecutionConfig=ends)


def test_status_changes_are_told_with_the_services_own_words() -> None:
    """Execution and step events carry what a rule of the Developer Guide matches on."""
    world = World()
    world.create(processing("s"))
    arn = world.start(PipelineExecutionDisplayName="run-1")
    assert world.ended(arn) == "Succeeded"
    world.until(lambda: len(world.events.sent) >= 5)
    members = ("previousStepStatus", "currentStepStatus", "currentPipelineExecutionStatus")
    kinds = [(kind.rpartition("Pipeline ")[2], *map(d.get, members)) for _, kind, d, _ in world.events.sent]
    assert kinds == [
        ("Execution Status Change", None, None, "Executing"),
        ("Execution Step Status Change", None, "Starting", None),
        ("Execution Step Status Change", "Starting", "Executing", None),
        ("Execution Step Status Change", "Executing", "Succeeded", None),
        ("Execution Status Change", None, None, "Succeeded"),
    ]
    source, _, detail, resources = world.events.sent[3]
    job = world.jobs.of_step("s")[0]
    assert source == "aws.sagemaker"
    assert resources == [arn.rpartition("/execution/")[0], arn]
    assert detail == {
        "metadata": {
            "processingJob": {"arn": f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{job}"}
        },
        "stepStartTime": "2027-01-15T08:00:00Z",
        "stepEndTime": "2027-01-15T08:00:00Z",
        "stepName": "s",
        "stepType": "Processing",
        "previousStepStatus": "Executing",
        "currentStepStatus": "Succeeded",
        "pipelineArn": resources[0],
        "pipelineExecutionArn": arn,
    }
    assert world.events.sent[4][2] == {
        "pipelineExecutionDisplayName": "run-1",
        "currentPipelineExecutionStatus": "Succeeded",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": "2027-01-15T08:00:00Z",
        "executionEndTime": "2027-01-15T08:00:00Z",
        "pipelineArn": resources[0],
        "pipelineExecutionArn": arn,
    }


def test_jobs_are_named_as_the_service_names_them() -> None:
    """pipelines-<execution id>-<step>-<10 characters>, in at most 63."""
    world = World()
    world.create(processing("a-step-with-quite-a-long-name-that-goes-on-and-on"))
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    name = next(iter(world.jobs.requests))
    assert len(name) <= 63
    assert name.startswith(f"pipelines-{execution.rpartition('/')[2]}-a-step-with-quite")


def test_a_type_that_does_not_run_here_is_refused_before_anything_starts() -> None:
    """The refusal names every such step with its type."""
    world = World()
    tuning = {"Name": "tune", "Type": "Transform", "Arguments": {}}
    desk_text = definition(processing("s"), tuning)
    with pytest.raises(ApiError, match="'tune' \\(Transform\\)"):
        start_unchecked(world, desk_text)
    assert world.jobs.requests == {}


def start_unchecked(world: World, document: dict[str, Any]) -> str:
    """Starts a definition without the checks that CreatePipeline makes."""
    world.create(function("a"))
    changed = Version(1, json.dumps(document), 0.0)
    pipeline = replace(world.pipeline("p"), versions=[changed.document()])
    return world.engine.start(pipeline, changed, StartRequest()).arn


def test_an_unexpected_fault_of_a_step_does_not_leave_it_running() -> None:
    """Whatever breaks inside a step, it ends as Failed with the fault's name."""
    world = World()

    def broken(*_: Any) -> FakeResult:
        raise RuntimeError("out of ideas")

    world.functions.behaviour = broken
    world.create(function("f"))
    execution = world.start()
    assert world.ended(execution) == "Failed"
    assert world.steps(execution)["f"]["FailureReason"] == "InternalServerError: RuntimeError: out of ideas"


def test_a_callback_waits_for_its_answer_and_hands_on_typed_outputs() -> None:
    """The message has the service's four members; the answer's texts become typed values."""
    world = World()
    world.create(
        callback("wait", outputs={"rows": "Integer"}, name="job", limit=3),
        function("next", rows={"Get": "Steps.wait.OutputParameters['rows']"}),
    )
    execution = world.start()
    token = world.token(execution, "wait")
    assert world.queues.sent == [
        (
            "https://sqs.us-east-1.amazonaws.com/123456789012/wait",
            {
                "token": token,
                "pipelineExecutionArn": execution,
                "arguments": {"name": "job", "limit": 3},
                "status": "Executing",
            },
        )
    ]
    rows = [{"Name": "rows", "Value": "12"}]
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=token, OutputParameters=rows)
    assert world.ended(execution) == "Succeeded"
    assert world.functions.invoked[0][1] == {"rows": 12}
    assert world.steps(execution)["wait"]["Metadata"]["Callback"]["OutputParameters"] == rows


def test_a_callback_fails_with_the_reason_it_is_given() -> None:
    """SendPipelineExecutionStepFailure's reason is the step's."""
    world = World()
    world.create(callback("wait"))
    execution = world.start()
    token = world.token(execution, "wait")
    world.sagemaker("SendPipelineExecutionStepFailure", CallbackToken=token, FailureReason="no GPU")
    assert world.ended(execution) == "Failed"
    assert world.steps(execution)["wait"]["FailureReason"] == "no GPU"
