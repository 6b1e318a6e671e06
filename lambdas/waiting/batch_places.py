"""Objects of a batch in S3: read whole or line by line, written, listed.

<work>/state.json                               what is to be done (batch_state.py)
<work>/<job>/<attempt>.json                     what the attempt before left unfinished: {"records": n}
<work>/<job>/<attempt>/<file>.jsonl             those records, the input of this attempt
<output>/<job>/<attempt>/<id>/<file>.jsonl.out  what Bedrock wrote
<output>/on-demand/<job>/<attempt>/<file>-<slice>.jsonl.out
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from waiting.failures import AWS_ERRORS, is_missing

CHUNK = 1024 * 1024


class Place(NamedTuple):
    bucket: str
    key: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def place(uri: str) -> Place:
    """The bucket and key of an S3 URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return Place(bucket, key)


def read(s3: Any, uri: str) -> Any | None:
    """The JSON of an object, None when there is none."""
    where = place(uri)
    try:
        return json.loads(s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read())
    except AWS_ERRORS as error:
        if is_missing(error):
            return None
        raise


def write(s3: Any, uri: str, content: Any) -> None:
    """The JSON as an object."""
    where = place(uri)
    body = json.dumps(content, ensure_ascii=False).encode()
    s3.put_object(Bucket=where.bucket, Key=where.key, Body=body, ContentType="application/json")


def put(s3: Any, uri: str, body: Any) -> None:
    """JSON Lines, from bytes or an open file."""
    where = place(uri)
    s3.put_object(Bucket=where.bucket, Key=where.key, Body=body, ContentType="application/jsonlines")


def lines(s3: Any, uri: str) -> Iterator[bytes]:
    """The lines of an object that are not blank; memory holds a piece of it at a time."""
    where = place(uri)
    body = s3.get_object(Bucket=where.bucket, Key=where.key)["Body"]
    rest = b""
    while piece := body.read(CHUNK):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest


def files(s3: Any, prefix: str, ending: str) -> list[str]:
    """The URIs below a prefix that end like this, in order."""
    where = place(prefix.rstrip("/") + "/")
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        listed = s3.list_objects_v2(Bucket=where.bucket, Prefix=where.key, **more)
        found += [each["Key"] for each in listed.get("Contents", []) if each["Key"].endswith(ending)]
        if "NextContinuationToken" not in listed:
            return [Place(where.bucket, key).uri for key in sorted(found)]
        more = {"ContinuationToken": listed["NextContinuationToken"]}


def below(uri: str, prefix: str) -> str:
    """The part of a URI behind a prefix."""
    return uri.removeprefix(prefix.rstrip("/") + "/")
