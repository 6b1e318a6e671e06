"""Bedrock of the stand-in by boto3: batch jobs through all their statuses, guardrails, limits and errors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn

pytestmark = pytest.mark.functional

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
ROLE = "arn:aws:iam::123456789012:role/somebody-elses"
ENDS = {"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"}
FULL_CONFIG: dict[str, Any] = {
    "blockedInputMessaging": "no input",
    "blockedOutputsMessaging": "no output",
    "sensitiveInformationPolicyConfig": {
        "piiEntitiesConfig": [
            {"type": "EMAIL", "action": "ANONYMIZE"},
            {"type": "NAME", "action": "ANONYMIZE"},
            {"type": "CREDIT_DEBIT_CARD_NUMBER", "action": "BLOCK"},
            {"type": "IP_ADDRESS", "action": "NONE"},
        ],
        "regexesConfig": [{"name": "TICKET", "pattern": r"TK-\d+", "action": "ANONYMIZE"}],
    },
    "wordPolicyConfig": {"wordsConfig": [{"text": "acme"}]},
}


def records(count: int) -> list[dict[str, Any]]:
    body = {"messages": [{"role": "user", "content": [{"text": "The router is broken."}]}]}
    return [{"recordId": f"r{number:04d}", "modelInput": body} for number in range(count)]


def put(stand_in: RunningStandIn, bucket: str, key: str, lines: list[Any]) -> None:
    s3 = stand_in.client("s3")
    s3.create_bucket(Bucket=bucket)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    s3.put_object(Bucket=bucket, Key=key, Body="\n".join(texts).encode())


def begin(stand_in: RunningStandIn, name: str, bucket: str, **changes: Any) -> str:
    request = {
        "jobName": name,
        "roleArn": ROLE,
        "modelId": MODEL,
        "modelInvocationType": "Converse",
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": f"s3://{bucket}/in/"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"s3://{bucket}/out/"}},
        **changes,
    }
    return str(stand_in.client("bedrock").create_model_invocation_job(**request)["jobArn"])


def ended(stand_in: RunningStandIn, arn: str) -> dict[str, Any]:
    bedrock, end = stand_in.client("bedrock"), time.monotonic() + 60
    while time.monotonic() < end:
        job: dict[str, Any] = bedrock.get_model_invocation_job(jobIdentifier=arn)
        if job["status"] in ENDS:
            return job
        time.sleep(0.05)
    raise AssertionError(f"{arn} has not ended")


def output(stand_in: RunningStandIn, bucket: str, arn: str, name: str) -> bytes:
    key = f"out/{arn.rpartition('/')[2]}/{name}"
    body: bytes = stand_in.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def test_a_job_answers_every_record_in_another_order(stand_in: RunningStandIn, name: str) -> None:
    """A file per input file, an error line for a wrong body, and a manifest that counts."""
    bad = {"recordId": "bad", "modelInput": {"prompt": "x"}}
    put(stand_in, name, "in/a.jsonl", [*records(110), bad])
    put(stand_in, name, "in/deep/b.jsonl", records(20))
    put(stand_in, name, "in/ignored.txt", ["x"])
    arn = begin(stand_in, name, name)
    job = ended(stand_in, arn)
    assert job["status"] == "Completed"
    counts = {key: job[f"{key}RecordCount"] for key in ("total", "processed", "success", "error")}
    assert counts == {"total": 131, "processed": 131, "success": 130, "error": 1}
    lines = [json.loads(line) for line in output(stand_in, name, arn, "a.jsonl.out").splitlines()]
    ids = [line["recordId"] for line in lines]
    assert ids != sorted(ids)
    assert sorted(ids) == ["bad", *(f"r{number:04d}" for number in range(110))]
    [wrong] = [line for line in lines if "error" in line]
    assert (wrong["recordId"], wrong["error"]["errorCode"]) == ("bad", 400)
    assert len(output(stand_in, name, arn, "deep/b.jsonl.out").splitlines()) == 20
    manifest = json.loads(output(stand_in, name, arn, "manifest.json.out"))
    assert manifest["successRecordCount"] == 130


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (records(99), "less records (99) than the required minimum of: 100"),
        ([*records(120), "{not json"], "Line 121 of file a.jsonl is not a JSON object."),
        ([*records(120), {"recordId": "x"}], "Line 121 of file a.jsonl has no modelInput."),
    ],
)
def test_input_that_is_not_valid_fails_the_job(
    stand_in: RunningStandIn, name: str, lines: list[Any], message: str
) -> None:
    """After it was taken, with the reason in its message."""
    put(stand_in, name, "in/a.jsonl", lines)
    job = ended(stand_in, begin(stand_in, name, name))
    assert job["status"] == "Failed"
    assert message in job["message"]


def test_a_token_used_twice_is_one_job_and_a_name_used_twice_a_conflict(
    stand_in: RunningStandIn, name: str
) -> None:
    """The same ARN; ConflictException."""
    put(stand_in, name, "in/a.jsonl", records(100))
    arn = begin(stand_in, name, name, clientRequestToken=name)
    assert begin(stand_in, name, name, clientRequestToken=name) == arn
    with pytest.raises(ClientError, match="ConflictException"):
        begin(stand_in, name, name, clientRequestToken=f"{name}2")
    found = stand_in.client("bedrock").list_model_invocation_jobs(nameContains=name)["invocationJobSummaries"]
    assert [job["jobArn"] for job in found] == [arn]


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"modelId": "nobody.knows-v1"}, "ValidationException", "model identifier is invalid"),
        (
            {"inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://bucket/day=1/"}}},
            "ValidationException",
            "regular expression",
        ),
        (
            {"inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://no-such-bucket/in/"}}},
            "ValidationException",
            "bucket does not exist",
        ),
    ],
)
def test_requests_are_refused_as_the_service_refuses_them(
    stand_in: RunningStandIn, name: str, changes: dict[str, Any], code: str, reason: str
) -> None:
    """Before there is a job."""
    put(stand_in, name, "in/a.jsonl", records(100))
    with pytest.raises(ClientError, match=reason) as caught:
        begin(stand_in, name, name, **changes)
    assert caught.value.response["Error"]["Code"] == code


def test_a_job_that_is_stopped_stops(stand_in: RunningStandIn, name: str) -> None:
    """Stopping, then Stopped; stopping it again is a conflict."""
    put(stand_in, name, "in/a.jsonl", records(100))
    arn, bedrock = begin(stand_in, name, name), stand_in.client("bedrock")
    bedrock.stop_model_invocation_job(jobIdentifier=arn)
    assert ended(stand_in, arn)["status"] == "Stopped"
    with pytest.raises(ClientError, match="ConflictException"):
        bedrock.stop_model_invocation_job(jobIdentifier=arn)


@pytest.fixture(scope="module")
def applied(stand_in: RunningStandIn) -> Callable[..., dict[str, Any]]:
    """Applies version 1 of a guardrail."""
    bedrock, runtime = stand_in.client("bedrock"), stand_in.client("bedrock-runtime", read_timeout=120)
    made = bedrock.create_guardrail(name="full", **FULL_CONFIG)
    while bedrock.get_guardrail(guardrailIdentifier=made["guardrailId"])["status"] != "READY":
        time.sleep(0.05)
    bedrock.create_guardrail_version(guardrailIdentifier=made["guardrailId"])

    def ask(*texts: str, **changes: Any) -> dict[str, Any]:
        request = {
            "guardrailIdentifier": made["guardrailId"],
            "guardrailVersion": "1",
            "source": "OUTPUT",
            "content": [{"text": {"text": text}} for text in texts],
            **changes,
        }
        answer: dict[str, Any] = runtime.apply_guardrail(**request)
        return answer

    return ask


def test_a_text_without_anything_passes(applied: Callable[..., dict[str, Any]]) -> None:
    """NONE has no outputs and an empty assessment."""
    answer = applied("All is well.")
    assert (answer["action"], answer["outputs"], answer["assessments"]) == ("NONE", [], [{}])
    assert answer["usage"]["sensitiveInformationPolicyUnits"] == 1
    assert answer["usage"]["wordPolicyUnits"] == 1


def test_masks_stand_block_by_block(applied: Callable[..., dict[str, Any]]) -> None:
    """One output per content block; the assessment holds the match."""
    answer = applied("Write to a.b@example.com about TK-77.", "Nothing here.")
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert [each["text"] for each in answer["outputs"]] == [
        "Write to {EMAIL} about {TICKET}.",
        "Nothing here.",
    ]
    policy = answer["assessments"][0]["sensitiveInformationPolicy"]
    assert [(each["type"], each["match"], each["action"]) for each in policy["piiEntities"]] == [
        ("EMAIL", "a.b@example.com", "ANONYMIZED")
    ]
    assert [(each["name"], each["match"]) for each in policy["regexes"]] == [("TICKET", "TK-77")]


@pytest.mark.parametrize("text", ["Card 4111 1111 1111 1111 and a@example.com", "I called ACME."])
def test_a_block_answers_for_the_whole_request(applied: Callable[..., dict[str, Any]], text: str) -> None:
    """One canned text, whatever else was found."""
    assert applied("fine", text)["outputs"] == [{"text": "no output"}]
    assert applied("fine", text, source="INPUT")["outputs"] == [{"text": "no input"}]


def test_what_is_only_detected_changes_nothing(applied: Callable[..., dict[str, Any]]) -> None:
    """Action NONE, and the entity in the assessment."""
    answer = applied("From 203.0.113.9 on Sunday.")
    assert (answer["action"], answer["outputs"]) == ("NONE", [])
    [found] = answer["assessments"][0]["sensitiveInformationPolicy"]["piiEntities"]
    assert (found["type"], found["action"], found["detected"]) == ("IP_ADDRESS", "NONE", True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"guardrailIdentifier": "nosuchthing1"}, "ResourceNotFoundException"),
        ({"guardrailVersion": "9"}, "ResourceNotFoundException"),
        ({"content": []}, "ValidationException"),
        ({"content": [{"text": {"text": "x" * 1_000_001}}]}, "ValidationException"),
    ],
)
def test_calls_that_cannot_be_answered_are_refused(
    applied: Callable[..., dict[str, Any]], changes: dict[str, Any], code: str
) -> None:
    """With the service's codes."""
    with pytest.raises(ClientError, match=code):
        applied("x", **changes)


