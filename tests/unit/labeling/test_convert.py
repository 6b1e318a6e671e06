"""Labels of every shape become objects of the model, or are set aside with a reason; the books balance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steps.runtime.errors import StepError
from tests.unit.labeling.jobs import PAGE, Job, answer, line, reasons, segment, told

STREAMS = {"t": [segment(0.0, 2.0, text="hello"), segment(2.0, 5.5, "B", "there")]}
CONTENT: dict[str, Any] = PAGE["answers"][0]["answerContent"]
ANNOTATIONS = CONTENT["annotations"]


def wrapped(annotations: Any) -> dict[str, Any]:
    return {"workerId": "w", "answerContent": {**CONTENT, "annotations": annotations}}


SHAPES: dict[str, Any] = {
    "as sent": PAGE["answers"][0],
    "json": wrapped(json.dumps(ANNOTATIONS)),
    "json in json": wrapped(json.dumps(json.dumps(ANNOTATIONS))),
    "all of it json": {"answerContent": json.dumps(CONTENT)},
    "streams json": wrapped({**ANNOTATIONS, "streams": json.dumps(ANNOTATIONS["streams"])}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_the_page_sends_in_every_shape(tmp_path: Path, shape: str) -> None:
    """An object, JSON, JSON in JSON: the same two segments, texts, emotions and whole-file answers."""
    job = Job(tmp_path)
    job.add(line(0), [SHAPES[shape]])
    figures, aside, (found,) = job.convert()

    assert [
        (s["track"], s["label"], s["start"], s["end"], s["text"], s["emotion"]) for s in found["segments"]
    ] == [
        ("speech", "Danish", 0.0, 12.5, "Hej, æblerne mangler", "worried"),
        ("speech", "Greek", 12.5, 41.062517, "Καλημέρα σας", "calm"),
    ]
    assert {name: each["value"] for name, each in found["whole"].items()} == {
        "backgroundNoise": ["music"],
        "environmentalSounds": ["doorbell"],
        "rate": 5.0,
        "textTranslationFinal": "The apples are missing",
    }
    assert aside == []
    assert figures["durations_not_checked"] == 1


@pytest.mark.parametrize(
    "content",
    [
        {"annotationsFromAllWorkers": [{"workerId": "a", "rawContent": json.dumps(CONTENT)}]},
        [{"workerId": "a", "annotationData": {"content": json.dumps(CONTENT)}}],
        {"annotations": ANNOTATIONS},
        ANNOTATIONS,
        json.dumps({"annotations": json.dumps(ANNOTATIONS)}),
        PAGE,
    ],
)
def test_what_a_lambda_leaves_in_the_line_is_read(tmp_path: Path, content: Any) -> None:
    """Every worker's, or one that is consolidated already; no file is needed."""
    job = Job(tmp_path)
    job.add(line(0, labels=content, **{"labels-metadata": {"job-name": "labeling-job/job"}}))
    _, aside, (found,) = job.convert()

    assert [each["label"] for each in found["segments"]] == ["Danish", "Greek"]
    assert aside == []


def test_a_line_without_reference_is_found_by_its_number(tmp_path: Path) -> None:
    """The newest file of the last iteration, and never a file of another line."""
    job = Job(tmp_path)
    job.add(line(0, **{"labels-metadata": {}}), [answer("w", STREAMS)])
    newer = tmp_path / "data" / "iteration-10" / "0" / "b.json"
    newer.parent.mkdir(parents=True)
    newer.write_text(json.dumps({"answers": [answer("w", {"t": [segment(1.0, 2.0, "newest")]})]}))
    job.add(line(1, **{"labels-metadata": {}}))
    _, aside, (found,) = job.convert()

    assert [each["label"] for each in found["segments"]] == ["newest"]
    assert reasons(aside) == [("object", "unlabeled")]


