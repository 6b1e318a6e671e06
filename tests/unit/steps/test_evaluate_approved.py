"""A gate with better_than: which package it is held against, and what it says when it cannot be."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from steps.evaluate.approved import Incumbent, held_against, incumbent
from steps.evaluate.asking import Outcome
from steps.evaluate.bootstrap import intervals
from steps.evaluate.dataset import EvaluationRow
from steps.evaluate.outcome import Evaluation, ScoredRow
from steps.evaluate.settings import EvaluateSettings, read
from steps.runtime.errors import SettingsError, StepError
from steps.runtime.settings import Section

GROUP = "local-facts"
REPORT = "s3://bucket/runs/7/evaluate/report"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/7"


# By version: approval status and metadata.
Versions = dict[int, tuple[str, dict[str, str]]]


class FakeSageMaker:
    """Packages of one group by version: approval status and metadata. Listings have one a page."""

    def __init__(self, packages: Versions) -> None:
        self.packages, self.calls = packages, 0

    def list_model_packages(
        self, *, ModelPackageGroupName: str, ModelApprovalStatus: str, NextToken: str = "0"
    ) -> dict[str, Any]:
        self.calls += 1
        if ModelPackageGroupName != GROUP:
            raise refused("ListModelPackages", "ValidationException", "ModelPackageGroup x does not exist.")
        found = [n for n, (status, _) in self.packages.items() if status == ModelApprovalStatus]
        at = int(NextToken)
        listed = [{"ModelPackageVersion": n, "ModelPackageArn": arn(n)} for n in found[at : at + 1]]
        more = {"NextToken": str(at + 1)} if at + 1 < len(found) else {}
        return {"ModelPackageSummaryList": listed, **more}

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        _, metadata = self.packages[int(ModelPackageName.rpartition("/")[2])]
        return {"CustomerMetadataProperties": metadata} if metadata else {}


class FakeS3:
    """Objects by URI; an exception in the place of a body is raised."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        body = self.objects.get(f"s3://{Bucket}/{Key}", refused("GetObject", "NoSuchKey", "no such key"))
        if isinstance(body, Exception):
            raise body
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}


