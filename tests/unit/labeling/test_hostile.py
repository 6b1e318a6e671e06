"""Whatever comes in: it is converted, or set aside with a reason, or one clear error; never a fault."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steps.runtime.errors import StepError
from tests.unit.labeling.jobs import Job, answer, line, reasons, segment, told

HALF = "\ud800"
STREAMS = {"t": [segment(0.0, 1.0)]}
TARGETS: dict[str, Any] = {
    "segments": {}, "rttm": {}, "webvtt": {}, "srt": {}, "nemo": {}, "moments": {}, "audiofolder": {},
    "automl": {"prompt": "{id} {text} {segments}", "output": "{labels} {whole_x}"},
    "sft": {"rows": "segment", "prompt": "{text} {product}", "output": "{label}"},
    "kto": {"prompt": "p", "completion": "c", "question": "rate", "good_from": 4, "bad_to": 2},
}  # fmt: skip
ODD = st.sampled_from(
    [None, True, -3, 10**30, 1e308, 59.0, "4", "", " ", "\0", HALF, "😀", "1e999", "\u2028"]
)
KEYS = st.sampled_from(["id", "start", "end", "text", "emotion", "a", "5", HALF])
VALUES = st.recursive(
    ODD | st.floats(0, 100),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=6,
)
SEGMENTS = VALUES | st.fixed_dictionaries(
    {
        "id": st.sampled_from("AB") | VALUES,
        "start": st.floats(0, 50) | VALUES,
        "end": st.floats(50, 100) | VALUES,
        "text": st.text(max_size=3) | VALUES,
        "emotion": st.just("") | VALUES,
    }
)
CATEGORIES = st.dictionaries(
    st.sampled_from(["t", "u", HALF]), VALUES | st.lists(SEGMENTS, max_size=4), max_size=2
)
ANNOTATIONS = VALUES | st.fixed_dictionaries({"streams": VALUES | CATEGORIES})
ANSWERS = VALUES | st.builds(
    lambda worker, found, fields, spent: {
        "workerId": worker,
        "timeSpentInSeconds": spent,
        "answerContent": {"annotations": found, **fields},
    },
    st.sampled_from("ab") | VALUES,
    ANNOTATIONS,
    st.dictionaries(st.sampled_from(["rate", "x", "emotiontag", HALF]), VALUES, max_size=3),
    VALUES,
)
LINES = st.dictionaries(st.sampled_from(["duration", "name", "recording", "product"]), VALUES, max_size=3)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(LINES, st.lists(ANSWERS, max_size=3), st.booleans()), min_size=1, max_size=3))
def test_any_json_is_converted_or_set_aside(given_: list[tuple[Any, Any, bool]]) -> None:
    """Random values in the place of every part of lines and answers, through every target."""
    with tempfile.TemporaryDirectory() as name:
        job = Job(Path(name))
        for number, (more, answers, in_line) in enumerate(given_):
            if in_line:
                job.add({**line(number, **more), "labels": answers, "labels-metadata": {}})
            else:
                job.add(line(number, **more), answers)
        try:
            figures, aside, found = job.convert(told(targets=TARGETS))
        except StepError:
            return
        assert figures["objects"]["in"] == len(given_)
        assert len(found) + sum(each["what"] == "object" for each in aside) == len(given_)


def of(required: dict[str, Any], **optional: Any) -> Any:
    """A mapping with parts that are right, odd or not there."""
    return VALUES | st.fixed_dictionaries(required, optional=optional)


TIMES = st.floats(0, 50) | VALUES
CONTROLS = of(
    {}, start=TIMES, end=TIMES, labels=st.just(["A"]) | VALUES, text=st.just(["x"]) | VALUES, choices=VALUES,
    ranges=VALUES | st.lists(of({"start": TIMES, "end": TIMES}), max_size=2), timelinelabels=VALUES,
    framesCount=st.integers(0, 9) | VALUES, duration=VALUES, channel=VALUES, rating=VALUES,
)  # fmt: skip
RESULTS = of(
    {"value": CONTROLS},
    id=st.sampled_from("rq") | VALUES, from_name=VALUES,
    type=st.sampled_from(["labels", "textarea"]) | VALUES,
    original_length=VALUES,
)  # fmt: skip
DONE = of({"result": st.lists(RESULTS, max_size=3) | VALUES}, completed_by=VALUES, lead_time=VALUES)
TASKS = of(
    {"data": of({"audio": st.sampled_from(["s3://a/b.wav", "s3://c/d.wav"]) | VALUES})},
    annotations=st.lists(DONE, max_size=2) | VALUES,
    id=VALUES,
)
MARKED = st.lists(SEGMENTS, max_size=3) | VALUES
OBJECTS = of(
    {}, id=VALUES, source=VALUES, duration=VALUES, recording=VALUES, segments=MARKED, whole=VALUES,
    fields=VALUES,
    answers=VALUES | st.lists(of({"segments": MARKED}, worker=VALUES, whole=VALUES), max_size=2),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([("label_studio", TASKS), ("segments", OBJECTS), ("worker_responses", OBJECTS | ANSWERS)])
    .flatmap(lambda each: st.tuples(st.just(each[0]), st.lists(each[1], max_size=3))),
    st.booleans(),
)  # fmt: skip
def test_any_export_is_converted_or_set_aside(given_: tuple[str, list[Any]], as_lines: bool) -> None:
    """The same of the formats without a manifest, as an array and as lines."""
    form, documents = given_
    with tempfile.TemporaryDirectory() as name:
        job, folder = Job(Path(name)), Path(name) / "manifest"
        if form == "worker_responses":
            for number, each in enumerate(documents):
                (folder / f"{number}.json").write_text(json.dumps({"answers": [each]}))
        elif as_lines:
            (folder / "a.jsonl").write_text("".join(json.dumps(each) + "\n" for each in documents))
        else:
            (folder / "a.json").write_text(json.dumps(documents))
        data = {"format": form, "manifest": "", "id": None, "recording": None, "duration": None}
        try:
            figures, aside, found = job.convert(told(data=data, targets=TARGETS))
        except StepError:
            return
        assert figures["objects"]["in"] == len(documents)
        assert len(found) + sum(each["what"] == "object" for each in aside) == len(documents)


def test_a_format_without_fields_fills_them_with_nothing(tmp_path: Path) -> None:
    """Templates may name what responses without a manifest cannot have."""
    job = Job(tmp_path)
    (tmp_path / "manifest" / "a.json").write_text(json.dumps({"answers": [answer("w", STREAMS)]}))
    data = {"format": "worker_responses", "manifest": ""}
    targets = {"segments": {}, "sft": {"rows": "segment", "prompt": "<{product}>", "output": "{label}"}}
    figures, _, _ = job.convert(told(data=data, targets=targets))
    assert sum(figures["rows"]["sft"].values()) == 1


def test_numbers_beyond_a_float_are_no_fault(tmp_path: Path) -> None:
    """Read by the standard library, as half a surrogate pair makes it: a time, a rating, seconds spent."""
    huge = 10**400
    job = Job(tmp_path)
    job.add(line(0), [answer("w", {"t": [segment(huge, 2.0, text=HALF), segment(3.0, 4.0)]})])
    job.add(line(1), [answer("w", STREAMS, rate=huge, note=HALF)])
    job.add(line(2), [{**answer("w", STREAMS, note=HALF), "timeSpentInSeconds": huge}])
    job.add(line(3, duration=1e12), [answer("w", STREAMS), answer("v", STREAMS)])
    figures, aside, found = job.convert(told(targets=TARGETS))
    assert len(found) == 4
    assert reasons(aside)[0] == ("segment", "not_a_number")
    assert len([each for each in aside if each["detail"].startswith("rate: ")]) == 1
    assert figures["durations_not_checked"] == 4
    assert figures["agreement"]["workers"]["w"]["mean_seconds"] is None


def test_a_question_answered_in_two_ways_is_for_a_person(tmp_path: Path) -> None:
    """One worker's page sends a number, another's marks; neither is guessed at."""
    job = Job(tmp_path)
    job.add(line(0), [answer("w", STREAMS, q=4), answer("v", STREAMS, q={"4": True})])
    _, aside, (found,) = job.convert()
    assert reasons(aside) == [("whole", "whole_tie")] * 2
    assert found["whole"] == {}


TASK: dict[str, Any] = {
    "id": 1,
    "data": {"audio": "s3://m/a.wav"},
    "annotations": [
        {
            "completed_by": 1,
            "lead_time": 1.5,
            "result": [
                {"id": "r", "from_name": "s", "type": "labels", "original_length": 30.0,
                 "value": {"start": 0, "end": 1.0, "labels": ["A"]}},
                {"id": "r", "from_name": "t", "type": "textarea",
                 "value": {"start": 0, "end": 1.0, "text": ["hello"]}},
            ],
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "other", "texts", "duration"),
    [
        ('"hello"', '"\\ud800"', [], 30.0),
        ("1.5", "Infinity", ["hello"], 30.0),
        ("1.5", "1e999", ["hello"], 30.0),
        ("30.0", "NaN", ["hello"], None),
        ("30.0", "-1", ["hello"], None),
    ],
)
def test_odd_values_in_an_export_spoil_nothing_else(
    tmp_path: Path, part: str, other: str, texts: list[str], duration: float | None
) -> None:
    """Half a surrogate pair sets its segment aside; numbers that are none are not there; the rest is read."""
    job = Job(tmp_path)
    second = {**TASK, "id": 2, "data": {"audio": "s3://m/b.wav"}}
    odd = json.dumps(TASK).replace(part, other)
    (tmp_path / "manifest" / "e.json").write_text(f"[{odd}, {json.dumps(second)}]")
    _, _, found = job.convert(told(data={"format": "label_studio", "manifest": "", "id": None}))
    first, last = sorted(found, key=lambda each: str(each["id"]))
    assert [each["text"] for each in first["segments"]] == texts
    assert first["duration"] == duration
    assert [each["text"] for each in last["segments"]] == ["hello"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "unreadable"),
        ("{\n" + '"a":\n' * 1000, "unreadable"),
        ("{\n" + '"a": ["' + "x" * (17 << 20) + '"]}', "too_large"),
    ],
)
def test_a_broken_export_is_one_entry(tmp_path: Path, text: str, reason: str) -> None:
    """Nested beyond all measure, cut off after a thousand lines, too large: set aside once, not by line."""
    job = Job(tmp_path)
    (tmp_path / "manifest" / "a.json").write_text(json.dumps(TASK))
    (tmp_path / "manifest" / "e.json").write_text(text)
    _, aside, found = job.convert(told(data={"format": "label_studio", "manifest": "", "id": None}))
    assert len(found) == 1
    assert reasons(aside) == [("object", reason)]
