"""A batch of inference jobs: started within the quota, gone on with at every look, nothing lost."""

from __future__ import annotations

import json

import pytest
from start_batch.plan import BatchRefusedError
from waiting import batch
from waiting.decision import Ended, Ready, Running
from waiting.inputs import InputError
from waiting.things import Begun

from tests.unit.lambdas.batch_world import BUCKET, INPUT, OUTPUT, STATE_URI, WORK, BatchWorld, body
from tests.unit.lambdas.fakes import EXECUTION_ARN, EXECUTION_ID, Aws, denied, error, throttled

THREE = {"000": ["a", "b", "c"], "001": ["d", "e", "f"], "002": ["g", "h", "i"]}


def ready(world: BatchWorld) -> Ready:
    look = world.look()
    assert isinstance(look, Ready), look
    return look


def test_the_whole_request() -> None:
    """What CreateModelInvocationJob gets, member by member."""
    world = BatchWorld({"000": ["a", "b", "c"]}, kms_key="alias/our-key")
    assert world.start() == {"batch": EXECUTION_ID, "state_uri": STATE_URI}
    [job] = world.aws.bedrock.jobs.values()
    del job["status"], job["submitTime"]
    arn = job.pop("jobArn")
    assert job == {
        "jobName": f"{EXECUTION_ID}-000-1",
        "clientRequestToken": f"{EXECUTION_ID}-000-1",
        "modelId": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "roleArn": "arn:aws:iam::123456789012:role/test-batch",
        "modelInvocationType": "Converse",
        "timeoutDurationInHours": 24,
        "inputDataConfig": {
            "s3InputDataConfig": {"s3Uri": f"s3://{BUCKET}/{INPUT}/000/", "s3InputFormat": "JSONL"}
        },
        "outputDataConfig": {
            "s3OutputDataConfig": {
                "s3Uri": f"s3://{BUCKET}/{OUTPUT}/000/1/",
                "s3EncryptionKeyId": "alias/our-key",
            }
        },
    }
    assert {tag["key"]: tag["value"] for tag in world.aws.bedrock.tags[arn]} == {
        "team": "care",
        "pipelines:execution": EXECUTION_ARN,
        "pipelines:prefix": "test",
    }


def test_jobs_wait_for_room_and_start_as_others_end() -> None:
    """Never more than max_concurrent_jobs at once."""
    world = BatchWorld(THREE)
    world.start()
    assert world.names() == ["000-1", "001-1"]
    what = f"batch of execution {EXECUTION_ID}"
    assert world.look() == Running(what, "0 of 3 done, 2 running, 0 failed")
    world.end("001", done=["d", "e", "f"])
    assert world.look() == Running(what, "1 of 3 done, 2 running, 0 failed")
    assert world.names() == ["000-1", "001-1", "002-1"]
    for job in ("000", "002"):
        world.end(job)
    assert ready(world).outputs == {
        "output_uri": f"s3://{BUCKET}/{OUTPUT}",
        "records": "9",
        "jobs": "3",
        "unfinished": "0",
    }


def test_starting_twice_is_starting_once() -> None:
    """A redelivered step finds its jobs."""
    world = BatchWorld(THREE)
    assert world.start() == world.start()
    assert world.names() == ["000-1", "001-1"]


def test_a_used_up_quota_is_waited_for() -> None:
    """Another pipeline's jobs fill the account: the step goes on, and the wait starts them later."""
    world = BatchWorld({"000": ["a", "b", "c"]})
    world.aws.bedrock.most_running = 0
    world.start()
    assert world.names() == []
    world.aws.bedrock.most_running = 1
    world.look()
    assert world.names() == ["000-1"]


def test_a_throttled_start_is_tried_at_the_next_look() -> None:
    """CreateModelInvocationJob has a rate of its own."""
    world = BatchWorld({"000": ["a", "b", "c"]})
    world.aws.bedrock.fail("CreateModelInvocationJob", throttled("CreateModelInvocationJob"))
    world.start()
    world.look()
    assert world.names() == ["000-1"]


def test_a_job_that_bedrock_refuses_fails_the_step_with_its_reason() -> None:
    """At once, not after retries of a message."""
    world = BatchWorld({"000": ["a", "b", "c"]})
    world.aws.bedrock.fail_always("CreateModelInvocationJob", denied("CreateModelInvocationJob"))
    with pytest.raises(BatchRefusedError, match=f"'{EXECUTION_ID}-000-1' was refused: .*not authorized"):
        world.start()


def test_a_missing_plan_is_told() -> None:
    """With its place."""
    world = BatchWorld({}, plan_uri="s3://test-bucket/nothing.json")
    with pytest.raises(InputError, match=r"there is no plan at s3://test-bucket/nothing\.json"):
        world.start()