def test_custom_fields_and_every_script_survive(tmp_path: Path) -> None:
    """Fields nobody foresaw, emoji, right-to-left text; half a surrogate pair is set aside."""
    job = Job(tmp_path)
    text = "Größe 🙂 שלום 电话。"
    good = json.dumps(segment(0.0, 1.0, text=text, speaker="Speaker A", hasQualityIssues=True))
    half = '{"id": "A", "start": 1.0, "end": 2.0, "text": "\\ud800", "emotion": ""}'
    streams = f'{{"streams": {{"t": [{good}, {half}]}}}}'
    broken = f'{{"answers": [{{"workerId": "w", "answerContent": {{"annotations": {streams}}}}}]}}'
    job.add(line(0), broken)
    _, aside, (found,) = job.convert()

    assert found["segments"][0]["text"] == text
    assert found["segments"][0]["extra"] == {"speaker": "Speaker A", "hasQualityIssues": True}
    assert reasons(aside) == [("segment", "invalid_text")]


BAD_SEGMENTS: dict[str, Any] = {
    "negative_time": segment(-0.1, 1.0),
    "zero_length": segment(1.0, 1.0),
    "end_before_start": segment(50.0, 20.0),
    "beyond_end": segment(90.0, 100.3),
    "not_a_number": segment(float("nan"), 1.0),
    "malformed": {"start": 0.0, "end": 1.0},
    "unknown_label": segment(0.0, 1.0, "Z"),
    "missing_text": segment(0.0, 1.0, text=" "),
    "too_short": segment(0.0, 0.01),
    "overlap": segment(5.0, 8.0, "B"),
    "duplicate": segment(4.0, 6.0, text="kept"),
}


@pytest.mark.parametrize("reason", BAD_SEGMENTS)
def test_a_bad_segment_is_set_aside_with_line_and_reason(tmp_path: Path, reason: str) -> None:
    """One segment is good and stays; the other is named with line, object, worker and content."""
    bad = dict(BAD_SEGMENTS[reason])
    if reason not in {"missing_text", "malformed"}:
        bad["text"] = "kept"
    job = Job(tmp_path)
    job.add("not json")
    body = json.dumps({"answers": [answer("w", {"t": [segment(4.0, 6.0, text="kept"), bad]})]})
    job.add(line(1, duration=100), body.replace("NaN", '"NaN"'))
    tracks = {"t": {"labels": ["A", "B"], "overlaps": "forbid", "text": "required"}}
    figures, aside, (found,) = job.convert(told(tracks=tracks, checks={"minimum_seconds": 0.05}))

    assert [each["text"] for each in found["segments"]] == ["kept"]
    assert reasons(aside) == [("object", "unreadable"), ("segment", reason)]
    assert aside[1]["line"] == 1
    assert aside[1]["worker"] == "w"
    assert figures["segments"] == {"in": 2, "converted": 1, "set_aside": {reason: 1}, "agreed": 1}


def test_times_in_milliseconds_are_told_from_marks_beyond_the_end(tmp_path: Path) -> None:
    """All of the answer goes, also what would fit as seconds; an end within the tolerance is cut."""
    job = Job(tmp_path)
    job.add(line(0, duration=60), [answer("w", {"t": [segment(10, 50), segment(900, 59_000)]})])
    job.add(line(1, duration=60), [answer("w", {"t": [segment(1, 60.2)]})])
    _, aside, (empty, cut) = sorted_objects(job.convert())

    assert reasons(aside) == [("segment", "wrong_unit")] * 2
    assert empty["segments"] == []
    assert cut["segments"][0]["end"] == 60.0


def test_times_in_milliseconds_are_told_without_a_duration(tmp_path: Path) -> None:
    """Whole numbers of hours on end are no seconds; fractions, a known length or four hours at most are."""
    job = Job(tmp_path)
    job.add(line(0), [answer("w", {"t": [segment(0, 4200), segment(4200, 61_000)]})])
    job.add(line(1), [answer("w", {"t": [segment(0, 4200), segment(4200, 61_000.5)]})])
    job.add(line(2, duration=61_000), [answer("w", {"t": [segment(0, 4200), segment(4200, 61_000)]})])
    job.add(line(3), [answer("w", {"t": [segment(0, 4200), segment(4200, 14_400)]})])
    _, aside, found = sorted_objects(job.convert())

    assert [(each["line"], each["reason"]) for each in aside] == [(0, "wrong_unit")] * 2
    assert [len(each["segments"]) for each in found] == [0, 2, 2, 2]


