"""The approved package of a group, and this evaluation held against it on the same rows.

Which package is approved is looked up when the evaluation is done, so that the gate decides against what is
approved now. Whatever keeps the two from being compared is a reason not to pass; only where nothing is
approved is there nothing to be better than.
"""

from __future__ import annotations

import dataclasses
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from steps.comparison.comparable import RESULTS, other_data, other_rows
from steps.comparison.paired import differences
from steps.comparison.results import Kind, ResultsError, Scores, read_scores
from steps.evaluate.compared import NOT_COMPARABLE, NOTHING_APPROVED, Comparison
from steps.evaluate.outcome import Evaluation
from steps.evaluate.settings import Gate
from steps.runtime.errors import StepError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Incumbent:
    """The newest approved package of the group; `folder` is where its evaluation reported, or empty."""

    arn: str
    folder: str

    @property
    def name(self) -> str:
        """GROUP/VERSION, as people name it."""
        return self.arn.partition(":model-package/")[2]


class Unreadable(Exception):
    """A file of the incumbent's that cannot be had; the text says which and why."""


def held_against(found: Evaluation, sagemaker: Any, s3: Any) -> Evaluation:
    """The evaluation with what came of its comparing gates; without any, nothing is looked up."""
    settings = found.settings
    gates = [gate for gate in settings.gates if gate.compares]
    if not gates:
        return found
    kind: Kind = "unicode_scores" if settings.normalization == "unicode" else "scores"
    manifest = {"data": found.data, "settings": dataclasses.asdict(settings)}
    approved = incumbent(sagemaker, settings.group)
    compared = compare(gates, _own(found, kind), manifest, approved, s3, kind=kind, seed=settings.seed)
    return dataclasses.replace(found, comparisons=compared)


def incumbent(sagemaker: Any, group: str) -> Incumbent | None:
    """The approved package with the highest version; None where there is none, or no such group."""
    try:
        newest = max(_approved(sagemaker, group), default=None)
        if newest is None:
            return None
        described = sagemaker.describe_model_package(ModelPackageName=newest[1])
    except ClientError as error:
        said = str(error.response["Error"].get("Message", error))
        if "does not exist" in said.lower() or "not found" in said.lower():
            return None
        raise _cannot_look(group, said) from error
    except BotoCoreError as error:
        raise _cannot_look(group, str(error)) from error
    report = str((described.get("CustomerMetadataProperties") or {}).get("report", ""))
    return Incumbent(newest[1], report.rpartition("/")[0])


def compare(
    gates: Iterable[Gate],
    new: Scores,
    manifest: Mapping[str, Any],
    approved: Incumbent | None,
    s3: Any,
    *,
    kind: Kind,
    seed: int,
) -> list[Comparison]:
    """One comparison a gate; `manifest` needs the data and the settings of this evaluation."""
    gates = list(gates)
    if approved is None:
        told = "nothing is approved yet, so there is nothing to be better than"
        return [Comparison(gate, NOTHING_APPROVED, told, passed=True) for gate in gates]
    try:
        old = _scores(approved, new, manifest, s3, kind)
    except Unreadable as reason:
        told = f"cannot be compared with {approved.name}: {reason}"
        return [
            Comparison(gate, NOT_COMPARABLE, told, passed=False, approved=approved.name) for gate in gates
        ]
    return [_decide(gate, new, old, approved, seed) for gate in gates]


def _own(found: Evaluation, kind: Kind) -> Scores:
    names = list(found.metrics)
    rows = [row.unicode_scores if kind == "unicode_scores" else row.scores for row in found.rows]
    values = {name: array("d", (scores[name] for scores in rows)) for name in names}
    return Scores([row.row.id for row in found.rows], values, sha256="")


def _approved(sagemaker: Any, group: str) -> Iterator[tuple[int, str]]:
    """Version and ARN of every approved package."""
    request: dict[str, Any] = {"ModelPackageGroupName": group, "ModelApprovalStatus": "Approved"}
    while True:
        page = sagemaker.list_model_packages(**request)
        for entry in page["ModelPackageSummaryList"]:
            yield int(entry["ModelPackageVersion"]), str(entry["ModelPackageArn"])
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _cannot_look(group: str, said: str) -> StepError:
    return StepError(
        f'the approved package of "{group}" cannot be looked up: {said}',
        hint="the processing role needs sagemaker:ListModelPackages and sagemaker:DescribeModelPackage",
    )


def _scores(approved: Incumbent, new: Scores, manifest: Mapping[str, Any], s3: Any, kind: Kind) -> Scores:
    """The incumbent's scores of the very rows that were asked now; raises Unreadable with the reason."""
    if not approved.folder:
        raise Unreadable("it names no evaluation report")
    before = _manifest(approved, s3)
    if reason := other_data(manifest, before):
        raise Unreadable(reason)
    try:
        old = read_scores(_lines(s3, f"{approved.folder}/{RESULTS}"), kind)
    except ResultsError as error:
        raise Unreadable(f"its {RESULTS}: {error}") from error
    if reason := other_rows(new, old, before):
        raise Unreadable(reason)
    return old


def _manifest(approved: Incumbent, s3: Any) -> Mapping[str, Any]:
    try:
        document = json.loads(b"".join(_lines(s3, f"{approved.folder}/{MANIFEST}")))
    except ValueError as error:
        raise Unreadable(f"its {MANIFEST} is no JSON") from error
    if not isinstance(document, Mapping):
        raise Unreadable(f"its {MANIFEST} is no JSON object")
    return document


def _lines(s3: Any, uri: str) -> Iterator[bytes]:
    """An object's lines with their ends, as they come."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        yield from s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines(1 << 20, keepends=True)
    except ClientError as error:
        raise Unreadable(f"{uri} cannot be read ({error.response['Error'].get('Code', error)})") from error
    except BotoCoreError as error:
        raise Unreadable(f"{uri} cannot be read ({error})") from error


def _decide(gate: Gate, new: Scores, old: Scores, approved: Incumbent, seed: int) -> Comparison:
    names = {gate.metric} & new.values.keys() & old.values.keys()
    found = differences(
        {name: new.values[name] for name in names},
        {name: old.values[name] for name in names},
        seed=seed,
        confidence=gate.confidence,
    ).get(gate.metric)
    if found is None:
        told = f"cannot be compared with {approved.name}: its results have no {gate.metric}"
        return Comparison(gate, NOT_COMPARABLE, told, passed=False, approved=approved.name)
    return Comparison(
        gate=gate,
        verdict=found.verdict(),
        told=_told(gate, found.mean, found.low, found.high, approved),
        passed=found.verdict(gate.margin) == "better",
        approved=approved.name,
        difference=found.mean,
        low=found.low,
        high=found.high,
    )


def _told(gate: Gate, mean: float, low: float, high: float, approved: Incumbent) -> str:
    interval = f"{low:+.4f} to {high:+.4f} at {gate.confidence:.4g} confidence"
    return f"{mean:+.4f} against {approved.name} ({interval}); all of that must lie above {gate.margin:.4g}"
