"""No recording is in two sets: not under two names, two URIs, two spellings, nor as two copies."""

from __future__ import annotations

import json
import time
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.convert.twice import Surveyed, survey
from steps.merge.account import merged
from steps.runtime.errors import StepError
from steps.segments.model import Key
from steps.segments.split import FEW, joined, one_name
from tests.unit.labeling.jobs import Job, answer, line, reasons, segment, told

STREAMS = {"t": [segment(0.0, 2.0)]}
SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "capitals": ({"recording": "Call-1"}, {"recording": "call-1"}),
    "spaces": ({"recording": "call 1"}, {"recording": " call\u00a0  1 "}),
    "composed": ({"recording": "caf\u00e9"}, {"recording": "CAFE\u0301"}),
    "nothing to see": ({"recording": "call-1"}, {"recording": "call\u200b-1\ufeff"}),
    "a number": ({"recording": 7}, {"recording": 7.0}),
    "a version": ({"source-ref": "s3://m/a.wav"}, {"source-ref": "s3://m/a.wav?versionId=3"}),
    "a signature": (
        {"source-ref": "s3://m/c/a.wav"},
        {"source-ref": "https://m.s3.eu-west-1.amazonaws.com/c/a.wav?X-Amz-Signature=1"},
    ),
    "path style": (
        {"source-ref": "s3://m/c/a.wav"},
        {"source-ref": "https://s3.amazonaws.com/m//c/a.wav#t=3"},
    ),
    "percent": ({"source-ref": "s3://m/a b.WAV"}, {"source-ref": "s3://m/a%20b.wav"}),
    "one file, two names": (
        {"source-ref": "s3://m/a.wav", "recording": "x"},
        {"source-ref": "s3://m/a.wav?versionId=3", "recording": "y"},
    ),
}


def sets(
    folder: Path, lines: list[dict[str, Any]], seed: int, media: dict[str, bytes] | None = None
) -> list[str]:
    """The set of each line's object, in order; also proves that `merge` counts what it should."""
    job = Job(folder)
    for number, more in enumerate(lines):
        job.add(line(number, **more), [answer("w", STREAMS)])
    for name, content in (media or {}).items():
        (folder / "media").mkdir(exist_ok=True)
        (folder / "media" / name).write_bytes(content)
    _, aside, found = job.convert(told(split={"seed": seed, "validation": 0.3, "test": 0.3}))
    assert aside == []
    return [each["split"] for each in sorted(found, key=lambda each: int(each["line"]))]


@pytest.mark.parametrize("how", SAME)
def test_one_recording_under_two_spellings_is_in_one_set(tmp_path: Path, how: str) -> None:
    """For each of twelve seeds; by chance two recordings would part in one of them but for 1 in 4,000."""
    for seed in range(12):
        assert len(set(sets(tmp_path / str(seed), list(SAME[how]), seed))) == 1


ONE = "s3://m/c/caf\u00e9 1.wav"
ESCAPED = "caf%C3%A9%201.wav"


@pytest.mark.parametrize(
    "other",
    [
        "S3A://M/C/CAFE\u0301 1.WAV",
        "s3n://m/c//caf\u00e9+1.wav",
        "arn:aws-cn:s3:::m/./c/caf\u00e9 1.wav",
        "s3://m/c/CAF%C3%89%201.wav",
        "s3://m/c/cafe%CC%81%201.wav",
        "s3://m/c/caf%25C3%25A9%25201.wav",
        "s3://m/c/%43af\u00e9 1.wav",
        "s3://m/c/caf\u00e9\ufe0f\u034f\u00a0\u200b1.w\u3164av\x7f",
        f"//m.s3.amazonaws.com/c/{ESCAPED}",
        f"http://m.s3.amazonaws.com:80/c/{ESCAPED}",
        f"https://m.s3-accelerate.dualstack.amazonaws.com:443/c/{ESCAPED}",
        f"https://s3.dualstack.eu-west-1.amazonaws.com./m/c%2F{ESCAPED}",
        f"https://s3.cn-north-1.amazonaws.com.cn/m/c/{ESCAPED}?versionId=7",
    ],
)
def test_a_recording_in_s3_has_one_name(other: str) -> None:
    """Schemes, hosts, ports, escapes once and twice, capitals behind escapes, what cannot be seen."""
    assert one_name(other) == one_name(ONE)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("s3://m/a", "https://m.s3.amazonaws.com/a?response-content-type=x&X-Amz-Signature=1"),
        ("s3://m/a", "s3://m/a?versionId=7"),
        ("https://h/play?id=1", "http://h:80/play?X-Amz-Date=2&id=1"),
        ("https://h/a?Expires=1&Signature=2&Key-Pair-Id=3", "https://h/a"),
        ("file:///d/a.wav", "/d//./a.wav"),
        ("calls/a.wav", "./calls\\a.wav"),
        ("kap\u0131 1", "KAPI 1"),
        ("/data/upload/3/0a1b2c3d-a.wav", "http://localhost:8080/data/upload/12/99887766-A.wav"),
    ],
)
def test_names_without_an_ending_and_names_of_files_are_one(left: str, right: str) -> None:
    """A signature is no part of a name, also where no ending says where the name is over; nor is `./`."""
    assert one_name(left) == one_name(right)