def refused(operation: str, code: str, said: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": said}}, operation)


def arn(version: int) -> str:
    return ARN[:-1] + str(version)


def settings_with(*gates: dict[str, Any], **evaluation: Any) -> EvaluateSettings:
    document = {
        "evaluation": {"task": "question_answering", "metrics": ["f1", "exact_match"], **evaluation},
        "gates": list(gates),
        "group": GROUP,
        "seed": 42,
    }
    return read(Section(document, ""))


def evaluation(settings: EvaluateSettings, f1: list[float]) -> Evaluation:
    """Rows that scored so, on data with the hash "d4ta"."""
    rows = []
    for number, score in enumerate(f1):
        scores = {"f1": score, "exact_match": float(score == 1)}
        row = EvaluationRow(f"{number:04}", f"q{number}", "yes")
        rows.append(ScoredRow(row, Outcome("yes"), "yes", scores, dict.fromkeys(scores, 1.0)))
    return Evaluation(
        settings=settings,
        rows=rows,
        metrics=intervals([row.scores for row in rows], 1),
        unicode_metrics=intervals([row.unicode_scores for row in rows], 1),
        data={"sha256": "d4ta", "rows": len(rows)},
    )


def reported(settings: EvaluateSettings, f1: list[float], **changes: Any) -> dict[str, Any]:
    """What an earlier evaluation left, manifest and results."""
    found = evaluation(settings, f1)
    lines = b"".join(json.dumps(row.document()).encode() + b"\n" for row in found.rows)
    manifest = {
        "data": dict(found.data),
        "settings": dataclasses.asdict(settings),
        "files": {"results.jsonl": hashlib.sha256(lines).hexdigest()},
        **changes,
    }
    return {f"{REPORT}/manifest.json": json.dumps(manifest).encode(), f"{REPORT}/results.jsonl": lines}


APPROVED: Versions = {7: ("Approved", {"report": f"{REPORT}/evaluation_report.html"})}
GATE = {"metric": "f1", "better_than": "approved", "margin": None, "confidence": None}
LOW, HIGH = [0.0, 0.5] * 30, [0.5, 1.0] * 30


def compared(
    new: list[float],
    objects: dict[str, Any],
    *gates: dict[str, Any],
    packages: Versions = APPROVED,
    **changes: Any,
) -> Evaluation:
    settings = settings_with(*(gates or (GATE,)), **changes)
    return held_against(evaluation(settings, new), FakeSageMaker(packages), FakeS3(objects))


def test_a_better_model_passes_with_its_figures() -> None:
    """The difference on the same rows, its interval, and whom it was held against."""
    found = compared(HIGH, reported(settings_with(), LOW))
    assert found.property_file()["comparisons"] == {
        "f1": {
            "passed": 1,
            "verdict": "better",
            "told": "+0.5000 against local-facts/7 (+0.5000 to +0.5000 at 0.95 confidence);"
            " all of that must lie above 0",
            "approved": "local-facts/7",
            "difference": 0.5,
            "low": 0.5,
            "high": 0.5,
            "margin": 0.0,
            "confidence": 0.95,
        }
    }
    assert [(mean, holds) for _, mean, holds in found.gates()] == [(0.75, True)]


@pytest.mark.parametrize(
    ("new", "verdict"),
    [(LOW, "not enough evidence"), ([0.0, 0.25] * 30, "worse"), ([0.5, 0.0] * 30, "not enough evidence")],
)
def test_an_equal_or_worse_model_does_not_pass(new: list[float], verdict: str) -> None:
    """Equal is not better."""
    (found,) = compared(new, reported(settings_with(), LOW)).comparisons
    assert (found.verdict, found.passed) == (verdict, False)


def test_the_margin_moves_what_passes() -> None:
    """Better by more than 0.6 it is not; not much worse it is."""
    objects = reported(settings_with(), LOW)
    (strict,) = compared(HIGH, objects, {**GATE, "margin": 0.6}).comparisons
    (lenient,) = compared(LOW, objects, {**GATE, "margin": -0.01}).comparisons
    assert (strict.passed, strict.verdict) == (False, "better")
    assert (lenient.passed, lenient.verdict) == (True, "not enough evidence")
    assert [gate.gate.told() for gate in (strict, lenient)] == [
        "better than the approved package by more than 0.6",
        "at most 0.01 worse than the approved package",
    ]


def test_nothing_approved_passes_and_is_marked() -> None:
    """No package, only others' statuses, or no group yet."""
    undecided: Versions = {1: ("Rejected", {}), 2: ("PendingManualApproval", {})}
    nobody: Versions = {}
    for packages in (nobody, undecided):
        (found,) = compared(LOW, {}, packages=packages).comparisons
        assert (found.passed, found.verdict, found.approved) == (True, "nothing approved", "")
        assert found.document()["difference"] is None
    assert incumbent(FakeSageMaker({}), "another-group") is None


def test_the_newest_approved_version_counts_whatever_the_order_of_pages() -> None:
    """A rejected one after it does not."""
    packages = {2: ("Approved", {}), 9: ("Rejected", {}), 7: ("Approved", {"report": f"{REPORT}/r.html"})}
    assert incumbent(FakeSageMaker(packages), GROUP) == Incumbent(ARN, REPORT)


OTHER_DATA = {"data": {"sha256": "0ther", "rows": 60}}


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ({}, f"{REPORT}/manifest.json cannot be read (NoSuchKey)"),
        (
            reported(settings_with(), LOW, **OTHER_DATA),
            "other evaluation data: 60 rows with hash d4ta, before",
        ),
        (
            reported(settings_with(task="summarization", metrics=["rouge1"]), LOW),
            "scored in another way: task",
        ),
        (
            {**reported(settings_with(), LOW), f"{REPORT}/results.jsonl": b"{}\n"},
            "its results.jsonl: line 1 is no result",
        ),
        (
            {
                **reported(settings_with(), LOW),
                f"{REPORT}/results.jsonl": refused("GetObject", "AccessDenied", "no"),
            },
            f"{REPORT}/results.jsonl cannot be read (AccessDenied)",
        ),
        ({f"{REPORT}/manifest.json": b"<html>"}, "its manifest.json is no JSON"),
        ({f"{REPORT}/manifest.json": b"[]"}, "its manifest.json is no JSON object"),
        (
            {
                **reported(settings_with(), LOW),
                f"{REPORT}/results.jsonl": reported(settings_with(), HIGH)[f"{REPORT}/results.jsonl"],
            },
            "its results are not those that its evaluation wrote",
        ),
        (
            {**reported(settings_with(), [*LOW, 1.0], data={"sha256": "d4ta"})},
            "its results are of other rows (61 against 60)",
        ),
    ],
)
def test_what_cannot_be_compared_does_not_pass_and_says_why(objects: dict[str, Any], reason: str) -> None:
    """Files missing, changed or unreadable, other data, another way of scoring: never a pass."""
    found = compared(HIGH, objects)
    (comparison,) = found.comparisons
    assert (comparison.passed, comparison.verdict) == (False, "not comparable")
    assert comparison.told.startswith(f"cannot be compared with local-facts/7: {reason}")
    assert found.property_file()["comparisons"]["f1"]["passed"] == 0


