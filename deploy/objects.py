"""Reading the bucket: documents, and what lies below a place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import is_missing
from deploy.paging import entries
from deploy.session import Aws

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Found:
    """An object of a bucket; `size` in bytes, `changed` when it was written."""

    uri: str
    size: int
    changed: datetime | None = None


def split(uri: str) -> tuple[str, str]:
    """s3://bucket/key as bucket and key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def read(aws: Aws, uri: str) -> bytes | None:
    """The whole object; None when there is none."""
    bucket, key = split(uri)
    try:
        body: bytes = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return body


def lines(aws: Aws, uri: str) -> Iterator[bytes]:
    """The object line by line, with their ends, as it streams in; only \\n ends a line."""
    bucket, key = split(uri)
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    parts: list[bytes] = []  # of the line that goes on
    while block := body.read(_BLOCK):
        first, *rest = block.split(b"\n")
        parts.append(first)
        for begin in rest:
            yield b"".join(parts) + b"\n"
            parts = [begin]
    if last := b"".join(parts):
        yield last


def read_json(aws: Aws, uri: str) -> Any | None:
    """The JSON document in an object; None when there is no such object, or no JSON in it."""
    body = read(aws, uri)
    try:
        return None if body is None else json.loads(body)
    except ValueError:
        return None


def below(aws: Aws, uri: str) -> Iterator[Found]:
    """Every object whose URI begins with this one, in the order of the keys."""
    bucket, prefix = split(uri)
    tokens = {"sent": "ContinuationToken", "told": "NextContinuationToken"}
    ask = aws.client("s3").list_objects_v2
    for entry in entries(ask, "Contents", **tokens, Bucket=bucket, Prefix=prefix):
        yield Found(f"s3://{bucket}/{entry['Key']}", entry["Size"], entry.get("LastModified"))
