"""The aws command line against the stand-in, as someone uses it who has never seen this project."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.functional.conftest import RunningStandIn
from tests.functional.shell import aws

pytestmark = pytest.mark.functional


def test_s3_commands(stand_in: RunningStandIn, name: str, tmp_path: Path) -> None:
    """mb, cp with a large file both ways, sync, ls, rm, rb."""
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "small.txt").write_text("hello")
    (source / "sub" / "large.bin").write_bytes(os.urandom(1024 * 1024) * 20)
    aws(stand_in, "s3", "mb", f"s3://{name}")
    aws(stand_in, "s3", "sync", str(source), f"s3://{name}/copy")
    listed = aws(stand_in, "s3", "ls", "--recursive", f"s3://{name}").stdout
    assert [line.split()[-1] for line in listed.splitlines()] == ["copy/small.txt", "copy/sub/large.bin"]
    aws(stand_in, "s3", "cp", "--recursive", f"s3://{name}/copy", str(tmp_path / "back"))
    large = (tmp_path / "back" / "sub" / "large.bin").read_bytes()
    assert large == (source / "sub" / "large.bin").read_bytes()
    plain = stand_in.folder / "s3" / name / "copy" / "sub" / "large.bin"
    assert plain.stat().st_size == len(large)
    assert aws(stand_in, "s3", "sync", str(source), f"s3://{name}/copy").stdout == ""
    aws(stand_in, "s3", "rb", "--force", f"s3://{name}")
    assert not (stand_in.folder / "s3" / name).exists()


def test_sts_and_sqs(stand_in: RunningStandIn, name: str) -> None:
    """Who am I, and a queue. (Version 1 of `aws` sends `sqs` elsewhere unless told on the line.)"""
    identity = json.loads(aws(stand_in, "sts", "get-caller-identity").stdout)
    assert identity["Account"] == stand_in.account
    sqs = ("sqs", "--endpoint-url", stand_in.connection.endpoint)
    url = json.loads(aws(stand_in, *sqs, "create-queue", "--queue-name", name).stdout)["QueueUrl"]
    aws(stand_in, *sqs, "send-message", "--queue-url", url, "--message-body", "hello")
    received = json.loads(aws(stand_in, *sqs, "receive-message", "--queue-url", url).stdout)
    assert received["Messages"][0]["Body"] == "hello"


def test_an_operation_that_is_missing_fails_at_once(stand_in: RunningStandIn) -> None:
    """One line that names it, and an exit code; no page of HTML."""
    failed = aws(stand_in, "kendra", "list-indices", check=False)
    assert failed.returncode != 0
    assert "the stand-in does not have ListIndices of kendra" in failed.stderr
    assert "<html" not in failed.stderr + failed.stdout
