"""Inputs laid out as SageMaker does, outputs whole or absent."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.api import ApiError
from local.jobs.channels import ChannelError, download, layout, upload_changed, upload_whole
from local.jobs.request import InputChannel, OutputChannel

LOCAL = "/opt/ml/processing/input/data"


class Bucket:
    """Objects as files; writing the key `full` finds the disk full."""

    def __init__(self, folder: Path, **objects: str) -> None:
        self._folder = folder
        self.objects: dict[str, Path] = {}
        self.writes: list[str] = []
        for key, text in objects.items():
            path = folder / f"{len(self.objects)}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.objects[f"s3://bucket/{key}"] = path

    def list(self, uri_prefix: str) -> Sequence[tuple[str, int]]:
        return [(uri, 0) for uri in sorted(self.objects) if uri.startswith(uri_prefix)]

    def path(self, uri: str) -> Path:
        if uri not in self.objects:
            raise ApiError("NoSuchKey", f"The specified key does not exist: '{uri}'")
        return self.objects[uri]

    def read(self, uri: str) -> bytes:
        return self.path(uri).read_bytes()

    def put_file(self, path: Path, uri: str) -> None:
        if uri.endswith("full"):
            raise OSError(errno.ENOSPC, "No space left on device")
        if uri.endswith("no-entry"):
            raise sqlite3.OperationalError("database or disk is full")
        if "nowhere" in uri:
            raise ApiError("NoSuchBucket", "The specified bucket does not exist")
        self.objects[uri] = path
        self.writes.append(uri)

    def delete(self, uri: str) -> None:
        del self.objects[uri]


@pytest.mark.parametrize(
    ("prefix", "keys", "expected"),
    [
        ("s3://b/a/x.csv", ["a/x.csv"], ["x.csv"]),
        ("s3://b/a", ["a/x.csv", "a/y/z.csv"], ["x.csv", "y/z.csv"]),
        ("s3://b/a/", ["a/x.csv", "a/"], ["x.csv"]),
        ("s3://b/a/tr", ["a/train.csv", "a/train2/y.csv"], ["train.csv", "train2/y.csv"]),
        ("s3://b/a", ["a/x.csv", "ab/y.csv"], ["x.csv"]),
        ("s3://b", ["x.csv"], ["x.csv"]),
    ],
)
def test_keys_become_paths(prefix: str, keys: list[str], expected: list[str]) -> None:
    """An exact key, a folder with and without its slash, a prefix within a name."""
    assert list(layout(prefix, [f"s3://b/{key}" for key in keys]).values()) == expected


def channel(uri: str, **settings: bool) -> InputChannel:
    return InputChannel("data", uri, LOCAL, **settings)


@given(count=st.integers(1, 30), hosts=st.integers(1, 5))
def test_shards_share_nothing_and_miss_nothing(
    tmp_path_factory: pytest.TempPathFactory, count: int, hosts: int
) -> None:
    """Every object goes to exactly one instance, and no instance has two more than another."""
    folder = tmp_path_factory.mktemp("shards")
    bucket = Bucket(folder / "s3", **{f"in/{number:02}": "x" for number in range(count)})
    shards = [
        download(channel("s3://bucket/in/", sharded=True), folder / str(host), bucket, host=host, hosts=hosts)
        for host in range(hosts)
    ]
    names = sorted(file.name for shard in shards for file in shard)
    assert names == [f"{number:02}" for number in range(count)]
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_replicated_inputs_are_whole_on_every_instance(tmp_path: Path) -> None:
    """With their content, in folders as their keys."""
    bucket = Bucket(tmp_path / "s3", **{"in/a": "A", "in/b/c": "C"})
    download(channel("s3://bucket/in"), tmp_path / "job", bucket, host=1, hosts=2)
    folder = tmp_path / "job" / "processing" / "input" / "data"
    assert (folder / "a").read_text() == "A"
    assert (folder / "b" / "c").read_text() == "C"


def test_a_manifest_names_the_objects(tmp_path: Path) -> None:
    """A prefix, then the names below it."""
    manifest = json.dumps([{"prefix": "s3://bucket/in/"}, "b/c"])
    bucket = Bucket(tmp_path / "s3", **{"in/a": "A", "in/b/c": "C", "m": manifest})
    files = download(channel("s3://bucket/m", manifest=True), tmp_path / "job", bucket, host=0, hosts=1)
    assert [file.name for file in files] == ["c"]


@pytest.mark.parametrize(
    ("uri", "manifest", "message"),
    [
        ("s3://bucket/gone", False, "No S3 objects found under S3 URL .*gone.* in input 'data'"),
        ("s3://bucket/gone", True, "ClientError: Input 'data' .s3://bucket/gone.: NoSuchKey"),
        ("s3://bucket/a", True, "a is no manifest"),
    ],
)
def test_an_input_that_is_not_there_is_named(tmp_path: Path, uri: str, manifest: bool, message: str) -> None:
    """The text becomes the job's FailureReason."""
    bucket = Bucket(tmp_path / "s3", a="{}")
    with pytest.raises(ChannelError, match=message):
        download(channel(uri, manifest=manifest), tmp_path / "job", bucket, host=0, hosts=1)


