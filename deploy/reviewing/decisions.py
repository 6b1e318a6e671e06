"""The log of decisions: one object each, written once, numbered in the order in which they were made.

    s3://<bucket>/<prefix>/decisions/<group>/<version>/<sequence, four digits>.json

A decision claims the next number with a conditional put. Of two that claim the same one S3 takes the first;
the other is told what that one said. The tags of the object name its writer: the bucket's policy lets nobody
put somebody else's (infra/base.yaml), so a record whose tag differs from its text does not count. Nor does
one that is older than the package: a group that was deleted and made again numbers its versions from 1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from config.models import Environment
from deploy import objects
from deploy.errors import code_of, is_missing
from deploy.reviewing import callers
from deploy.reviewing.callers import Caller
from deploy.reviewing.registry import Package
from deploy.session import Aws

VERSION = 1
WRITER_TAG, SOURCE_TAG = "decided-by", "source-identity"
APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
AT_ONCE = 8
# If-None-Match found an object; or another conditional put of the same key is under way.
_TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_RESOLUTION = timedelta(seconds=1)  # of the times that S3 tells


class RecordError(PlatformError):
    """A record that cannot be read."""


class TakenError(PlatformError):
    """Somebody else has claimed the number."""


@dataclass(frozen=True)
class Evidence:
    """A file that was there when the decision was made; `etag` as S3 gives it, without quotes."""

    uri: str
    etag: str


@dataclass(frozen=True)
class Decision:
    """One record. `gaps`: what was missing; `writer`: by the object's tag, the caller's id if all is well;
    `of_former`: it is older than the package, and was made on a deleted one of the same name."""

    package: str
    sequence: int
    decision: str
    reason: str
    caller: Caller
    at: datetime
    forced: bool
    gaps: tuple[str, ...]
    launcher: Caller | None
    evidence: tuple[Evidence, ...]
    approvers: int
    not_launcher: bool
    writer: str
    of_former: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """The JSON that the object holds."""
        return {
            "version": VERSION,
            "package": self.package,
            "sequence": self.sequence,
            "decision": self.decision,
            "reason": self.reason,
            "caller": self.caller.document,
            "time": self.at.astimezone(UTC).isoformat(),
            "forced": self.forced,
            "gaps": list(self.gaps),
            "launcher": self.launcher.document if self.launcher else None,
            "evidence": [{"uri": each.uri, "etag": each.etag} for each in self.evidence],
            "required": {"approvers": self.approvers, "not_launcher": self.not_launcher},
        }


def folder(environment: Environment, group: str, version: int | None = None) -> str:
    """The key below which the decisions of a group, or of one package, lie."""
    below = f"{names.key_prefix(environment)}/decisions/{group}/"
    return below if version is None else f"{below}{version}/"


def read(aws: Aws, environment: Environment, package: Package) -> tuple[Decision, ...]:
    """A package's decisions in their order. Raises RecordError for one that cannot be read."""
    found = listed(aws, environment, package.group, package.version)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return tuple(pool.map(lambda each: _read_one(aws, each, package.created), found))


def listed(
    aws: Aws, environment: Environment, group: str, version: int | None = None
) -> tuple[objects.Found, ...]:
    """The records of a group, or of one package; none where there is no bucket yet."""
    below = names.s3_uri(environment, folder(environment, group, version))
    try:
        return tuple(found for found in objects.below(aws, below) if found.uri.endswith(".json"))
    except ClientError as error:
        if is_missing(error):
            return ()
        raise


def claim(aws: Aws, environment: Environment, group: str, version: int, decision: Decision) -> None:
    """Writes the record under its number. Raises TakenError where that is another's."""
    key = f"{folder(environment, group, version)}{decision.sequence:04d}.json"
    tags = {WRITER_TAG: decision.caller.user_id}
    if decision.caller.source_identity:
        tags[SOURCE_TAG] = decision.caller.source_identity
    try:
        aws.client("s3").put_object(
            Bucket=names.bucket(environment),
            Key=key,
            Body=json.dumps(decision.document, ensure_ascii=False, indent=2).encode(),
            ContentType="application/json",
            IfNoneMatch="*",
            Tagging=urlencode(tags),
            ExpectedBucketOwner=environment.account,
        )
    except ClientError as error:
        if code_of(error) in _TAKEN:
            raise TakenError(f"decision {decision.sequence:04d} is another's") from error
        raise


def files(aws: Aws, uris: Sequence[str]) -> tuple[Evidence, ...]:
    """Those of the files that are there, with their ETags."""
    found = (_file(aws, uri) for uri in uris if uri)
    return tuple(each for each in found if each is not None)


def _file(aws: Aws, uri: str) -> Evidence | None:
    bucket, key = objects.split(uri)
    try:
        head = aws.client("s3").head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=aws.account)
    except ClientError:
        return None  # what is not there, or may not be read, is a gap, and said as such
    return Evidence(uri, head["ETag"].strip('"'))


def _read_one(aws: Aws, record: objects.Found, created: datetime) -> Decision:
    uri = record.uri
    bucket, key = objects.split(uri)
    content = objects.read_json(aws, uri)
    tagged = aws.client("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    tags = {tag["Key"]: tag["Value"] for tag in tagged}
    try:
        made = of_document(content, writer=tags.get(WRITER_TAG, ""), source=tags.get(SOURCE_TAG, ""))
        # By S3's clock: the record's own time is its writer's.
        former = record.changed is not None and record.changed + _RESOLUTION < created
        return replace(made, of_former=former)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"the decision {uri} cannot be read: it is not one of version {VERSION}",
            hint=f"aws s3 cp {uri} -",
        ) from error


def of_document(content: Any, *, writer: str, source: str = "") -> Decision:
    """A record as it was written. KeyError, TypeError or ValueError where it is none.

    A source identity that the tags do not confirm is left out: nobody has held it against the session.
    """
    if content["version"] != VERSION or content["decision"] not in (APPROVED, REJECTED):
        raise ValueError(content["version"])
    who = content["caller"]
    confirmed = {**who, "source_identity": source if who.get("source_identity") == source else ""}
    return Decision(
        package=str(content["package"]),
        sequence=int(content["sequence"]),
        decision=content["decision"],
        reason=str(content["reason"]),
        caller=callers.of_document(confirmed),
        at=datetime.fromisoformat(content["time"]),
        forced=content["forced"] is True,
        gaps=tuple(map(str, content["gaps"])),
        launcher=callers.of_document(content["launcher"]) if content["launcher"] else None,
        evidence=tuple(Evidence(each["uri"], each["etag"]) for each in content["evidence"]),
        approvers=int(content["required"]["approvers"]),
        not_launcher=content["required"]["not_launcher"] is True,
        writer=writer,
    )