def test_an_answer_in_another_unit_is_no_vote_against_the_others(tmp_path: Path) -> None:
    """Of two workers one sent milliseconds: what the other marked is kept, no disagreement is told."""
    job = Job(tmp_path)
    sent = answer("late", {"t": [segment(0.0, 2000.0), segment(2000.0, 5500.0, "B")]}, rate={"5": True})
    job.add(line(0, duration=6), [answer("w", STREAMS), sent])
    figures, aside, (found,) = job.convert()

    assert reasons(aside) == [("segment", "wrong_unit")] * 2
    assert [(each["label"], each["support"]) for each in found["segments"]] == [("A", 1.0), ("B", 1.0)]
    assert found["whole"]["rate"]["value"] == 5.0
    assert figures["agreement"]["compared_objects"] == 0


def test_too_many_unreadable_answers_fail_the_step(tmp_path: Path) -> None:
    """Their segments are not even counted; a worker's second answer is no fault."""
    job = Job(tmp_path)
    broken = {"workerId": "v", "answerContent": {"annotations": "{"}}
    job.add(line(0), [answer("w", STREAMS), answer("w", STREAMS), broken])
    with pytest.raises(StepError, match=r"1 of 3 answers \(33\.3%\) are unusable.*: 1 "):
        job.convert(told(checks={"max_rejected_share": 0.3}))
    job.convert(told(checks={"max_rejected_share": 0.4}))


def sorted_objects(result: tuple[Any, Any, list[Any]]) -> tuple[Any, Any, list[Any]]:
    return result[0], result[1], sorted(result[2], key=lambda each: each["line"])


def test_bad_lines_are_set_aside_each_with_its_reason(tmp_path: Path) -> None:
    """Nothing is lost: objects in = converted + set aside, and the good one is converted."""
    job = Job(tmp_path)
    job.add(line(0), [answer("w", STREAMS)])
    job.add({"source-ref": "s3://media/1.wav", "name": "unlabeled"})
    job.add(line(2))  # no file
    job.add(line(3), "{broken")
    job.add(line(4), [])
    outside = {
        "job_name": "job",
        "worker-response-ref": "s3://out/job/annotations/worker-response/../../x.json",
    }
    job.add(line(5, **{"labels-metadata": outside}))
    job.add(line(6, **{"labels-metadata": {"job_name": "other"}}))
    job.add({**line(7), "source-ref": "s3://media/0.wav"}, [answer("w", STREAMS)])
    job.add(line(8, **{"labels-metadata": {"failure-reason": "nobody came"}}))
    job.add({"labels": {}, "labels-metadata": {}})
    job.add(line(10), "x" * (1 << 20) + "y")
    figures, aside, found = job.convert()

    assert [each["id"] for each in found] == ["object-0"]
    assert {each["line"]: each["reason"] for each in aside} == {
        1: "unlabeled",
        2: "response_missing",
        3: "response_unreadable",
        4: "no_answers",
        5: "response_outside",
        6: "other_job",
        7: "labeled_twice",
        8: "failed",
        9: "no_source",
        10: "response_too_large",
    }
    assert figures["objects"]["in"] == 11
    assert figures["objects"]["converted"] == 1


def test_instances_find_what_one_finds(tmp_path: Path) -> None:
    """Three instances with a third of the files each: the same objects, accounts and agreement as one."""
    job = Job(tmp_path)
    for number in range(20):
        streams = {"t": [segment(0.0, 2.0 + number / 100), segment(2.2, 5.0, "B")]}
        job.add(line(number), [answer("a", streams), answer("b", STREAMS)] if number != 7 else None)
    job.add({"source-ref": "s3://media/x.wav"})
    one, aside_of_one, objects_of_one = sorted_objects(job.convert(out="one"))
    three, aside_of_three, objects_of_three = sorted_objects(job.convert(parts=3, out="three"))

    assert objects_of_three == objects_of_one
    assert sorted((a["line"], a["reason"]) for a in aside_of_three) == [
        (7, "response_missing"),
        (20, "unlabeled"),
    ]
    assert len(aside_of_one) == 2
    changed = {"instances", "targets"}
    assert {k: v for k, v in three.items() if k not in changed} == {
        k: v for k, v in one.items() if k not in changed
    }