def test_a_key_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    """A key with `..` in it is refused."""
    bucket = Bucket(tmp_path / "s3", **{"in/../../x": "evil"})
    with pytest.raises(ChannelError, match=r"the key '\.\./\.\./x', which is no path"):
        download(channel("s3://bucket/in/"), tmp_path / "job", bucket, host=0, hosts=1)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([{}, "a"], "m is no manifest: a prefix and the names below it are texts"),
        ([{"prefix": "s3://bucket/in/"}, 1], "m is no manifest: a prefix and the names below it are texts"),
        ([{"prefix": "s3://bucket/in/"}, "gone"], "does not exist: 's3://bucket/in/gone'"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_the_users(
    tmp_path: Path, document: list[object], message: str
) -> None:
    """A ClientError of the input, not a fault of the machine."""
    bucket = Bucket(tmp_path / "s3", **{"in/a": "A", "m": json.dumps(document)})
    with pytest.raises(ChannelError, match=f"^ClientError: Input 'data'.*{message}"):
        download(channel("s3://bucket/m", manifest=True), tmp_path / "job", bucket, host=0, hosts=1)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("in/a", "in/a/b"), "s3://bucket/in/a/b, whose key is a folder of another object's key"),
        (("in/" + "x" * 300,), "whose name is too long for a file: s3://bucket/in/x"),
        (("in/a\0b",), "which is no path"),
    ],
)
def test_keys_that_cannot_be_files_are_named(tmp_path: Path, keys: tuple[str, ...], message: str) -> None:
    """S3 takes them, a file system does not: a ClientError with the object."""
    bucket = Bucket(tmp_path / "s3", **dict.fromkeys(keys, "x"))
    with pytest.raises(ChannelError, match=f"^ClientError: Input 'data' has .*{message}"):
        download(channel("s3://bucket/in/"), tmp_path / "job", bucket, host=0, hosts=1)


def output(uri: str, name: str = "out") -> OutputChannel:
    return OutputChannel(name, uri, f"/opt/ml/processing/{name}")


def written(folder: Path, name: str, *files: str) -> Path:
    for file in files:
        path = folder / "processing" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "why"), [("z/full", "No space left on device"), ("z/no-entry", "database or disk is full")]
)
def test_an_upload_that_fails_leaves_nothing(tmp_path: Path, file: str, why: str) -> None:
    """What went up before the disk was full is taken back."""
    bucket = Bucket(tmp_path / "s3")
    folder = written(tmp_path / "job", "out", "a", "b/c", file)
    with pytest.raises(ChannelError, match=f"^ClientError: Output 'out' .*{file}.* cannot be written: {why}"):
        upload_whole([(output("s3://bucket/o"), folder)], bucket)
    assert bucket.writes == ["s3://bucket/o/a", "s3://bucket/o/b/c"]
    assert bucket.objects == {}


def test_a_file_name_that_is_no_key_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, as a Linux file name may have them; nothing has gone up before."""
    bucket, folder = Bucket(tmp_path / "s3"), written(tmp_path / "job", "out", "a")
    (folder / "processing" / "out" / os.fsdecode(b"\xff")).write_text("x", encoding="utf-8")
    expected = r"ClientError: Output 'out' has a file whose name is not UTF-8: b'\\xff'"
    with pytest.raises(ChannelError, match=expected):
        upload_whole([(output("s3://bucket/o"), folder)], bucket)
    assert bucket.objects == {}


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The reason has output, place and the service's words."""
    folder = written(tmp_path / "job", "out", "a")
    expected = r"ClientError: Output 'out' \(s3://nowhere/a\): The specified bucket does not exist"
    with pytest.raises(ChannelError, match=expected):
        upload_whole([(output("s3://nowhere"), folder)], Bucket(tmp_path / "s3"))


def test_only_changes_are_uploaded_again(tmp_path: Path) -> None:
    """A continuous output goes up file by file, as files appear and change."""
    bucket, seen = Bucket(tmp_path / "s3"), {}  # type: ignore[var-annotated]  # filled by the call
    folder = written(tmp_path / "job", "out", "a")
    for _ in range(2):
        upload_changed(output("s3://bucket/o"), folder, bucket, seen)
    written(folder, "out", "b")
    (folder / "processing" / "out" / "a").write_text("longer", encoding="utf-8")
    upload_changed(output("s3://bucket/o"), folder, bucket, seen)
    assert bucket.writes == ["s3://bucket/o/a", "s3://bucket/o/a", "s3://bucket/o/b"]


class Vanishing(Bucket):
    """The program renames its file in the moment in which it is copied."""

    def put_file(self, path: Path, uri: str) -> None:
        if path.name == "part.tmp":
            path.rename(path.with_name("part"))
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        super().put_file(path, uri)


def test_a_file_that_is_renamed_while_it_is_uploaded_fails_nothing(tmp_path: Path) -> None:
    """The next look finds it under its own name."""
    folder, bucket = tmp_path / "job", Vanishing(tmp_path)
    written(folder, "out", "part.tmp", "whole")
    seen: dict[Path, tuple[int, int]] = {}
    upload_changed(output("s3://bucket/o"), folder, bucket, seen)
    assert bucket.writes == ["s3://bucket/o/whole"]
    upload_changed(output("s3://bucket/o"), folder, bucket, seen)
    assert bucket.writes == ["s3://bucket/o/whole", "s3://bucket/o/part"]