def test_more_calls_than_the_quota_are_throttled(applied: Callable[..., dict[str, Any]]) -> None:
    """200 units a call: a second's quota of words is 500."""

    def ask_on() -> None:
        for _ in range(40):
            applied("x " * 100_000)

    with pytest.raises(ClientError, match="word policy text units per second limit exceeded") as caught:
        ask_on()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({}, "At least one policy"),
        (
            {
                "sensitiveInformationPolicyConfig": {
                    "regexesConfig": [{"name": "r", "pattern": "(?<=x)y", "action": "BLOCK"}]
                }
            },
            "lookaround",
        ),
        (
            {
                "sensitiveInformationPolicyConfig": {
                    "piiEntitiesConfig": [{"type": "BIRTHDAY", "action": "BLOCK"}]
                }
            },
            "enum value set",
        ),
        (
            {
                "sensitiveInformationPolicyConfig": {
                    "piiEntitiesConfig": [
                        {"type": "EMAIL", "action": "BLOCK"},
                        {"type": "EMAIL", "action": "NONE"},
                    ]
                }
            },
            "has 'EMAIL' twice",
        ),
    ],
)
def test_guardrails_are_refused_as_the_service_refuses_them(
    stand_in: RunningStandIn, name: str, config: dict[str, Any], reason: str
) -> None:
    """Limits, types, patterns."""
    messages = {"blockedInputMessaging": "a", "blockedOutputsMessaging": "b"}
    with pytest.raises(ClientError, match=reason):
        stand_in.client("bedrock").create_guardrail(name=name, **messages, **config)


