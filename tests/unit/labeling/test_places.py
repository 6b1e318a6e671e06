"""Where answers are found, and where they are never looked for; lengths of media; arrays of any size."""

from __future__ import annotations

import json
import struct
import wave
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from steps.segments.media import duration
from steps.segments.places import ElsewhereError, Places, ResponseError, s3_fetch
from steps.segments.readers.lines import elements_of
from steps.segments.writers.folders import media_file

BELOW = "annotations/worker-response"


def places(folder: Path | None, root: str = "", *, shared: bool = False) -> Places:
    return Places(folder, root, BELOW, 100, shared, lambda bucket, key, _limit: f"{bucket}/{key}".encode())


def test_a_file_below_the_folder_is_read_there_and_others_are_fetched(tmp_path: Path) -> None:
    """By the folder's URI, by the same folder in a copy, else from S3; never by the name alone."""
    (tmp_path / "iteration-1" / "3").mkdir(parents=True)
    (tmp_path / "iteration-1" / "3" / "a.json").write_text("here")
    here = places(tmp_path, f"s3://bucket/job/{BELOW}")
    assert here.read(f"s3://bucket/job/{BELOW}/iteration-1/3/a.json") == (b"here", True)
    assert places(tmp_path).read(f"s3://original/job/{BELOW}/iteration-1/3/a.json") == (b"here", True)
    assert here.read("s3://other/iteration-1/3/a.json") == (b"other/iteration-1/3/a.json", False)
    with pytest.raises(ResponseError, match=r"no iteration-1/4/a\.json"):
        here.read(f"s3://bucket/job/{BELOW}/iteration-1/4/a.json")
    shared = places(tmp_path, f"s3://bucket/job/{BELOW}", shared=True)
    with pytest.raises(ElsewhereError, match=r"^$"):
        shared.read(f"s3://bucket/job/{BELOW}/iteration-1/4/a.json")


@pytest.mark.parametrize(
    "key",
    [
        f"job/{BELOW}/../../../secret",
        f"job/{BELOW}//etc/passwd",
        f"job/{BELOW}/..\\secret",
        "../x",
        "a/./b\0",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, key: str) -> None:
    """Before anything is opened or asked for."""
    with pytest.raises(ResponseError, match="leads out of its folder"):
        places(tmp_path).read(f"s3://bucket/{key}")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("NoSuchKey", "response_missing"),
        ("NoSuchBucket", "response_missing"),
        ("AccessDenied", "response_denied"),
    ],
)
def test_what_s3_refuses_is_a_reason(code: str, reason: str) -> None:
    """Missing, denied, a wrong bucket: each by its name, with the URI."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        stub.add_client_error("get_object", code)
        fetch = s3_fetch(client)
        with pytest.raises(ResponseError, match=f"s3://bucket/key: {code}") as caught:
            fetch("bucket", "key", 100)
    assert caught.value.reason == reason


def test_lengths_come_from_headers(tmp_path: Path) -> None:
    """WAV, FLAC and MP4 with its header at the end; None for anything else, or cut off."""
    with wave.open(str(tmp_path / "a.wav"), "wb") as audio:
        audio.setnchannels(2)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(bytes(4 * 12_000))
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + ((44_100 << 44) | 88_200).to_bytes(8, "big")
    (tmp_path / "b.flac").write_bytes(b"fLaC" + b"\0\0\0\x22" + info + bytes(16))
    mvhd = struct.pack(">I4sIIIII", 108, b"mvhd", 0, 0, 0, 600, 1500) + bytes(80)
    movie = struct.pack(">I4s", 8 + len(mvhd), b"moov") + mvhd
    (tmp_path / "c.mp4").write_bytes(
        struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
        + struct.pack(">I4s", 1008, b"mdat")
        + bytes(1000)
        + movie
    )
    (tmp_path / "d.mp4").write_bytes(b"\0\0\0\x10ftypisom")
    found = [duration(tmp_path / name) for name in ("a.wav", "b.flac", "c.mp4", "d.mp4", "e.wav")]
    assert found == [1.5, 2.0, 2.5, None, None]


def test_media_are_found_by_the_longest_part_of_their_path(tmp_path: Path) -> None:
    """And never outside of the folder."""
    (tmp_path / "media" / "may").mkdir(parents=True)
    (tmp_path / "media" / "may" / "1.wav").touch()
    (tmp_path / "1.wav").touch()
    folder = tmp_path / "media"
    assert media_file(folder, "s3://bucket/calls/may/1.wav") == folder / "may" / "1.wav"
    assert media_file(folder, "s3://bucket/../1.wav") is None
    assert media_file(folder, "s3://bucket/calls/2.wav") is None


def test_an_array_is_read_element_by_element(tmp_path: Path) -> None:
    """Elements larger than what is read at once, wrong ones in between, and an array that is cut off."""
    path = tmp_path / "tasks.json"
    tasks = [{"id": 1, "text": "x" * 3_000_000}, 5, {"id": 2, "inner": [{"a": "]}"}]}]
    path.write_text("  " + json.dumps(tasks, indent=1))
    read = [element for _, element in elements_of(path)]
    assert read == [tasks[0], ("unreadable", "an element of the array is no object"), tasks[2]]
    path.write_text(json.dumps(tasks)[:-10])
    assert [type(element) for _, element in elements_of(path)] == [dict, tuple, tuple]
