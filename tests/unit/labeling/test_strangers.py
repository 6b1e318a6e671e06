"""Outputs of other people's jobs and tools: read as they were meant, or refused with what to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steps.runtime.errors import StepError
from tests.unit.labeling.jobs import JSON, Job, answer, line, reasons, segment, told

STREAMS = {"t": [segment(0.0, 2.0)]}
BUILT_IN = {"job-name": "labeling-job/built-in", "human-annotated": "yes", "creation-date": "2026-05-01"}


def labeled(attribute: str, content: Any, **metadata: Any) -> JSON:
    """A line of one job with its answers in it."""
    return {
        "source-ref": "s3://media/0.mp4",
        attribute: content,
        f"{attribute}-metadata": {**BUILT_IN, **metadata},
    }


@pytest.mark.parametrize(
    ("content", "metadata", "value"),
    [
        ("3", {"class-name": "dog", "confidence": 0.9, "type": "groundtruth/video-classification"}, ["dog"]),
        (0, {"class-name": "cat", "type": "groundtruth/text-classification"}, ["cat"]),
        ("1", {"class-name": "bad", "worker-feedback": [{"comment": "late"}]}, ["bad"]),
    ],
)
def test_built_in_classification_names_its_label_in_the_metadata(
    tmp_path: Path, content: Any, metadata: JSON, value: list[str]
) -> None:
    """Of a recording, a text, a verification: the attribute itself is a number only."""
    job = Job(tmp_path)
    job.add(labeled("kind", content, **metadata))
    _, aside, (found,) = job.convert()
    assert aside == []
    assert found["whole"] == {"kind": {"kind": "choices", "value": value, "votes": 1, "support": 1.0}}


def test_several_labels_of_a_built_in_job_are_all_taken(tmp_path: Path) -> None:
    """A list of numbers, whose names are a map; a job of one choice keeps one."""
    job = Job(tmp_path)
    metadata = {"class-map": {"0": "music", "4": "speech"}, "confidence-map": {"0": 0.5, "4": 0.6}}
    job.add(labeled("kind", [0, 4], type="groundtruth/text-classification-multilabel", **metadata))
    _, aside, (found,) = job.convert()
    assert aside == []
    assert found["whole"]["kind"]["value"] == ["music", "speech"]


def test_crowd_elements_are_read(tmp_path: Path) -> None:
    """crowd-classifier with one label and with several, radio buttons, a slider, a text."""
    job = Job(tmp_path)
    fields: JSON = {
        "category": {"label": "Calm"},
        "categories": {"labels": ["b", "a"]},
        "choice": {"yes": True, "no": False},
        "slider": 4,
        "note": "fine",
    }
    job.add(line(0), [{"workerId": "w", "answerContent": fields}])
    section = told(questions={"category": "choice", "choice": "choice"})
    _, aside, (found,) = job.convert(section)
    assert aside == []
    assert {name: each["value"] for name, each in found["whole"].items()} == {
        "category": "Calm",
        "categories": ["a", "b"],
        "choice": "yes",
        "slider": 4.0,
        "note": "fine",
    }


def test_annotations_that_are_no_segments_are_not_taken_for_none(tmp_path: Path) -> None:
    """Entities in a text have no times: set aside with their keys, not converted into silence."""
    job = Job(tmp_path)
    entities = {"entities": [{"label": "person", "startOffset": 0, "endOffset": 4}], "labels": []}
    job.add({**labeled("names", {"annotations": entities}), "source-ref": "s3://media/1.txt"})
    job.add({**labeled("names", {"annotations": {}}), "source-ref": "s3://media/2.txt"})
    job.add({**labeled("names", {"annotations": {"streams": STREAMS}}), "source-ref": "s3://media/3.txt"})
    _, aside, found = job.convert()
    assert reasons(aside) == [("answer", "unreadable_answer"), ("object", "no_answers")]
    detail = next(each["detail"] for each in aside if each["what"] == "answer")
    assert detail == '"annotations" has neither "streams" nor "segments"; its keys: entities, labels'
    assert sorted(len(each["segments"]) for each in found) == [0, 1]


def test_labels_of_several_jobs_in_a_line_are_not_chosen_among(tmp_path: Path) -> None:
    """Chained and adjusted labels: the first would be the old ones. The YAML says which."""
    job = Job(tmp_path)
    first = {"first": {"annotations": {"streams": {"t": [segment(0.0, 1.0, "old")]}}}}
    job.add({**first, "first-metadata": BUILT_IN, **line(0)}, [answer("w", STREAMS)])
    chained = Job(tmp_path / "chained")
    chained.add({"source-ref": "s3://media/9.wav", **first, "first-metadata": BUILT_IN})
    chained.add({**first, "first-metadata": BUILT_IN, **line(1)}, [answer("w", STREAMS)])
    with pytest.raises(StepError, match="the lines have labels of several jobs: first, labels"):
        chained.convert()
    with pytest.raises(StepError, match="the lines have labels of several jobs: first, labels") as caught:
        job.convert()
    assert caught.value.hint == 'say which with data.attribute, such as "labels"'
    _, _, (found,) = job.convert(told(data={"attribute": "labels"}))
    assert [each["label"] for each in found["segments"]] == ["A"]
    _, _, (found,) = job.convert(told(data={"attribute": "first"}), out="other")
    assert [each["label"] for each in found["segments"]] == ["old"]


def test_a_key_of_the_input_that_is_called_metadata_is_no_label(tmp_path: Path) -> None:
    """It stands before the label in every line."""
    job = Job(tmp_path)
    of_input = {"call-metadata": {"agent": "x", "type": "inbound"}, "x-metadata": 3}
    job.add({"source-ref": "s3://media/9.wav", **of_input})
    job.add({**of_input, **line(1)}, [answer("w", STREAMS)])
    _, aside, (found,) = job.convert()
    assert (reasons(aside), len(found["segments"])) == ([("object", "unlabeled")], 1)


def task(number: int, data: JSON) -> JSON:
    """A task of Label Studio with one region."""
    region = {
        "id": "r",
        "from_name": "s",
        "type": "labels",
        "value": {"start": 0, "end": 1.5, "labels": ["A"]},
    }
    return {"id": number, "data": data, "annotations": [{"completed_by": 1, "result": [region]}]}


@pytest.mark.parametrize(
    ("data", "source"),
    [
        ({"title": "a call.txt", "recording_url": "s3://m/a.wav", "text": "hello"}, "s3://m/a.wav"),
        ({"note": "see https://h/doc", "clip": "/data/upload/1/0a-b.MP4"}, "/data/upload/1/0a-b.MP4"),
        ({"text": "hello", "player": "https://h/play?id=7"}, "https://h/play?id=7"),
        ({"url": "s3://m/a", "transcript": "x.txt"}, "s3://m/a"),
        ({"text": "only words"}, "only words"),
        ({"audio": ""}, ""),
    ],
)  # fmt: skip
def test_the_recording_of_a_task_is_found_under_any_key(tmp_path: Path, data: JSON, source: str) -> None:
    """Else two tasks of one recording would be two recordings, on two sides of the split."""
    job = Job(tmp_path)
    (tmp_path / "manifest" / "e.json").write_text(json.dumps([task(1, data)]))
    _, _, (found,) = job.convert(told(data={"format": "label_studio", "manifest": "", "id": None}))
    assert (found["source"], found["recording"]) == (source, source or "1")


BOX: JSON = {
    "id": "b",
    "type": "videorectangle",
    "value": {"framesCount": 250, "duration": 10.0, "sequence": []},
}


@pytest.mark.parametrize(
    ("beside", "data", "times"),
    [
        ([BOX], {}, [(0.0, 2.0), (3.96, 4.0)]),
        ([], {"fps": "50"}, [(0.0, 1.0), (1.98, 2.0)]),
        ([], {}, []),
    ],
)
def test_frames_of_a_timeline_count_from_one(
    tmp_path: Path, beside: list[JSON], data: JSON, times: list[tuple[float, float]]
) -> None:
    """The rate stands in a box of the task or in its data; frames without one are no times."""
    ranges = [[{"start": 1, "end": 50}], [{"start": 100, "end": 100}]]
    results: list[JSON] = [
        {"id": str(n), "from_name": "t", "value": {"ranges": each, "timelinelabels": ["A"]}}
        for n, each in enumerate(ranges)
    ]
    annotation = {"completed_by": 1, "result": [*results, *beside]}
    job = Job(tmp_path)
    document = {"id": 1, "data": {"video": "s3://m/a.mp4", **data}, "annotations": [annotation]}
    (tmp_path / "manifest" / "e.json").write_text(json.dumps([document]))
    _, aside, (found,) = job.convert(told(data={"format": "label_studio", "manifest": "", "id": None}))
    assert [(each["start"], each["end"]) for each in found["segments"]] == times
    boxes = [("whole", "whole_unreadable")] * len(beside)
    assert reasons(aside) == (boxes if times else [("segment", "not_a_number")] * 2)
    assert found["duration"] == (10.0 if beside else None)


def test_whole_file_controls_are_read_or_set_aside(tmp_path: Path) -> None:
    """One box ticked and two are of one kind; which of a pair is better; paths; what is unknown is told."""
    one: JSON = {
        "boxes": {"choices": ["a"]},
        "note": {"text": ["first", "second"]},
        "pair": {"selected": "left"},
        "tree": {"taxonomy": [["Animal", "Dog"], ["Plant"]]},
        "rank": {"ranker": {"best": ["1"]}},
    }
    other: JSON = {"boxes": {"choices": ["a", "b"]}}
    third: JSON = {"boxes": {"choices": ["a", "b"]}}
    document = task(1, {"audio": "s3://m/a.wav"})
    document["annotations"] = [
        {"completed_by": n, "result": [{"from_name": name, "value": value} for name, value in said.items()]}
        for n, said in enumerate((one, other, third))
    ]
    job = Job(tmp_path)
    (tmp_path / "manifest" / "e.json").write_text(json.dumps([document]))
    _, aside, (found,) = job.convert(told(data={"format": "label_studio", "manifest": "", "id": None}))
    assert [(each["reason"], each["detail"]) for each in aside] == [
        ("whole_unreadable", "rank: choices are marks by name, found dict")
    ]
    assert {name: each["value"] for name, each in found["whole"].items()} == {
        "boxes": ["a", "b"],
        "note": "first\nsecond",
        "pair": "left",
        "tree": ["Animal/Dog", "Plant"],
    }


def test_controls_may_be_called_like_parts_of_a_region(tmp_path: Path) -> None:
    """Choices of a region under `text`, `start` and `labels`: custom fields, and no part of it."""
    job = Job(tmp_path)
    document = task(1, {"audio": "s3://m/a.wav"})
    for name in ("text", "start", "labels", "tone"):
        value = {"start": 0, "end": 1.5, "choices": ["x"]}
        document["annotations"][0]["result"].append(
            {"id": "r", "from_name": name, "type": "choices", "value": value}
        )
    (tmp_path / "manifest" / "e.json").write_text(json.dumps([document]))
    _, aside, (found,) = job.convert(told(data={"format": "label_studio", "manifest": "", "id": None}))
    (one,) = found["segments"]
    assert (aside, one["label"], one["start"], one["text"]) == ([], "A", 0.0, "")
    assert one["extra"] == {"text_": "x", "start_": "x", "labels_": "x", "tone": "x"}


def test_an_export_without_annotations_says_which_to_take(tmp_path: Path) -> None:
    """JSON-MIN loses which text belongs to which region."""
    job = Job(tmp_path)
    minimal = {"audio": "s3://m/a.wav", "id": 1, "label": [{"start": 0, "end": 1, "labels": ["A"]}]}
    (tmp_path / "manifest" / "e.json").write_text(json.dumps([minimal]))
    with pytest.raises(StepError, match="none of the 1 lines of test has an annotation") as caught:
        job.convert(told(data={"format": "label_studio", "manifest": "", "id": None}))
    assert caught.value.hint == "export the project as JSON; JSON-MIN, CSV and TSV have no annotations"


def test_a_segment_with_a_name_of_its_own_keeps_its_label(tmp_path: Path) -> None:
    """Plain JSON of other tools: `id` numbers the segments, `label` says what they are."""
    job = Job(tmp_path)
    marked = [{"id": "seg-1", "label": "A", "start": 0.0, "end": 1.0}, {"id": "B", "start": 1.0, "end": 2.0}]
    (tmp_path / "manifest" / "a.jsonl").write_text(json.dumps({"id": "o", "segments": marked}) + "\n")
    _, aside, (found,) = job.convert(told(data={"format": "segments", "manifest": "", "id": None}))
    assert (aside, [each["label"] for each in found["segments"]]) == ([], ["A", "B"])


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    """Of an answer, of a line's folder, of a file of a folder: what they point to was not handed over."""
    job = Job(tmp_path)
    for number in range(3):
        job.add(line(number), [answer("w", STREAMS)])
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.json").write_text(json.dumps({"answers": [answer("x", STREAMS)]}))
    answers = tmp_path / "data" / "iteration-1"
    (answers / "0" / "a.json").unlink()
    (answers / "0" / "a.json").symlink_to(secret / "a.json")
    (answers / "1" / "a.json").unlink()
    (answers / "1").rmdir()
    (answers / "1").symlink_to(secret)
    _, aside, (found,) = job.convert()
    assert reasons(aside) == [("object", "response_outside")] * 2
    assert found["line"] == 2

    other = Job(tmp_path / "other")
    (tmp_path / "other" / "manifest" / "a.json").symlink_to(secret / "a.json")
    with pytest.raises(StepError, match=r"a\.json is a link that leads out of"):
        other.convert(told(data={"format": "worker_responses", "manifest": ""}))


def test_a_folder_of_an_iteration_is_told_by_its_number(tmp_path: Path) -> None:
    """A digit that is no number names no iteration, and is no fault."""
    job = Job(tmp_path)
    job.add(line(0, **{"labels-metadata": {}}), [answer("w", STREAMS)])
    (tmp_path / "data" / "iteration-\u00b2").mkdir()
    _, aside, found = job.convert()
    assert (aside, len(found)) == ([], 1)


def test_a_recording_of_more_than_a_day_may_be_marked_to_its_end(tmp_path: Path) -> None:
    """Where its length is known, in fractions and in whole numbers alike."""
    job = Job(tmp_path)
    job.add(
        line(0, duration=100_000),
        [answer("w", {"t": [segment(90_000.5, 95_000.5), segment(95_001, 99_000)]})],
    )
    _, aside, (found,) = job.convert()
    assert (aside, len(found["segments"])) == ([], 2)
