"""Where answers are found, and where they are never looked for; lengths of media; arrays of any size."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import wave
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steps.runtime.errors import StepError
from steps.segments.media import duration
from steps.segments.places import Elsewhere, ElsewhereError, Places, ResponseError, s3_fetch
from steps.segments.readers.lines import elements_of
from steps.segments.split import FEW
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


PIECES = st.sampled_from(
    ["iteration-1", "iteration-2", "iteration-x", "0", "1", "01", "7", "a.json", "b.json", "..json", "a.txt",
     "", ".", "..", "a\\b.json", "x\0.json", "\u0661", "annotations", "worker-response", BELOW]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@example(keys=["./1/a.json"], root=f"s3://bucket/job/{BELOW}", below=BELOW, link=False)
@given(
    keys=st.lists(st.lists(PIECES, min_size=1, max_size=6).map("/".join), max_size=12),
    root=st.sampled_from(["", f"s3://bucket/job/{BELOW}", "s3://bucket"]),
    below=st.sampled_from([BELOW, "1", ""]),
    link=st.booleans(),
)
def test_what_is_marked_as_elsewhere_is_found_to_be_so_when_it_is_opened(
    keys: list[str], root: str, below: str, link: bool
) -> None:
    """Whatever references look like: a mark only saves the opening, so no answer is overlooked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in ("iteration-1/0/a.json", "iteration-1/7/b.json", "1/a.json", "iteration-x/1/a.json"):
            (folder / path).parent.mkdir(parents=True)
            (folder / path).write_text("{}")
        if link:
            (folder / "iteration-2").symlink_to("iteration-1")
        here = Places(folder, root, below, 100, True, lambda *_: b"fetched")
        uris = [f"{root or 's3://copy/job'}/{key}" for key in (*keys, "iteration-1/1/a.json")]
        elsewhere = Elsewhere(here)
        for number, uri in enumerate(uris):
            elsewhere.add(2 * number, uri)  # every second line is blank
        marks = elsewhere.lines()
        assert len(marks) == 2 * len(uris) - 1
        assert not any(marks[1::2])
        for uri, mark in zip(uris, marks[::2], strict=True):
            if mark:
                with pytest.raises(ElsewhereError, match=r"^$"):
                    here.read(uri)
        assert bool(marks[-1]) == bool(root and below != "1")


def test_a_folder_of_answers_may_end_in_a_number(tmp_path: Path) -> None:
    """Behind which the number of a line may be meant, or the folder itself: it is opened."""
    (tmp_path / "a.json").write_text("{}")
    here = Places(tmp_path, "", "iteration-1/3", 100, True)
    elsewhere = Elsewhere(here)
    uris = [f"s3://copy/job/iteration-1/3/iteration-1/{line}/a.json" for line in (2, 3)]
    for number, uri in enumerate(uris):
        elsewhere.add(number, uri)
    assert here.read(uris[1]).held
    assert not elsewhere.lines()[1]


@pytest.mark.parametrize(
    "key",
    [
        f"job/{BELOW}/./secret",
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


@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "ExpiredToken", "ServiceUnavailable"])
def test_what_s3_cannot_say_now_ends_the_step(code: str) -> None:
    """Else answers would be missing from the data because of an hour of trouble, up to the share allowed."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        stub.add_client_error("get_object", code)
        with pytest.raises(StepError, match=f"s3://bucket/key cannot be asked for: {code}"):
            s3_fetch(client)("bucket", "key", 100)


def test_a_reference_to_no_bucket_is_the_line_s_own_fault() -> None:
    """A name that no bucket can have never reaches S3."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with pytest.raises(ResponseError, match="s3://My Bucket/key: no name of a bucket") as caught:
        s3_fetch(client)("My Bucket", "key", 100)
    assert caught.value.reason == "response_missing"


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