def test_no_name_takes_long() -> None:
    """A host with many dashes was tried in as many ways as there are of parting it: for ever."""
    for name in (f"https://s3{'-a' * 5000}!/x", f"//{'s3.' * 5000}/x", "/./" * 5000, ".wav" * 5000 + "?"):
        started = time.process_time()
        one_name(name)
        assert time.process_time() - started < 2


def test_chains_of_files_and_names_stay_together(tmp_path: Path) -> None:
    """x and y share a file, y and z another: all in one set, whatever the seed."""
    chain = [
        {"source-ref": "s3://m/1.wav", "recording": "x"},
        {"source-ref": "s3://m/1.wav?v=2", "recording": "y"},
        {"source-ref": "s3://m/2.wav", "recording": "Y"},
        {"source-ref": "s3://m/2.wav?v=2", "recording": "z"},
    ]
    for seed in range(12):
        assert len(set(sets(tmp_path / str(seed), chain, seed))) == 1


def test_copies_of_a_file_are_in_one_set(tmp_path: Path) -> None:
    """The same bytes under two names; another file of the same size goes where it belongs."""
    parted = False
    for seed in range(12):
        media = {"0.wav": b"same", "1.wav": b"same", "2.wav": b"else"}
        found = sets(tmp_path / str(seed), [{}, {}, {}], seed, media)
        assert found[0] == found[1]
        parted = parted or found[2] != found[0]
    assert parted


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://example.org/play?id=1", "https://example.org/play?id=2"),
        ("s3://m/1.wav", "s3://n/1.wav"),
        ("call-1", "call-10"),
        ("s3://m/a#1", "s3://m/a#2"),
        ("https://h/play?id=1&sig=x", "https://h/play?id=2&sig=x"),
        ("https://h/a.wav", "https://i/a.wav"),
    ],
)
def test_different_recordings_keep_different_names(left: str, right: str) -> None:
    """A query that names what is played is part of the name; so is the bucket."""
    assert one_name(left) != one_name(right)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(20, 29)), max_size=30))
def test_joined_recordings_are_the_parts_of_the_graph(pairs: list[tuple[int, int]]) -> None:
    """Against a plain search through all pairs."""
    found = joined(array("Q", [a for a, _ in pairs]), array("Q", [b for _, b in pairs]))
    for recording in {b for _, b in pairs}:
        reached, before = {recording}, set[int]()
        while reached != before:
            before = set(reached)
            files = {a for a, b in pairs if b in reached}
            reached |= {b for a, b in pairs if a in files}
        assert found.get(recording, recording) == min(reached)


@pytest.mark.parametrize("what", ["recordings", "files"])
def test_merge_refuses_a_recording_in_two_sets(tmp_path: Path, what: str) -> None:
    """The proof is made of what the instances wrote, not of how they came to it."""
    job = Job(tmp_path)
    job.add(line(0), [answer("w", STREAMS)])
    job.convert()
    books = tmp_path / "out" / "books"
    (marked,) = np.fromfile(books / f"{what}-algo-1.u64", np.uint64)
    np.array([int(marked) ^ 1], np.uint64).tofile(books / f"{what}-algo-2.u64")
    with pytest.raises(StepError, match="a recording stands in two sets"):
        merged(books, None).check_recordings(books)


