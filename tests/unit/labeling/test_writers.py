"""Every target is read back with the tool that people use for it, also for random segments."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pandas
import pyarrow.parquet
import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.runtime.settings import Section
from steps.segments.model import Converted, Item, Moment, Whole
from steps.segments.writers.catalog import TARGETS, Place, writer
from steps.segments.writers.rttm import word
from steps.segments.writers.subtitles import one_line

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
# As the checks let them through: not empty, and not blank.
NAMES = TEXTS.filter(str.strip)
FORMS: Mapping[str, Mapping[str, Any]] = {
    "automl": {"rows": "segment", "prompt": "say {text}:", "output": "<{label}>"},
    "sft": {"rows": "segment", "system": "S", "prompt": "{start} {end} {text}", "output": "<{label}>"},
    "preference": {"prompt": "p {id}", "a": "A {x}", "b": "B", "question": "better"},
    "kto": {"prompt": "p {id}", "completion": "c {x}", "question": "rate", "good_from": 4.0, "bad_to": 2.0},
}


@st.composite
def objects(draw: st.DrawFn) -> Converted:
    """An object with a few segments one after the other, in any script."""
    clock, moments = 0.0, []
    for _ in range(draw(st.integers(0, 6))):
        start = round(clock + draw(st.floats(0, 3600)), 3)
        clock = round(start + draw(st.floats(0.001, 900)), 3)
        moments.append(Moment("t", draw(NAMES), start, clock, draw(TEXTS), draw(TEXTS), {}, 1, 1.0))
    whole = {
        "better": Whole("choice", draw(st.sampled_from(["a", "b", "neither"]))),
        "rate": Whole("rating", draw(st.sampled_from([1.0, 3.0, 5.0]))),
    }
    source = f"s3://media/{draw(st.integers(0, 99))}.wav"
    item = Item(0, draw(NAMES), "r", source, clock + 1, {"x": draw(TEXTS)})
    return Converted(item, "train", 1, moments, whole, ())


def written(folder: Path, target: str, converted: Converted, **more: Any) -> list[Path]:
    """The files that a target makes of an object."""
    place = Place(folder / target, "part", False, ("x",))
    each = writer(target, Section({**FORMS.get(target, {}), **more}, target), place)
    each.write(converted)
    each.close(whole=True)
    return sorted(path for path in (folder / target).rglob("*") if path.is_file())


def json_lines(paths: list[Path]) -> list[Any]:
    """Rows of JSON Lines files, lines ending in \\n alone."""
    return [json.loads(line) for path in paths for line in path.read_bytes().split(b"\n") if line]


def is_text(*texts: str) -> bool:
    return all(text and not text.isspace() for text in texts)


@settings(max_examples=60, deadline=None)
@given(objects())
def test_tables_and_json_lines_hold_what_went_in(converted: Converted) -> None:
    """CSV by csv, Parquet by pyarrow, messages, NeMo and moments by json: every text as it was."""
    with tempfile.TemporaryDirectory() as name:
        folder, moments = Path(name), converted.moments
        expected = [(f"say {m.text}:", f"<{m.label}>") for m in moments]
        paths = written(folder, "automl", converted)
        text = paths[0].read_bytes().decode() if paths else "input,output\n"
        assert [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))] == [
            ("input", "output"),
            *expected,
        ]
        paths = written(folder / "parquet", "automl", converted, format="parquet")
        table = pyarrow.parquet.read_table(paths[0]).to_pylist() if paths else []
        assert [(row["input"], row["output"]) for row in table] == expected
        messages = json_lines(written(folder, "sft", converted))
        assert [[turn["role"] for turn in row["messages"]] for row in messages] == [
            ["system", "user", "assistant"]
        ] * len(moments)
        assert [row["messages"][2]["content"] for row in messages] == [f"<{m.label}>" for m in moments]
        nemo = json_lines(written(folder, "nemo", converted))
        spoken = [m for m in moments if m.text.strip()]
        assert [(row["offset"], row["text"], row["speaker"]) for row in nemo] == [
            (m.start, m.text, m.label) for m in spoken
        ]
        assert all(row["duration"] > 0 for row in nemo)
        assert [row["duration"] for row in nemo] == pytest.approx([m.end - m.start for m in spoken], abs=6e-4)
        windows = {
            row["query"]: row["relevant_windows"] for row in json_lines(written(folder, "moments", converted))
        }
        assert windows == {
            label: [[m.start, m.end] for m in moments if m.label == label]
            for label in {m.label for m in moments}
        }


@settings(max_examples=60, deadline=None)
@given(objects())
def test_subtitles_are_read_by_their_parsers(converted: Converted) -> None:
    """WebVTT by webvtt-py, SRT by pysubs2: times to the millisecond, voices and texts on one line."""
    with tempfile.TemporaryDirectory() as name:
        (vtt,) = written(Path(name), "webvtt", converted)
        captions = list(cast("Iterable[Any]", webvtt.read(str(vtt))))
        moments = converted.moments
        times = [(c.start, c.end) for c in captions]
        assert times == [(stamp(m.start), stamp(m.end)) for m in moments]
        shown = [unescaped(c.raw_text) for c in captions]
        assert shown == [f"<v {one_line(m.label)}>{one_line(m.text)}" for m in moments]
        (srt,) = written(Path(name), "srt", converted)
        cues = [cue.split("\n") for cue in srt.read_bytes().decode().split("\n\n") if cue]
        parts = [[one_line(each).replace("-->", "->") for each in (m.label, m.text)] for m in moments]
        said = [": ".join(filter(None, each)) for each in parts]
        assert [(cue[0], cue[2]) for cue in cues] == [(str(n), text) for n, text in enumerate(said, start=1)]
        if moments:
            events = pysubs2.SSAFile.from_string(srt.read_text("utf-8"), format_="srt", keep_html_tags=True)
            assert [(e.start, e.end) for e in events] == [
                (round(m.start * 1000), round(m.end * 1000)) for m in moments
            ]


def stamp(seconds: float) -> str:
    """A time as WebVTT has it."""
    thousandths = round(seconds * 1000)
    whole, rest = divmod(thousandths, 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:03d}"


def unescaped(text: str) -> str:
    """What a browser shows of escaped text; the voice's own brackets stay."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@settings(max_examples=60, deadline=None)