def test_an_instance_without_a_file_leaves_the_work_to_the_others(tmp_path: Path) -> None:
    """Five instances and two answers: three have no folder, and ask nobody for what the others have."""
    job = Job(tmp_path)
    for number in range(2):
        job.add(line(number), [answer("w", STREAMS)])
    figures, aside, found = sorted_objects(job.convert(parts=5))
    assert (aside, [each["line"] for each in found]) == ([], [0, 1])
    assert figures["instances"] == 5


def test_iterations_of_a_line_on_two_instances_are_one_clear_error(tmp_path: Path) -> None:
    """Without worker-response-ref neither can know of the other's; never a line converted twice."""
    job = Job(tmp_path)
    job.add(line(0, **{"labels-metadata": {}}), [answer("w", STREAMS)])
    newer = tmp_path / "data" / "iteration-2" / "0" / "b.json"
    newer.parent.mkdir(parents=True)
    newer.write_text(json.dumps({"answers": [answer("w", STREAMS)]}))
    with pytest.raises(StepError, match="answers to one manifest line lie on two instances") as caught:
        job.convert(parts=2)
    assert "instance_count to 1" in (caught.value.hint or "")


def test_an_empty_manifest_and_a_manifest_without_labels_are_errors(tmp_path: Path) -> None:
    """Said at once, with where to look."""
    empty = Job(tmp_path / "empty")
    (tmp_path / "empty" / "manifest" / "output.manifest").touch()
    with pytest.raises(StepError, match="the manifest is empty"):
        empty.convert()
    unlabeled = Job(tmp_path / "unlabeled")
    unlabeled.add({"source-ref": "s3://media/0.wav"})
    with pytest.raises(StepError, match="none of the 1 lines of test has a label attribute"):
        unlabeled.convert()


def test_too_many_bad_segments_fail_the_step(tmp_path: Path) -> None:
    """The share is the YAML's; the text counts by reason."""
    job = Job(tmp_path)
    job.add(line(0), [answer("w", {"t": [segment(0.0, 1.0), segment(1.0, 1.0)]})])
    with pytest.raises(StepError, match=r"1 of 2 segments \(50.0%\) are unusable.*0.4 allows: 1 zero_length"):
        job.convert(told(checks={"max_rejected_share": 0.4}))


