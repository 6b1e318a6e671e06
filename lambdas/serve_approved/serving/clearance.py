"""Whether an approved package may be served: its decisions and its evidence, looked at anew.

The status alone says little: Studio's button sets it too. deploy/reviewing/evidence.py tells whoever
decides the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from waiting.failures import AWS_ERRORS, code, is_missing
from waiting.tools import Tools

from . import records
from .settings import Settings
from .tally import APPROVED, REJECTED, Caller, Decision, Tally, launcher_of, tally

BLOCK = 1 << 20
UNREADABLE = frozenset({"AccessDenied", "403", "InvalidBucketName", "PermanentRedirect", "301", "400"})


@dataclass(frozen=True)
class Package:
    """An approved package, as far as serving it goes. `instance_types`: those that it says can serve it."""

    arn: str
    group: str
    version: int
    metrics: str
    report: str
    data_hash: str
    execution: str
    instance_types: tuple[str, ...]
    created: datetime

    @property
    def name(self) -> str:
        """GROUP/VERSION."""
        return f"{self.group}/{self.version}"


def described(tools: Tools, arn: str) -> Package:
    """A package by its ARN."""
    answer = tools.sagemaker.describe_model_package(ModelPackageName=arn)
    metadata = answer.get("CustomerMetadataProperties", {})
    statistics = answer.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
    inference = answer.get("InferenceSpecification", {})
    return Package(
        arn=answer["ModelPackageArn"],
        group=answer["ModelPackageGroupName"],
        version=answer["ModelPackageVersion"],
        metrics=statistics.get("S3Uri", ""),
        report=metadata.get("report", ""),
        data_hash=metadata.get("data_hash", ""),
        execution=metadata.get("execution", ""),
        instance_types=tuple(inference.get("SupportedRealtimeInferenceInstanceTypes", ())),
        created=answer["CreationTime"],
    )


def objections(tools: Tools, settings: Settings, package: Package, *, is_served: bool) -> list[str]:
    """Why an approved package is not served; empty when it may be. No names of people: this is sent around.

    One that is served already stays while nobody has rejected it: a rule that became stricter, or a file of
    its evaluation that was cleared away, takes no model out of service.
    """
    try:
        log = records.read(tools, package.group, package.version, created=package.created)
    except records.RecordError as error:
        return [str(error)]
    launcher = _launcher(tools, package) if settings.not_launcher else None
    found = tally(log, settings, launcher)
    if is_served and _was_approved(log):
        return []
    if not log:
        return ["nobody's decision is recorded: its status was changed in another way"]
    if found.status != APPROVED:
        return [_undecided(found, settings)]
    return [*_changed(tools, found.approvals[-1]), *_gaps(tools, package, found)]


def _was_approved(log: list[Decision]) -> bool:
    """The last decision that its own writer has signed is an approval."""
    signed = [each for each in log if each.writer and each.writer == each.caller.user_id]
    return bool(signed) and signed[-1].decision == APPROVED


def _undecided(found: Tally, settings: Settings) -> str:
    if found.status == REJECTED:
        return "the log of decisions says Rejected"
    return f"{len(found.approvals)} of {settings.approvers} approvals count"


def _launcher(tools: Tools, package: Package) -> Caller | None:
    if not package.execution:
        return None
    try:
        answer = tools.sagemaker.describe_pipeline_execution(PipelineExecutionArn=package.execution)
    except AWS_ERRORS as error:
        if is_missing(error):
            return None
        raise
    return launcher_of(answer.get("PipelineExecutionDescription", ""))


def _changed(tools: Tools, approval: Decision) -> Iterator[str]:
    """Files that are not those that the decision was based on."""
    for uri, etag in approval.evidence.items():
        if _etag(tools, uri) != etag:
            yield f"evidence has changed since the decision: {uri}"


def _gaps(tools: Tools, package: Package, found: Tally) -> list[str]:
    """What is missing, unless every approval was forced."""
    if all(approval.forced for approval in found.approvals):
        return []
    return [f"approved without --force, though {gap}" for gap in _missing(tools, package)]


def _missing(tools: Tools, package: Package) -> Iterator[str]:
    folder = package.report.rpartition("/")[0]
    metrics, digest = _document(tools, package.metrics)
    manifest, _ = _document(tools, f"{folder}/manifest.json" if folder else "")
    if not isinstance(metrics.get("metrics"), Mapping):
        yield "its evaluation figures are missing"
    if not folder or not _etag(tools, package.report):
        yield "its evaluation report is missing"
    if not folder or not _etag(tools, f"{folder}/results.jsonl"):
        yield "its results by row are missing"
    hashes = manifest.get("files")
    written = hashes if isinstance(hashes, Mapping) else {}
    if written.get("evaluation_metrics.json") != digest:
        yield "its evaluation figures are not those of the manifest"
    rows = _digest(tools, f"{folder}/results.jsonl") if folder else ""
    if rows and written.get("results.jsonl") != rows:
        yield "its results by row are not those of the manifest"
    if package.data_hash in ("", "unknown"):
        yield "the hash of its training data is not known"
    yield from _overlap(metrics.get("training_overlap"))


def _overlap(found: Any) -> Iterator[str]:
    rows = found.get("rows") if isinstance(found, Mapping) else None
    if not isinstance(rows, int):
        yield "nobody counted how many of the rows asked stand in its training set"
    elif rows:
        yield f"{rows} of the rows asked stand in its training set"


def _document(tools: Tools, uri: str) -> tuple[Mapping[str, Any], str]:
    """A JSON object with the SHA-256 of its bytes; nothing where it is missing or none."""
    if not uri:
        return {}, ""
    bucket, key = _split(uri)
    try:
        body: bytes = tools.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        content = json.loads(body)
    except ValueError:
        return {}, ""
    except AWS_ERRORS as error:
        if is_missing(error) or code(error) in UNREADABLE:
            return {}, ""
        raise
    return (content, hashlib.sha256(body).hexdigest()) if isinstance(content, dict) else ({}, "")


def _digest(tools: Tools, uri: str) -> str:
    """SHA-256 of an object as it streams in; empty where it is missing."""
    bucket, key = _split(uri)
    found = hashlib.sha256()
    try:
        body = tools.s3.get_object(Bucket=bucket, Key=key)["Body"]
        while block := body.read(BLOCK):
            found.update(block)
    except AWS_ERRORS as error:
        if is_missing(error) or code(error) in UNREADABLE:
            return ""
        raise
    return found.hexdigest()


def _etag(tools: Tools, uri: str) -> str:
    """Empty where the object is missing."""
    bucket, key = _split(uri)
    try:
        return str(tools.s3.head_object(Bucket=bucket, Key=key)["ETag"]).strip('"')
    except AWS_ERRORS as error:
        if is_missing(error) or code(error) in UNREADABLE:
            return ""
        raise


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
