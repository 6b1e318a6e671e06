"""The functions around people's work keep Ground Truth's contracts, in every spelling that is met."""

from __future__ import annotations

import json
from typing import Any

import pytest
from post_annotation.agreed import agreed
from pre_annotation.task import task

from steps.segments import answers
from steps.segments.answers import of_content
from steps.segments.checks import Checker, Rules
from steps.segments.consolidate import Consolidation, consolidate
from steps.segments.model import Answer
from tests.unit.lambdas.fakes import Aws

JOB = "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/test-calls-260101-000000"
FOLDER = "s3://bucket/test/labeling/jobs/test-calls-260101-000000/annotations"
PAYLOAD = f"{FOLDER}/consolidation-request/iteration-1/2026-01-01_00:00:00.json"
LINE = {"source-ref": "s3://media/a.wav", "call-id": "7", "transcription": "Grüße, 电话"}
PRE_EVENT = {"version": "2018-10-16", "labelingJobArn": JOB, "dataObject": LINE}
POST_EVENT: dict[str, Any] = {
    "version": "2018-10-16",
    "labelingJobArn": JOB,
    "labelCategories": None,  # as from the console
    "labelAttributeName": "labels",
    "roleArn": "arn:aws:iam::123456789012:role/test-labeling",
    "payload": {"s3Uri": PAYLOAD},
}


def content(start: float, label: str = "Customer", **fields: Any) -> dict[str, Any]:
    """What a page sends."""
    segment = {"id": label, "start": start, "end": start + 2.0, "text": "hallo", "emotion": "Happy"}
    return {"annotations": {"streams": {"speaker": [segment]}}, **fields}


def stars(number: int) -> dict[str, bool]:
    """Radio buttons as crowd-form sends them."""
    return {str(each): each == number for each in range(1, 6)}


def annotation(worker: str, said: Any) -> dict[str, Any]:
    """One worker's answer in the payload."""
    return {"workerId": worker, "annotationData": {"content": json.dumps(said, ensure_ascii=False)}}