def test_what_a_job_out_of_time_left_gets_another_attempt() -> None:
    """Only that: what has an answer is paid for and kept."""
    world = BatchWorld({"000": list("abcdef")})
    world.start()
    world.end("000", "PartiallyCompleted", done=["b", "d"], failed={"e": 400})
    world.look()
    assert world.names() == ["000-1", "000-2"]
    assert world.ids(f"{WORK}/000/2/000.jsonl") == ["a", "c", "f"]
    source = world.aws.bedrock.jobs[f"{EXECUTION_ID}-000-2"]["inputDataConfig"]["s3InputDataConfig"]
    assert source["s3Uri"] == f"s3://{BUCKET}/{WORK}/000/2/"
    world.end("000", attempt=2, done=["a", "c", "f"])
    assert ready(world).outputs["unfinished"] == "0"


def test_passing_errors_are_retried_and_staying_ones_are_not() -> None:
    """429 and 5xx in a Completed job; a 400 is the record's own."""
    world = BatchWorld({"000": list("abcdef")})
    world.start()
    world.end("000", done=["a", "b"], failed={"c": 400, "d": 429, "e": 500, "f": 503})
    world.look()
    assert world.ids(f"{WORK}/000/2/000.jsonl") == ["d", "e", "f"]


def test_what_is_left_and_too_little_for_a_job_goes_on_demand() -> None:
    """In the lines that a batch job would have written."""
    world = BatchWorld({"000": list("abcdef")})
    world.start()
    world.end("000", "PartiallyCompleted", done=list("abcde"))
    assert ready(world).outputs["unfinished"] == "0"
    assert world.names() == ["000-1"]
    [line] = world.aws.s3.objects[f"{BUCKET}/{OUTPUT}/on-demand/000/2/000-00000.jsonl.out"].splitlines()
    record = json.loads(line)
    assert (record["recordId"], record["modelInput"]) == ("f", body("f"))
    assert record["modelOutput"]["output"]["message"]["content"] == [{"text": "F"}]


@pytest.mark.parametrize(("on_demand", "retries"), [("false", 1), ("true", 0)])
def test_records_that_may_not_be_asked_again_are_told(on_demand: str, retries: int) -> None:
    """The wait succeeds with a warning: the others have their answers."""
    world = BatchWorld({"000": list("abcdef")}, on_demand=on_demand, retry_unfinished=retries)
    world.start()
    world.end("000", "PartiallyCompleted", done=list("abcde"))
    look = ready(world)
    assert (look.outputs["unfinished"], look.warning) == ("1", "1 records have no result")


def test_too_few_records_go_on_demand_in_slices() -> None:
    """Each slice is written once; a look that has no time left leaves the rest to the next."""
    world = BatchWorld({}, small=[f"r{number}" for number in range(20)])
    world.start()
    assert world.aws.bedrock_runtime.calls == []

    def slow(_operation: str, _parameters: object) -> None:
        world.aws.clock.time += 2

    world.aws.bedrock_runtime.after = slow
    assert isinstance(world.look(), Running)
    assert isinstance(world.look(), Ready)
    written = sorted(key for key in world.aws.s3.objects if "/on-demand/" in key)
    assert [key.rpartition("/")[2] for key in written] == [f"000-0000{n}.jsonl.out" for n in range(3)]
    assert len(world.aws.bedrock_runtime.calls) == 20


def test_on_demand_a_record_that_is_refused_has_an_error_line() -> None:
    """As in a batch; a throttled one is asked again at the next look."""
    world = BatchWorld({}, small=["a"])
    world.start()
    refused = error("Converse", "ValidationException", "too long")
    world.aws.bedrock_runtime.fail("Converse", throttled("Converse"), refused)
    assert isinstance(world.look(), Running)
    ready(world)
    [key] = [key for key in world.aws.s3.objects if "/on-demand/" in key]
    told = json.loads(world.aws.s3.objects[key])
    assert told["error"] == {"errorCode": 400, "errorMessage": "too long"}


def test_native_bodies_go_on_demand_by_invoke_model() -> None:
    """The family's own answer is the modelOutput."""
    world = BatchWorld({}, small=["a"], invocation_type="InvokeModel")
    world.put(f"{INPUT}/small/000.jsonl", [{"recordId": "a", "modelInput": {"prompt": "hello"}}])
    world.start()
    ready(world)
    [key] = [key for key in world.aws.s3.objects if "/on-demand/" in key]
    assert json.loads(world.aws.s3.objects[key])["modelOutput"] == {"generation": "HELLO"}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("Failed", f"batch job '{EXECUTION_ID}-001-1' failed: no role"),
        ("Expired", f"batch job '{EXECUTION_ID}-001-1' expired: no role"),
        ("Stopped", f"batch job '{EXECUTION_ID}-001-1' was stopped"),
    ],
)
def test_a_bad_job_ends_the_wait_once_the_others_have_ended(status: str, told: str) -> None:
    """They are paid for; no further one is begun."""
    world = BatchWorld(THREE)
    world.start()
    world.end("001", status, message="no role")
    assert isinstance(world.look(), Running)
    world.end("000")
    world.look()
    world.end("002") if "002-1" in world.names() else None
    assert world.look() == Ended(told)


