"""The log of decisions on a package, read from the bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator

from waiting.tools import Tools

from .tally import Decision, of_document

WRITER_TAG, SOURCE_TAG = "decided-by", "source-identity"


class RecordError(Exception):
    """A record that cannot be read: the package is not served on a guess."""


def read(tools: Tools, group: str, version: int) -> list[Decision]:
    """The decisions in their order."""
    return [_read_one(tools, key) for key in _keys(tools, f"{tools.prefix}/decisions/{group}/{version}/")]


def _keys(tools: Tools, below: str) -> Iterator[str]:
    token = ""
    while True:
        more = {"ContinuationToken": token} if token else {}
        page = tools.s3.list_objects_v2(Bucket=tools.bucket, Prefix=below, **more)
        yield from (each["Key"] for each in page.get("Contents", []) if each["Key"].endswith(".json"))
        token = page.get("NextContinuationToken", "")
        if not token:
            return


def _read_one(tools: Tools, key: str) -> Decision:
    body = tools.s3.get_object(Bucket=tools.bucket, Key=key)["Body"].read()
    tagged = tools.s3.get_object_tagging(Bucket=tools.bucket, Key=key)["TagSet"]
    tags = {each["Key"]: each["Value"] for each in tagged}
    try:
        return of_document(json.loads(body), writer=tags.get(WRITER_TAG, ""), source=tags.get(SOURCE_TAG, ""))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"the decision '{key}' cannot be read") from error
