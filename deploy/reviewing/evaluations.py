"""A package's evaluation: where its files lie, and reading the small ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from deploy import objects
from deploy.errors import DENIED, code_of, is_missing
from deploy.reviewing.registry import Package
from deploy.session import Aws

RESULTS, MANIFEST = "results.jsonl", "manifest.json"
# Reasons for which a file cannot be had; others (expired credentials, throttling) say nothing about it.
_ELSEWHERE = frozenset({"InvalidBucketName", "PermanentRedirect", "301", "400"})


@dataclass(frozen=True)
class Places:
    """S3 URIs of what an evaluation wrote; empty where the package does not name it."""

    metrics: str
    report: str

    @property
    def results(self) -> str:
        """Every row with answer and scores."""
        return self._beside(RESULTS)

    @property
    def manifest(self) -> str:
        """What the figures come from, with the hashes of the other files."""
        return self._beside(MANIFEST)

    def _beside(self, name: str) -> str:
        return f"{self.report.rpartition('/')[0]}/{name}" if self.report else ""


@dataclass(frozen=True)
class Read:
    """A JSON document of the evaluation; `problem` says why there is none, `sha256` is of its bytes."""

    content: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    problem: str = ""


def places(package: Package) -> Places:
    """Where the files of the evaluation lie that registered a package."""
    return Places(metrics=package.metrics_uri, report=package.metadata.get("report", ""))


def read(aws: Aws, uri: str) -> Read:
    """A JSON object of the bucket."""
    try:
        body = objects.read(aws, uri)
    except ClientError as error:
        return Read(problem=_unreadable(error))
    if body is None:
        return Read(problem="is missing")
    try:
        content = json.loads(body)
    except ValueError:
        return Read(problem="is no JSON")
    if not isinstance(content, Mapping):
        return Read(problem="is no JSON object")
    return Read(content, hashlib.sha256(body).hexdigest())


def digest(aws: Aws, uri: str) -> str:
    """SHA-256 of an object as it streams in; empty where it cannot be had, which `absence` explains."""
    found = hashlib.sha256()
    try:
        for line in objects.lines(aws, uri):
            found.update(line)
    except ClientError as error:
        if not is_missing(error):
            _unreadable(error)
        return ""
    return found.hexdigest()


def absence(aws: Aws, uri: str) -> str:
    """Why a file is not there for us; empty when it is."""
    bucket, key = objects.split(uri)
    try:
        aws.client("s3").head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=aws.account)
    except ClientError as error:
        return "is missing" if is_missing(error) else _unreadable(error)
    return ""


def _unreadable(error: ClientError) -> str:
    if code_of(error) not in DENIED | _ELSEWHERE:
        raise error
    return f"cannot be read ({code_of(error)})"
