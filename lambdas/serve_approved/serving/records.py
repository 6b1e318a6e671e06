"""The log of decisions on a package, read from the bucket.

A record that is older than the package was made on a deleted one of the same name, and is left out:
deploy/reviewing/decisions.py does the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from waiting.tools import Tools

from .tally import Decision, of_document

WRITER_TAG, SOURCE_TAG = "decided-by", "source-identity"
RESOLUTION = timedelta(seconds=1)  # of the times that S3 tells


class RecordError(Exception):
    """A record that cannot be read: the package is not served on a guess."""


def read(tools: Tools, group: str, version: int, *, created: datetime) -> list[Decision]:
    """The decisions on the package that was created then, in their order."""
    place = f"{tools.prefix}/decisions/{group}/{version}/"
    return [_read_one(tools, key) for key in _keys(tools, place, since=created - RESOLUTION)]


def _keys(tools: Tools, below: str, *, since: datetime) -> Iterator[str]:
    token = ""
    while True:
        more = {"ContinuationToken": token} if token else {}
        page = tools.s3.list_objects_v2(Bucket=tools.bucket, Prefix=below, **more)
        for each in page.get("Contents", []):
            if each["Key"].endswith(".json") and each["LastModified"] >= since:
                yield each["Key"]
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
