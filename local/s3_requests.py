"""S3 requests on their way to moto: body into a file, then the key is locked, changed and written down."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from moto.core.request import Request

from local import protocol, s3_intake
from local.protocol import Answer, Route
from local.s3_bodies import Bodies
from local.s3_journal import Journal
from local.s3_patches import STAGED_KEY

BRINGS_A_BODY = frozenset({"PutObject", "UploadPart"})
_UPLOADS = frozenset(
    {
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPartCopy",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
    }
)
# Everything else that changes one key; requests on buckets change what the snapshot holds.
_CHANGES_A_KEY = _UPLOADS | {
    "PutObject",
    "CopyObject",
    "DeleteObject",
    "PutObjectTagging",
    "DeleteObjectTagging",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "RestoreObject",
}
_READS_A_KEY = frozenset({"GetObject", "HeadObject"})


class S3Requests:
    """Wraps what moto does for a request in what keeps objects whole."""

    def __init__(self, *, bodies: Bodies, journal: Journal) -> None:
        self._bodies = bodies
        self._journal = journal

    def answer(self, request: Request, found: Route, answer: Callable[[], Answer]) -> Answer:
        staged = None
        if found.operation in BRINGS_A_BODY:
            staged = s3_intake.stage(request.environ, self._bodies)
            _empty_body(request.environ)
            request.environ[STAGED_KEY] = staged
        try:
            with self._guard(request, found):
                made = answer()
        finally:
            if staged is not None and not self._journal.refers_to(*_bucket_and_key(request), staged.body):
                self._bodies.discard([staged.body.name])
        return made

    def writes_rows(self, operation: str) -> bool:
        """Whether the journal, not the snapshot, holds what this operation changes."""
        return operation in _CHANGES_A_KEY or operation == "DeleteObjects"

    @contextmanager
    def _guard(self, request: Request, found: Route) -> Iterator[None]:
        bucket, key = _bucket_and_key(request)
        if found.operation == "DeleteObjects":
            with self._journal.changing(bucket, *_named_objects(request, found)):
                yield
        elif found.operation in _CHANGES_A_KEY:
            with self._journal.changing(bucket, key, uploads=found.operation in _UPLOADS):
                yield
        elif found.operation in _READS_A_KEY:
            with self._journal.reading(bucket, key):
                yield
        else:
            yield
            if found.operation == "DeleteBucket":
                self._bodies.forget_bucket(bucket)


def _bucket_and_key(request: Request) -> tuple[str, str]:
    bucket, _, key = request.raw_path.removeprefix("/").partition("/")
    return unquote(bucket), unquote(key)


def _named_objects(request: Request, found: Route) -> list[str]:
    parameters = protocol.parse(request, found)
    request.environ["wsgi.input"].seek(0)
    objects: list[dict[str, Any]] = parameters.get("Delete", {}).get("Objects", [])
    return [entry["Key"] for entry in objects]


def _empty_body(environ: dict[str, Any]) -> None:
    environ["wsgi.input"] = io.BytesIO()
    environ["CONTENT_LENGTH"] = "0"
    environ.pop("HTTP_TRANSFER_ENCODING", None)