def test_iterations_of_one_line_are_of_one_recording(tmp_path: Path) -> None:
    """Responses without a manifest: two files of a line's folder, in two iterations."""
    for seed in range(12):
        folder = tmp_path / str(seed)
        job = Job(folder)
        for iteration in (1, 2):
            path = folder / "manifest" / f"iteration-{iteration}" / "5" / f"{iteration}.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({"answers": [answer("w", STREAMS)]}))
        section = told(data={"format": "worker_responses", "manifest": ""}, split={"seed": seed})
        figures, _, found = job.convert(section)
        assert len({each["split"] for each in found}) == 1
        assert sum(each["recordings"] for each in figures["sets"].values()) == 1


def test_two_objects_with_one_id_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """Files are named by the id: the second is set aside with the line of the first, and the first stays."""
    job = Job(tmp_path)
    job.add(line(0, name="n"), [answer("w", {"t": [segment(0.0, 1.0, "first")]})])
    job.add(line(1, name="n"), [answer("w", {"t": [segment(0.0, 1.0, "second")]})])
    _, aside, (found,) = job.convert(told(targets={"segments": {}, "rttm": {}}))
    assert reasons(aside) == [("object", "id_taken")]
    assert aside[0]["detail"] == "by line 0"
    (file,) = (tmp_path / "out" / "targets" / "rttm").rglob("*.rttm")
    assert " first " in file.read_text()
    assert found["segments"][0]["label"] == "first"


def test_a_refused_line_does_not_take_the_place_of_a_good_one(tmp_path: Path) -> None:
    """An object that failed, and was labeled again in a later line, is converted from that."""
    job = Job(tmp_path)
    job.add(line(0, **{"labels-metadata": {"failure-reason": "nobody came"}}))
    job.add({**line(1), "source-ref": "s3://media/0.wav", "name": "object-0"}, [answer("w", STREAMS)])
    _, aside, (found,) = job.convert()
    assert reasons(aside) == [("object", "failed")]
    assert found["line"] == 1


def test_what_a_line_set_aside_says_of_a_recording_counts(tmp_path: Path) -> None:
    """A failed or unlabeled line calls one file by two names: what goes by either is in one set."""
    for seed in range(12):
        job = Job(tmp_path / str(seed))
        job.add(line(0, recording="x"), [answer("a", {"s": [segment(0.0, 1.0)]})])
        failed = line(1, recording="y", **{"source-ref": "s3://media/0.wav"})
        failed["labels-metadata"]["failure-reason"] = "expired"
        job.add(failed)
        job.add({"source-ref": "s3://media/3.wav", "name": "u", "recording": "y"})
        job.add(line(3, recording="z"), [answer("a", {"s": [segment(0.0, 1.0)]})])
        _, _, objects = job.convert(told(split={"seed": seed, "validation": 0.3, "test": 0.3}))
        assert len({each["split"] for each in objects}) == 1


def test_a_large_manifest_is_surveyed_as_a_small_one() -> None:
    """Objects and ids that come twice, and recordings that share a file, beyond what a set may hold."""

    def found(count: int) -> Surveyed:
        names = [f"s3://b/{number}.wav" for number in range(count)]
        keys = [(n, Key(name, f"id-{n}", name, name)) for n, name in enumerate(names)]
        last = count - 1
        keys[last - 2] = last - 2, Key("s3://b/7.wav", "x", "s3://b/7.wav", "s3://b/7.wav")
        keys[last - 1] = last - 1, Key("s3://b/other.wav", "id-8", "s3://b/other.wav", "s3://b/other.wav")
        keys[last] = last, Key("s3://b/9.wav#t=1", "y", "call-9", "s3://b/9.wav")
        return survey(keys, lambda source: None)

    small, large = found(20), found(FEW + 20)
    assert (small.repeated, small.same_id) == ({17: 7}, {18: 8})
    assert (large.repeated, large.same_id) == ({FEW + 17: 7}, {FEW + 18: 8})
    assert small.same == large.same
    assert len(set(large.same.values())) == 1