def test_a_recording_is_in_one_set_whatever_its_clips_are_called(tmp_path: Path) -> None:
    """Forty clips of ten recordings, typed composed and decomposed: each recording in one set."""
    job = Job(tmp_path)
    for number in range(40):
        name = ("Café-%d", "Cafe\u0301-%d ")[number % 2] % (number // 4)
        job.add(line(number, recording=name), [answer("w", STREAMS)])
    figures, _, found = job.convert()

    sets: dict[int, set[str]] = {}
    for each in found:
        sets.setdefault(each["line"] // 4, set()).add(each["split"])
    assert all(len(names) == 1 for names in sets.values())
    assert sum(each["recordings"] for each in figures["sets"].values()) == 10


def test_label_studio_exports_are_read(tmp_path: Path) -> None:
    """Regions with labels, texts and controls, whole-file choices, timelines in frames, cancelled answers."""
    times = {"start": 1.5, "end": 4.0}
    result = [
        {"id": "r1", "from_name": "speaker", "type": "labels", "original_length": 30.0,
         "value": {**times, "channel": 0, "labels": ["Customer"]}},
        {"id": "r1", "from_name": "text", "type": "textarea", "value": {**times, "text": ["hello"]}},
        {"id": "r1", "from_name": "emotion", "type": "choices", "value": {**times, "choices": ["Happy"]}},
        {"id": "w1", "from_name": "rate", "type": "rating", "value": {"rating": 4}},
        {"id": "v1", "from_name": "gait", "type": "timelinelabels",
         "value": {"ranges": [{"start": 25, "end": 50}], "framesCount": 250, "duration": 10.0,
                   "timelinelabels": ["Walk"]}},
    ]  # fmt: skip
    task = {
        "id": 5,
        "data": {"audio": "s3://media/5.wav"},
        "annotations": [
            {"completed_by": {"email": "a@example.org"}, "lead_time": 12.5, "result": result},
            {"completed_by": 2, "was_cancelled": True, "result": []},
        ],
    }
    job = Job(tmp_path)
    (tmp_path / "manifest" / "export.json").write_text(json.dumps([task, 7]))
    section = told(data={"format": "label_studio", "manifest": "", "id": None})
    _, aside, (found,) = job.convert(section)

    assert [
        (s["track"], s["label"], s["start"], s["end"], s["text"], s["emotion"]) for s in found["segments"]
    ] == [
        ("speaker", "Customer", 1.5, 4.0, "hello", "Happy"),
        ("gait", "Walk", 0.96, 2.0, "", ""),
    ]
    assert found["whole"]["rate"]["value"] == 4.0
    assert found["duration"] == 30.0
    assert reasons(aside) == [("object", "unreadable")]


def test_responses_without_a_manifest_are_read(tmp_path: Path) -> None:
    """A folder of files as the page sends them."""
    job = Job(tmp_path)
    (tmp_path / "manifest" / "5").mkdir()
    (tmp_path / "manifest" / "5" / "a.json").write_text(json.dumps(PAGE))
    (tmp_path / "manifest" / "b.json").write_text("[]")
    _, aside, (found,) = job.convert(told(data={"format": "worker_responses", "manifest": ""}))

    assert (found["id"], len(found["segments"])) == ("5/a.json", 2)
    assert reasons(aside) == [("object", "response_unreadable")]


def test_what_is_written_as_segments_reads_as_segments(tmp_path: Path) -> None:
    """The model's own JSON goes in and comes out the same."""
    job = Job(tmp_path / "first")
    job.add(line(0, duration=20, recording="r"), [answer("w", STREAMS, rate={"5": True, "4": False})])
    _, _, (first,) = job.convert()
    again = Job(tmp_path / "again")
    (tmp_path / "again" / "manifest" / "part.jsonl").write_text(json.dumps(first) + "\n")
    _, _, (second,) = again.convert(
        told(data={"format": "segments", "manifest": "", "id": None, "recording": None, "duration": None})
    )

    assert second == first


@pytest.mark.parametrize("parts", [1, 2])
def test_a_sample_is_the_first_lines_of_the_manifest(tmp_path: Path, parts: int) -> None:
    """Books, report and card are of those alone, however many instances share them."""
    job = Job(tmp_path)
    for number in range(6):
        job.add(line(number), [answer("w", STREAMS)])
    figures, _, found = job.convert(told(sample_rows=4), parts=parts)
    assert sorted(each["id"] for each in found) == [f"object-{number}" for number in range(4)]
    assert (figures["objects"]["in"], figures["sample_rows"]) == (4, 4)


@pytest.mark.parametrize("parts", [1, 2])
def test_blank_lines_move_nothing(tmp_path: Path, parts: int) -> None:
    """They count as lines: what is twice is still twice, the last line is converted, nothing is missed."""
    job = Job(tmp_path)
    for number in range(7):
        job.add("" if number in {0, 3} else line(number), [answer("w", STREAMS)])
    job.add({**line(7), "source-ref": "s3://media/2.wav"}, [answer("w", STREAMS)])
    job.add(line(8), [answer("w", STREAMS)])
    job.add(" ")
    figures, aside, found = sorted_objects(job.convert(parts=parts))

    assert [each["line"] for each in found] == [1, 2, 4, 5, 6, 8]
    assert [(each["line"], each["reason"], each["detail"]) for each in aside] == [
        (7, "labeled_twice", "as line 2")
    ]
    assert figures["objects"]["in"] == 7


def test_answers_that_say_nothing_are_an_error(tmp_path: Path) -> None:
    """Every one empty: a field that is not there, say; never a data set of nothing that looks well."""
    job = Job(tmp_path)
    job.add(line(0), [answer("w", {}), {"workerId": "v", "answerContent": {"other": ""}}])
    with pytest.raises(StepError, match="2 answers of test say nothing") as caught:
        job.convert()
    assert caught.value.hint == 'see data.answer_field, which is "annotations"'