def test_versions_are_kept_counted_and_deleted(stand_in: RunningStandIn, name: str) -> None:
    """Twenty at most; a number is not used twice; without a version all goes."""
    bedrock = stand_in.client("bedrock")
    made = bedrock.create_guardrail(name=name, **FULL_CONFIG)["guardrailId"]
    for number in range(1, 21):
        assert bedrock.create_guardrail_version(guardrailIdentifier=made)["version"] == str(number)
    with pytest.raises(ClientError, match="ServiceQuotaExceededException"):
        bedrock.create_guardrail_version(guardrailIdentifier=made)
    bedrock.delete_guardrail(guardrailIdentifier=made, guardrailVersion="20")
    assert bedrock.create_guardrail_version(guardrailIdentifier=made)["version"] == "21"
    bedrock.update_guardrail(
        guardrailIdentifier=made, name=name, **{**FULL_CONFIG, "blockedOutputsMessaging": "new"}
    )
    shown = {
        version: bedrock.get_guardrail(guardrailIdentifier=made, guardrailVersion=version)[
            "blockedOutputsMessaging"
        ]
        for version in ("1", "DRAFT")
    }
    assert shown == {"1": "no output", "DRAFT": "new"}
    bedrock.delete_guardrail(guardrailIdentifier=made)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        bedrock.get_guardrail(guardrailIdentifier=made)


def test_jobs_and_guardrails_survive_a_restart(own_stand_in: Callable[[], RunningStandIn]) -> None:
    """A job that was running runs to its end."""
    from local import client

    before = own_stand_in()
    put(before, "kept", "in/a.jsonl", records(100))
    arn = begin(before, "kept", "kept")
    made = before.client("bedrock").create_guardrail(name="kept", **FULL_CONFIG)["guardrailId"]
    client.down(before.project)
    after = own_stand_in()
    assert ended(after, arn)["status"] == "Completed"
    assert after.client("bedrock").get_guardrail(guardrailIdentifier=made)["name"] == "kept"
