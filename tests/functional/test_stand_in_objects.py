"""S3 of the stand-in through boto3: whole objects, plain files, many clients at once."""

from __future__ import annotations

import hashlib
import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn

pytestmark = pytest.mark.functional

MEBIBYTE = 1024 * 1024


@pytest.fixture
def bucket(stand_in: RunningStandIn, name: str) -> str:
    stand_in.client("s3").create_bucket(Bucket=name)
    return name


def test_an_object_is_a_readable_file(stand_in: RunningStandIn, bucket: str) -> None:
    """Every object lies under .local/s3/<bucket>/<key>, and goes with it."""
    s3 = stand_in.client("s3")
    s3.put_object(
        Bucket=bucket, Key="a/b c/ü.txt", Body=b"hello", Metadata={"who": "me"}, ContentType="text/x"
    )
    file = stand_in.folder / "s3" / bucket / "a" / "b c" / "ü.txt"
    assert file.read_bytes() == b"hello"
    answer = s3.get_object(Bucket=bucket, Key="a/b c/ü.txt")
    assert (answer["Body"].read(), answer["Metadata"], answer["ContentType"]) == (
        b"hello",
        {"who": "me"},
        "text/x",
    )
    s3.put_object(Bucket=bucket, Key="a/b c/ü.txt", Body=b"again")
    assert file.read_bytes() == b"again"
    s3.delete_object(Bucket=bucket, Key="a/b c/ü.txt")
    assert not file.exists()
    assert not (stand_in.folder / "s3" / bucket / "a").exists()


@pytest.mark.parametrize(
    "key", ["a//b", "../outside", "a/./b", "folder/", "x" * 1000, "a\\b", "p", "p/q", "é" * 200]
)
def test_a_key_that_is_no_file_name_is_kept_all_the_same(
    stand_in: RunningStandIn, bucket: str, key: str
) -> None:
    """Names that no file can have are objects like others, and write nowhere else."""
    s3 = stand_in.client("s3")
    s3.put_object(Bucket=bucket, Key="p", Body=b"a file that is also a folder")
    s3.put_object(Bucket=bucket, Key="p/q", Body=b"below it")
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert key in [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert not (stand_in.folder / "outside").exists()


def test_large_objects_pass_through_without_filling_memory(stand_in: RunningStandIn, bucket: str) -> None:
    """An 80 MB put, multipart upload, ranged download and copy cost the process next to nothing."""
    s3 = stand_in.client("s3", request_checksum_calculation="when_required")
    server = psutil.Process(json.loads((stand_in.folder / "server.json").read_text())["pid"])
    before = server.memory_info().rss
    content = os.urandom(MEBIBYTE) * 80
    s3.put_object(Bucket=bucket, Key="whole", Body=content)
    s3.upload_fileobj(
        io.BytesIO(content), bucket, "parts", Config=TransferConfig(multipart_chunksize=16 * MEBIBYTE)
    )
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "parts"})
    target = io.BytesIO()
    s3.download_fileobj(bucket, "copy", target)
    assert hashlib.sha256(target.getvalue()).digest() == hashlib.sha256(content).digest()
    assert s3.head_object(Bucket=bucket, Key="parts")["ETag"].endswith('-5"')
    assert server.memory_info().rss - before < 40 * MEBIBYTE
    for key in ("whole", "parts", "copy"):
        s3.delete_object(Bucket=bucket, Key=key)


def test_ranges(stand_in: RunningStandIn, bucket: str) -> None:
    """First bytes, last bytes, the middle, and beyond the end."""
    s3 = stand_in.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")

    def part(wanted: str) -> Any:
        answer = s3.get_object(Bucket=bucket, Key="k", Range=wanted)
        return answer["Body"].read(), answer["ContentRange"]

    assert part("bytes=0-3") == (b"0123", "bytes 0-3/10")
    assert part("bytes=7-99") == (b"789", "bytes 7-9/10")
    assert part("bytes=-2") == (b"89", "bytes 8-9/10")
    with pytest.raises(ClientError, match="InvalidRange"):
        part("bytes=10-")


def test_only_one_of_many_conditional_puts_wins(stand_in: RunningStandIn, bucket: str) -> None:
    """If-None-Match: * is decided and written in one: it can be a lock."""
    s3 = stand_in.client("s3")

    def attempt(number: int) -> str:
        try:
            s3.put_object(Bucket=bucket, Key="lock", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "won"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, range(24)))
    assert sorted(results) == ["PreconditionFailed"] * 23 + ["won"]
    winner = str(results.index("won")).encode()
    assert s3.get_object(Bucket=bucket, Key="lock")["Body"].read() == winner


def test_readers_never_see_a_mixture(stand_in: RunningStandIn, bucket: str) -> None:
    """While one key is overwritten, every answer's body fits its ETag."""
    s3 = stand_in.client("s3")
    bodies = [bytes([letter]) * (50_000 + letter) for letter in range(65, 73)]
    s3.put_object(Bucket=bucket, Key="k", Body=bodies[0])

    def work(number: int) -> int:
        if number % 2:
            s3.put_object(Bucket=bucket, Key="k", Body=bodies[number % 8])
            return 0
        answer = s3.get_object(Bucket=bucket, Key="k")
        body = answer["Body"].read()
        return int(hashlib.md5(body).hexdigest() != answer["ETag"].strip('"') or body not in bodies)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(160))) == 0
    file = (stand_in.folder / "s3" / bucket / "k").read_bytes()
    assert file == s3.get_object(Bucket=bucket, Key="k")["Body"].read()


def test_a_corrupted_body_is_refused(stand_in: RunningStandIn, bucket: str) -> None:
    """A checksum that does not fit keeps the old object."""
    s3 = stand_in.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"good")
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"bad", ChecksumCRC32="AAAAAA==")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"good"


def test_versions_and_delete_markers(stand_in: RunningStandIn, bucket: str) -> None:
    """A versioned bucket keeps what was overwritten; the plain file is the newest."""
    s3 = stand_in.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"one")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"two")
    file = stand_in.folder / "s3" / bucket / "k"
    assert file.read_bytes() == b"two"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"one"
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    assert not file.exists()
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert file.read_bytes() == b"two"


def test_listing_deleting_and_tagging_many(stand_in: RunningStandIn, bucket: str) -> None:
    """Pages, prefixes with delimiters, bulk deletes and tags."""
    s3 = stand_in.client("s3")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"f{n % 3}/{n:03}", Body=b"x"), range(60)))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 25})
    assert sum(len(page["Contents"]) for page in pages) == 60
    prefixes = s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
    assert [entry["Prefix"] for entry in prefixes] == ["f0/", "f1/", "f2/"]
    s3.put_object_tagging(Bucket=bucket, Key="f0/000", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="f0/000")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"f0/{n:03}"} for n in range(0, 60, 3)]})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 40
    assert not (stand_in.folder / "s3" / bucket / "f0").exists()


def test_what_is_not_there_is_named(stand_in: RunningStandIn, bucket: str, tmp_path: Path) -> None:
    """No bucket, no key, no upload, a bucket that is not empty: AWS's codes."""
    s3 = stand_in.client("s3")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.put_object(Bucket=f"{bucket}-other", Key="k", Body=b"")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.upload_part(Bucket=bucket, Key="k", UploadId="none", PartNumber=1, Body=b"")
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket=bucket)