def test_a_package_from_elsewhere_cannot_be_compared() -> None:
    """Approved, but without our metadata."""
    (found,) = compared(HIGH, {}, packages={7: ("Approved", {})}).comparisons
    assert (found.passed, found.told) == (
        False,
        "cannot be compared with local-facts/7: it names no evaluation report",
    )


def test_a_metric_that_the_other_was_not_scored_by_cannot_be_compared() -> None:
    """The gate next to it can."""
    found = compared(
        HIGH,
        _without("exact_match", reported(settings_with(), LOW)),
        GATE,
        {**GATE, "metric": "exact_match"},
    )
    assert [each.passed for each in found.comparisons] == [True, False]
    assert found.comparisons[1].told.endswith("its results have no exact_match")


def _without(metric: str, objects: dict[str, Any]) -> dict[str, Any]:
    rows = [json.loads(line) for line in objects[f"{REPORT}/results.jsonl"].splitlines()]
    for row in rows:
        for kind in ("scores", "unicode_scores"):
            del row[kind][metric]
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    manifest = json.loads(objects[f"{REPORT}/manifest.json"])
    manifest["files"]["results.jsonl"] = hashlib.sha256(lines).hexdigest()
    return {f"{REPORT}/manifest.json": json.dumps(manifest).encode(), f"{REPORT}/results.jsonl": lines}


def test_the_scores_that_gates_read_are_compared() -> None:
    """Normalised ones where the YAML says so: here they are equal."""
    (found,) = compared(HIGH, reported(settings_with(), LOW), normalization="unicode").comparisons
    assert (found.difference, found.verdict) == (0.0, "not enough evidence")


def test_without_a_comparing_gate_nothing_is_looked_up() -> None:
    """A bound alone asks nobody."""
    sagemaker = FakeSageMaker(APPROVED)
    settings = settings_with({"metric": "f1", "at_least": 0.5})
    found = held_against(evaluation(settings, LOW), sagemaker, FakeS3({}))
    assert (found.comparisons, sagemaker.calls) == ((), 0)


def test_a_role_that_may_not_look_fails_the_step() -> None:
    """That is no figure of the model's."""

    class Denied(FakeSageMaker):
        def list_model_packages(self, **_: Any) -> dict[str, Any]:
            raise refused("ListModelPackages", "AccessDeniedException", "not authorized")

    with pytest.raises(StepError, match='the approved package of "local-facts" cannot be looked up: not'):
        incumbent(Denied({}), GROUP)


@pytest.mark.parametrize("confidence", [0, 1, 1.5])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    """Also where it comes from a parameter."""
    with pytest.raises(SettingsError, match=r'"gates\[0\].confidence" is .*, it must be between 0 and 1'):
        settings_with({**GATE, "confidence": confidence})