def test_headers_that_do_not_say_are_not_believed(tmp_path: Path) -> None:
    """A WAV out of a pipe goes to the file's end; fragments, an unknown length, no samples: not known."""

    def wav(size: int, samples: bytes) -> bytes:
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16_000, 2, 16)
        return b"RIFF\xff\xff\xff\xffWAVE" + form + struct.pack("<4sI", b"data", size) + samples

    def movie(length: int) -> bytes:
        mvhd = struct.pack(">I4sIIIII", 108, b"mvhd", 0, 0, 0, 600, length) + bytes(80)
        return struct.pack(">I4s", 8 + len(mvhd), b"moov") + mvhd

    files = {
        "pipe.wav": (wav(0xFFFFFFFF, bytes(32_000)), 2.0),
        "cut.wav": (wav(64_000, bytes(32_000)), 2.0),
        "none.wav": (wav(0, b""), None),
        "old.mov": (movie(1200), 2.0),
        "fragments.mp4": (movie(0), None),
        "unknown.mp4": (movie(0xFFFFFFFF), None),
        "no.flac": (b"fLaC" + bytes(60), None),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    assert {name: duration(tmp_path / name) for name in files} == {
        name: seconds for name, (_, seconds) in files.items()
    }


def page(serial: int, position: int, body: bytes) -> bytes:
    """A page of Ogg with one packet."""
    return struct.pack("<4sBBqIIIBB", b"OggS", 0, 0, position, serial, 0, 0, 1, len(body)) + body


def test_lengths_of_ogg_and_webm(tmp_path: Path) -> None:
    """Vorbis and Opus by the last page of the stream; WebM by its Info, with and without a Duration."""
    vorbis = b"\x01vorbis" + struct.pack("<IBI", 0, 1, 16_000) + bytes(14)
    (tmp_path / "a.ogg").write_bytes(
        page(7, 0, vorbis) + page(7, 40_000, bytes(50)) + page(7, -1, bytes(9)) + page(8, 99_999, bytes(9))
    )
    opus = b"OpusHead" + struct.pack("<BBHI", 1, 1, 312, 16_000) + bytes(3)
    (tmp_path / "b.opus").write_bytes(page(3, 0, opus) + page(3, 48_312 * 1, bytes(20)))

    def element(name: str, body: bytes) -> bytes:
        return bytes.fromhex(name) + bytes([0x80 | len(body)]) + body

    def webm(*info: bytes) -> bytes:
        unknown_size = bytes.fromhex("18538067 01FFFFFFFFFFFFFF")
        cluster = bytes.fromhex("1F43B675 01FFFFFFFFFFFFFF") + bytes(90)
        inner = element("1549A966", b"".join(info))
        return element("1A45DFA3", element("4282", b"webm")) + unknown_size + inner + cluster

    scale, length = element("2AD7B1", (1_000_000).to_bytes(3, "big")), struct.pack(">d", 2_500.0)
    (tmp_path / "c.webm").write_bytes(webm(scale, element("4489", length)))
    (tmp_path / "d.webm").write_bytes(webm(scale))
    (tmp_path / "e.ogg").write_bytes(b"OggS" + bytes(30))
    found = [duration(tmp_path / name) for name in ("a.ogg", "b.opus", "c.webm", "d.webm", "e.ogg")]
    assert found == [2.5, 1.0, 2.5, None, None]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([b"RIFF\0\0\0\0WAVE", b"fLaC", b"\0\0\0\x10ftyp", b"OggS", b"\x1a\x45\xdf\xa3"]),
    st.binary(),
)
def test_no_header_is_a_fault(head: bytes, rest: bytes) -> None:
    """Random bytes behind the mark of a format: a length above zero, or none."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(head + rest)
        file.flush()
        found = duration(Path(file.name))
    assert found is None or found > 0


def test_what_s3_says_is_too_large_is_not_read() -> None:
    """By the length in the answer's head: a hundred megabytes never come into memory."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    body = io.BytesIO()
    body.close()  # to read it is an error
    with Stubber(client) as stub:
        stub.add_response("get_object", {"ContentLength": 100_000_000, "Body": body})
        with pytest.raises(ResponseError, match=r"100\.0 MB, at most 16\.0") as caught:
            s3_fetch(client)("bucket", "key", 16_000_000)
    assert caught.value.reason == "response_too_large"


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


def mp3_frame(header: str, length: int, body: bytes = b"") -> bytes:
    """A frame of MPEG audio: its four bytes, what stands in it, silence."""
    return (bytes.fromhex(header) + body).ljust(length, b"\0")


def test_lengths_of_mp3(tmp_path: Path) -> None:
    """Each frame counts, whatever its rate of bits; what the first one says of all; nothing behind damage."""
    mono_128 = mp3_frame("fffb90c4", 417)  # MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 1152 samples
    mono_64 = mp3_frame("fffb50c4", 208)
    phone = mp3_frame("fff348c4", 144)  # MPEG 2, layer III, 32 kbit/s, 16 kHz: 576 samples
    layer_2 = mp3_frame("fffda4c4", 576)  # MPEG 1, layer II, 192 kbit/s, 48 kHz: 1152 samples
    tags = b"ID3\x04\0\0\0\0\x01\x05" + bytes(133)
    xing = mp3_frame("fffb90c4", 417, bytes(17) + b"Xing\0\0\0\x0f" + (5000).to_bytes(4, "big"))
    seconds = 1152 / 44_100
    files = {
        "constant": (mono_128 * 50, 50 * seconds),
        "varying": (tags + mono_128 * 20 + mono_64 * 30, 50 * seconds),
        "tagged": (mono_128 * 50 + b"TAG" + bytes(125), 50 * seconds),
        "counted": (tags + xing + mono_128 * 3, 5000 * seconds),
        "phone": (phone * 100, 100 * 576 / 16_000),
        "layer 2": (layer_2 * 100, 100 * 1152 / 48_000),
        "cut off": (mono_128 * 50 + mono_128[:200], 50 * seconds),
        "damaged": (mono_128 * 20 + b"\x13" * 50 + mono_128 * 20, None),
        "a hole": (mono_128 * 20 + bytes(417) + mono_128 * 20, None),
        "no frame": (tags + b"none", None),
        "aac": (bytes.fromhex("fff15080") + bytes(500), None),
        "text": (b"\xff\xfeR\0e\0x\0", None),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    found = {name: duration(tmp_path / name) for name in files}
    assert found == {
        name: None if expected is None else pytest.approx(expected) for name, (_, expected) in files.items()
    }


def test_marks_of_a_large_manifest_are_those_of_a_small_one(tmp_path: Path) -> None:
    """Beyond what a set may hold they are found in arrays."""
    (tmp_path / "iteration-1" / "3").mkdir(parents=True)
    (tmp_path / "iteration-1" / f"{FEW}").mkdir()
    elsewhere = Elsewhere(places(tmp_path, "s3://bucket", shared=True))
    for line in range(FEW + 2):
        elsewhere.add(line, f"s3://bucket/iteration-1/{line}/a.json" if line != 5 else None)
    marks = elsewhere.lines()
    assert [line for line, mark in enumerate(marks) if not mark] == [3, 5, FEW]
    assert len(marks) == FEW + 2