@pytest.mark.parametrize("status", ["Failed", "Expired"])
def test_a_retried_step_makes_another_attempt_from_the_same_input(status: str) -> None:
    """What the others did stays done."""
    world = BatchWorld({"000": list("abc"), "001": list("def")})
    world.start()
    world.end("000")
    world.end("001", status, message="broken")
    description = batch.describe(world.aws.tools, STATE_URI)
    assert batch.begin_again(world.aws.tools, STATE_URI, description) == Begun(STATE_URI, done=True)
    assert isinstance(world.look(), Running)
    assert world.names() == ["000-1", "001-1", "001-2"]
    source = world.aws.bedrock.jobs[f"{EXECUTION_ID}-001-2"]["inputDataConfig"]["s3InputDataConfig"]
    assert source["s3Uri"] == f"s3://{BUCKET}/{INPUT}/001/"
    world.end("001", attempt=2)
    ready(world)


def test_a_retried_step_goes_on_with_what_a_stopped_job_left() -> None:
    """Stopping kept what was there."""
    world = BatchWorld({"000": list("abcdef")})
    world.start()
    assert batch.stop(world.aws.tools, STATE_URI, everything=False)
    assert world.status("000") == "Stopping"
    world.end("000", "Stopped", done=["a", "b"])
    batch.begin_again(world.aws.tools, STATE_URI, batch.describe(world.aws.tools, STATE_URI))
    world.look()
    assert world.ids(f"{WORK}/000/2/000.jsonl") == ["c", "d", "e", "f"]


@pytest.mark.parametrize("name", [STATE_URI, EXECUTION_ID])
def test_stopping_stops_every_job_that_runs(name: str) -> None:
    """By the state's URI or the execution's id, twice without harm."""
    world = BatchWorld(THREE)
    world.start()
    world.end("000")
    for _ in range(2):
        assert batch.stop(world.aws.tools, name, everything=True)
    assert [world.status(job) for job in ("000", "001")] == ["Completed", "Stopping"]


def test_a_batch_that_is_gone_ends_the_wait() -> None:
    """Its state expired, or never was."""
    aws = Aws()
    assert batch.look("s3://b/x", batch.describe(aws.tools, "s3://b/x")) == Ended(
        "batch 's3://b/x' does not exist"
    )
    assert batch.stop(aws.tools, "s3://b/x", everything=False)
    assert batch.begin_again(aws.tools, "s3://b/x", None) is None


def test_listings_are_read_to_their_end() -> None:
    """Pages of jobs and of objects."""
    world = BatchWorld(THREE, max_concurrent_jobs=3)
    world.aws.bedrock.page_size = world.aws.s3.page_size = 1
    world.start()
    world.end("000", "PartiallyCompleted", done=["a"])
    world.put(f"{INPUT}/000/001.jsonl", [{"recordId": each, "modelInput": body(each)} for each in "xy"])
    world.look()
    assert world.names() == ["000-1", "001-1", "002-1", "000-2"]
    assert world.ids(f"{WORK}/000/2/001.jsonl") == ["x", "y"]


def test_the_search_for_leftovers_goes_on_where_it_stopped() -> None:
    """A file at a time, for as long as a look may take."""
    world = BatchWorld({"000": list("abc")})
    for number in range(1, 4):
        world.put(f"{INPUT}/000/00{number}.jsonl", [{"recordId": f"r{number}", "modelInput": body("x")}])
    world.start()
    world.end("000", "PartiallyCompleted")

    def slow(operation: str, parameters: dict[str, object]) -> None:
        if operation == "PutObject" and ".scan/" in str(parameters["Key"]):
            world.aws.clock.time += 12

    world.aws.s3.after = slow
    world.look()
    assert world.names() == ["000-1"]
    world.look()
    assert world.names() == ["000-1", "000-2"]
    scans = [call for call in world.aws.s3.objects if ".scan/" in call]
    assert len(scans) == 4


def test_no_text_of_a_record_is_logged() -> None:
    """Names, counts and codes only."""
    world = BatchWorld({}, small=["a"])
    world.put(f"{INPUT}/small/000.jsonl", [{"recordId": "a", "modelInput": body("my secret 4111")}])
    world.start()
    world.aws.bedrock_runtime.fail("Converse", error("Converse", "ValidationException", "my secret 4111"))
    world.look()
    assert "secret" not in json.dumps(world.aws.log.lines, default=str)


def test_errors_in_other_words_end_no_wait() -> None:
    """A code as text counts as a number; an error without one, or an output that is null, is tried again."""
    world = BatchWorld({"000": list("abcdef")})
    world.start()
    codes = {"b": "400", "c": "429", "d": None, "e": 503}
    world.end("000", "PartiallyCompleted", done=["a"], failed=codes)
    [output] = [key for key in world.aws.s3.objects if key.endswith("000.jsonl.out")]
    world.aws.s3.objects[output] += b'{"recordId": "f", "modelOutput": null, "error": "timed out"}\n'
    world.look()
    assert world.names() == ["000-1", "000-2"]
    assert world.ids(f"{WORK}/000/2/000.jsonl") == list("cdef")