@given(objects())
def test_rttm_has_ten_fields_whatever_the_names(converted: Converted) -> None:
    """As pyannote, NeMo and dscore split it: at white space, ten fields, the times as they were."""
    with tempfile.TemporaryDirectory() as name:
        (path,) = written(Path(name), "rttm", converted)
        lines = path.read_text("utf-8").split("\n")[:-1]
        fields = [line.split() for line in lines]
        assert all(len(each) == 10 and each[0] == "SPEAKER" for each in fields)
        assert [each[1] for each in fields] == [path.stem] * len(fields)
        assert [(float(each[3]), float(each[4])) for each in fields] == [
            pytest.approx((m.start, m.end - m.start), abs=6e-4) for m in converted.moments
        ]
        assert [each[7] for each in fields] == [word(m.label) for m in converted.moments]
        # As pyannote.database reads it.
        names = ["type", "uri", "channel", "start", "duration", "na2", "na3", "speaker", "na4", "na5"]
        kinds = {"uri": str, "start": float, "duration": float, "speaker": str}
        table = pandas.DataFrame(columns=names)
        if lines:
            table = pandas.read_csv(path, names=names, dtype=kinds, sep=r"\s+", keep_default_na=False)
        assert table["speaker"].tolist() == [each[7] for each in fields]
        assert table["start"].tolist() == [float(each[3]) for each in fields]


def test_segments_shorter_than_a_format_can_say_have_its_shortest_length(tmp_path: Path) -> None:
    """A tenth of a millisecond is one millisecond, never none: tools refuse segments of no length."""
    moment = Moment("t", "A", 1.0, 1.0001, "text", "", {}, 1, 1.0)
    converted = Converted(Item(0, "o", "r", "s3://m/o.wav", 2.0, {"x": "x"}), "train", 1, [moment], {}, ())
    (rttm,) = written(tmp_path, "rttm", converted)
    assert rttm.read_text() == "SPEAKER o 1 1.000 0.001 <NA> <NA> A <NA> <NA>\n"
    (nemo,) = json_lines(written(tmp_path, "nemo", converted))
    assert nemo["duration"] == 0.001
    (window,) = json_lines(written(tmp_path, "moments", converted))
    assert window["relevant_windows"] == [[1.0, 1.001]]


def test_texts_that_look_like_the_format_stay_texts(tmp_path: Path) -> None:
    """An arrow in a subtitle, a quote in a name, a formula, markup: one cue, one line, one row each."""
    label, text = 'A "B', '1\n\n00:00:01,000 --> </v><b>=1+1,"x"'
    moments = [Moment("t", label, each, each + 1.0, text, "", {}, 1, 1.0) for each in (0.0, 2.0)]
    converted = Converted(Item(0, "o", "r", "s3://m/o.wav", 9.0, {"x": "x"}), "train", 1, moments, {}, ())
    (srt,) = written(tmp_path, "srt", converted)
    events = pysubs2.SSAFile.from_string(srt.read_text("utf-8"), format_="srt", keep_html_tags=True)
    assert [(each.start, each.end) for each in events] == [(0, 1000), (2000, 3000)]
    (vtt,) = written(tmp_path, "webvtt", converted)
    captions = list(cast("Iterable[Any]", webvtt.read(str(vtt))))
    assert [unescaped(each.raw_text) for each in captions] == [f"<v {label}>{one_line(text)}"] * 2
    (rttm,) = written(tmp_path, "rttm", converted)
    assert [each.split()[7] for each in rttm.read_text().splitlines()] == ["A_'B"] * 2