def one(number: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    """One object of the payload."""
    return {
        "datasetObjectId": number,
        "dataObject": {"s3Uri": "s3://media/a.wav"},
        "annotations": annotations,
    }


def three(number: str = "0") -> dict[str, Any]:
    """An object whose workers differ a little."""
    said = [content(1.0, rate=stars(4)), content(1.1, rate=stars(5)), content(1.4, "Dog")]
    return one(number, *(annotation(name, each) for name, each in zip("abc", said, strict=True)))


def in_s3(key: str = "s3Uri") -> dict[str, Any]:
    """An object whose answers lie in S3."""
    data = {key: f"{FOLDER}/worker-response/iteration-1/0/x.json"}
    return one("0", {"workerId": "a", "annotationData": data})


def with_payload(objects: list[dict[str, Any]]) -> Aws:
    """S3 with the payload, and one answer beside it."""
    aws = Aws()
    aws.s3.objects[PAYLOAD.removeprefix("s3://")] = json.dumps(objects).encode()
    outside = json.dumps(content(3.0), ensure_ascii=False).encode()
    aws.s3.objects[f"{FOLDER.removeprefix('s3://')}/worker-response/iteration-1/0/x.json"] = outside
    return aws


def contents(objects: list[dict[str, Any]], event: dict[str, Any] = POST_EVENT) -> list[dict[str, Any]]:
    """The contents by object, held against the contract's shape."""
    found = agreed(with_payload(objects).tools, event)
    assert [each["datasetObjectId"] for each in found] == [each["datasetObjectId"] for each in objects]
    json.dumps(found)
    return [each["consolidatedAnnotation"]["content"]["labels"] for each in found]


def test_a_task_is_the_line_and_its_source_by_every_name() -> None:
    """Pages without a function show source-ref, AWS's own templates taskObject; the flag is a boolean."""
    answer = task(PRE_EVENT)
    assert answer["taskInput"] == {**LINE, "taskObject": "s3://media/a.wav"}
    assert answer["isHumanAnnotationRequired"] is True
    inline = task({"dataObject": {"source": "s3://media/b.wav"}})["taskInput"]
    assert inline == dict.fromkeys(("source", "source-ref", "taskObject"), "s3://media/b.wav")


def test_a_line_without_a_source_fails_with_its_keys_and_not_its_values() -> None:
    """Transcriptions do not reach the log by way of an error."""
    with pytest.raises(
        ValueError, match=r"^the line has neither source-ref nor source; its keys: transcription$"
    ):
        task({"dataObject": {"transcription": "secret"}})


def test_what_is_agreed_is_what_the_pipeline_would_agree_on() -> None:
    """Median times, majority label, ratings; the same moments as steps/segments makes of the same answers."""
    (found,) = contents([three()])
    given = of_content({"annotationsFromAllWorkers": found["annotationsFromAllWorkers"]}, "annotations")
    checker = Checker(Rules({}, unknown_tracks=True))
    workers = [Answer(each.worker, checker.check(each.streams, None)[0], {}) for each in given]
    moments, _, _ = consolidate(workers, Consolidation())
    assert found["segments"] == [{**moment._asdict(), "extra": dict(moment.extra)} for moment in moments]
    (segment,) = found["segments"]
    assert (segment["label"], segment["start"], segment["votes"]) == ("Customer", 1.1, 2)
    assert found["whole"]["rate"]["value"] == 4.5
    assert found["workers"] == 3


def test_every_answer_stays_as_it_was_given() -> None:
    """The pipeline consolidates again, by its own settings, and measures agreement."""
    (found,) = contents([three()])
    assert [each["workerId"] for each in found["annotationsFromAllWorkers"]] == ["a", "b", "c"]
    assert json.loads(found["annotationsFromAllWorkers"][2]["rawContent"]) == content(1.4, "Dog")


@pytest.mark.parametrize("key", ["s3Uri", "s3uri"])
def test_both_spellings_of_the_payload_and_of_answers_behind_it(key: str) -> None:
    """The documented one, and that of AWS's own samples."""
    (found,) = contents([in_s3(key)], {**POST_EVENT, "payload": {key: PAYLOAD}})
    assert found["segments"][0]["start"] == 3.0


def test_an_object_that_cannot_be_read_does_not_vanish() -> None:
    """Its answers stay, with what is wrong counted; the objects beside it are agreed on."""
    broken = one(
        "1", {"workerId": "a", "annotationData": {"content": "{no json"}}, annotation("b", content(1.0))
    )
    nobody = {"datasetObjectId": "2", "annotations": None}
    first, second, third = contents([three(), broken, nobody])
    assert first["workers"] == 3
    assert (second["workers"], second["aside"]) == (1, {"unreadable_answer": 1})
    assert len(second["annotationsFromAllWorkers"]) == 2
    assert (third["workers"], third["segments"]) == (0, [])


def test_an_answer_that_is_gone_takes_nothing_along() -> None:
    """Of two answers behind URIs one is not there: the other counts, as do the objects beside it."""
    gone = {"workerId": "b", "annotationData": {"s3Uri": f"{FOLDER}/worker-response/gone.json"}}
    plain = {"workerId": "c", "annotationData": json.dumps(content(3.0))}
    both = in_s3()
    found, beside = contents([{**both, "annotations": [*both["annotations"], gone, plain]}, three("1")])
    assert (found["workers"], found["aside"]) == (2, {"unreadable_answer": 1})
    assert [each["workerId"] for each in found["annotationsFromAllWorkers"]] == ["a", "b", "c"]
    assert beside["workers"] == 3


def test_nothing_of_what_people_said_is_logged() -> None:
    """Only how many objects of which job."""
    aws = with_payload([three()])
    lines: list[tuple[str, dict[str, Any]]] = []
    tools = aws.tools.__class__(
        **{**vars(aws.tools), "log": lambda event, **more: lines.append((event, more))}
    )
    agreed(tools, POST_EVENT)
    assert lines == [("consolidating", {"job": JOB, "objects": 1})]


def test_a_payload_without_a_place_says_which_keys_it_has() -> None:
    """And fails, so that Ground Truth shows it."""
    with pytest.raises(ValueError, match=r"^no S3 URI under s3Uri, s3uri, S3Uri; keys: uri$"):
        agreed(Aws().tools, {**POST_EVENT, "payload": {"uri": PAYLOAD}})


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, "\\ud83d\\ude42 é"]}', '"\\ud800 half"', "[]", "12"])
def test_both_readers_of_json_read_the_same(text: str) -> None:
    """In a function there is no orjson."""
    assert answers.by_standard_library(text) == answers.parse(text)


@pytest.mark.parametrize("text", ["{", "[NaN]", "Infinity", "", '{"a": 1,}'])
def test_both_readers_of_json_refuse_the_same(text: str) -> None:
    """NaN is no JSON, though Python's reader would take it."""
    for read in (answers.parse, answers.by_standard_library):
        with pytest.raises(answers.UnreadableAnswerError, match=r"."):
            read(text)


def test_a_worker_counts_once() -> None:
    """As in the pipeline: of two answers the later one."""
    (found,) = contents([one("0", annotation("a", content(1.0)), annotation("a", content(9.0)))])
    assert (found["workers"], found["aside"]) == (1, {"answered_twice": 1})
    assert [segment["start"] for segment in found["segments"]] == [9.0]
    assert len(found["annotationsFromAllWorkers"]) == 2


def test_one_worker_s_broken_answer_takes_no_other_along() -> None:
    """Half a surrogate pair, which no function can return; no place, and no answer at all."""
    broken = [
        {"workerId": "x", "annotationData": {"content": '{"note": "\ud800"}'}},
        {"workerId": "y", "annotationData": {"s3Uri": "https://elsewhere/x"}},
        5,
    ]
    (found,) = contents([one("0", *broken, annotation("a", content(1.0)))])  # type: ignore[arg-type]
    json.dumps(found, ensure_ascii=False).encode()
    assert (found["workers"], found["aside"]["unreadable_answer"]) == (2, 2)
    assert len(found["annotationsFromAllWorkers"]) == 4