@settings(max_examples=60, deadline=None)
@given(objects())
def test_feedback_is_written_only_where_there_is_some(converted: Converted) -> None:
    """A pair where one of two different answers was chosen; a verdict where the rating is good or bad."""
    with tempfile.TemporaryDirectory() as name:
        x = converted.item.fields["x"]
        better, rate = converted.whole["better"].value, converted.whole["rate"].value
        pairs = json_lines(written(Path(name), "preference", converted))
        answers = {"a": f"A {x}", "b": "B"}
        wanted = [] if better == "neither" else [answers[better], answers["b" if better == "a" else "a"]]
        assert [value for row in pairs for value in (row["chosen"], row["rejected"])] == wanted
        verdicts = json_lines(written(Path(name), "kto", converted))
        assert [row["label"] for row in verdicts] == ([] if rate == 3.0 else [rate == 5.0])


@settings(max_examples=40, deadline=None)
@given(objects())
def test_media_folders_name_one_file_each(converted: Converted) -> None:
    """A file name without folders, and the segments as they are."""
    with tempfile.TemporaryDirectory() as name:
        for target in ("audiofolder", "videofolder"):
            (row,) = json_lines(written(Path(name), target, converted))
            assert "/" not in row["file_name"]
            assert row["file_name"].endswith(".wav")
            assert [(s["label"], s["start"], s["end"]) for s in row["segments"]] == [
                (m.label, m.start, m.end) for m in converted.moments
            ]


def test_every_target_resolves_and_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    """Each row of the table makes a writer; files of sets appear when all went well, or not at all."""
    moment = Moment("t", "A", 0.0, 1.0, "text", "", {}, 1, 1.0)
    whole = {"better": Whole("choice", "a"), "rate": Whole("rating", 5.0)}
    item = Item(0, "o", "r", "s3://m/o.wav", 2.0, {"x": "x"})
    converted = Converted(item, "train", 1, [moment], whole, ())
    for target in TARGETS:
        each = writer(
            target, Section(FORMS.get(target, {}), target), Place(tmp_path / target, "part", False, ("x",))
        )
        assert each.write(converted) == 1, target
        each.close(whole=False)
        assert [path for path in (tmp_path / target).rglob("*") if path.is_file()] == [], target


def test_media_of_two_objects_have_two_names_and_stay_as_they_are(tmp_path: Path) -> None:
    """`a` with an ending and `a.wav` without one; nothing linked is written over; a link is followed."""
    media = tmp_path / "media"
    media.mkdir()
    (media / "1.wav").write_bytes(b"one")
    (media / "2").symlink_to("1.wav")
    place = Place(tmp_path / "out", "part", False, (), media)
    each = writer("audiofolder", Section({}, "audiofolder"), place)
    for number, (name, source) in enumerate((("a", "s3://m/1.wav"), ("a.wav", "s3://m/2"))):
        item = Item(number, name, name, source)
        each.write(Converted(item, "train", 1, [], {}, ()))
    each.close(whole=True)
    rows = json_lines([tmp_path / "out" / "train" / "metadata.jsonl"])
    names = [row["file_name"] for row in rows]
    assert names[0] == "a.wav" != names[1]
    assert [(tmp_path / "out" / "train" / name).read_bytes() for name in names] == [b"one", b"one"]
    assert not any((tmp_path / "out" / "train" / name).is_symlink() for name in names)


@pytest.mark.parametrize("target", ["automl", "parquet", "sft", "audiofolder", "segments"])
def test_a_full_disk_leaves_no_part_of_a_target(tmp_path: Path, target: str) -> None:
    """It is full only when the last of two sets is ended: then the first one is not there either."""
    name, form = ("automl", "parquet") if target == "parquet" else (target, None)
    folder = tmp_path / "out"
    ending = {"automl": "csv", "parquet": "parquet"}.get(target, "jsonl")
    full = folder / "test" / (".metadata.jsonl.part" if target == "audiofolder" else f".part.{ending}.part")
    full.parent.mkdir(parents=True)
    full.symlink_to("/dev/full")
    settings_ = {**FORMS.get(name, {}), **({"format": form} if form else {})}
    each = writer(name, Section(settings_, name), Place(folder, "part", False, ("x",)))
    moment = Moment("t", "A", 0.0, 1.0, "text", "", {}, 1, 1.0)
    for split in ("train", "test"):
        item = Item(0, split, split, "s3://m/o.wav", 2.0, {"x": "x"})
        each.write(Converted(item, split, 1, [moment], {}, ()))
    with pytest.raises(OSError, match="No space left on device"):
        each.close(whole=True)
    assert [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()] == []
