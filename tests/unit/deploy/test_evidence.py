"""Which packages can be decided on, and why the others cannot."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.objects import split
from deploy.reviewing import registry
from deploy.reviewing.evidence import Gap, gaps
from tests.unit.deploy.evaluated import add_package, as_json, folder, put, remove
from tests.unit.deploy.fakes import FakeAws, FakeS3, project, refusal


def found(fake: FakeAws, version: int = 1) -> tuple[Gap, ...]:
    """The gaps of a version of the group."""
    return gaps(project(), fake.aws, registry.find(project(), fake.aws, f"facts/{version}"))


def test_a_package_of_the_pipeline_has_no_gap() -> None:
    """All files in place, data known, no overlap."""
    fake = FakeAws()
    add_package(fake, 1)
    assert found(fake) == ()


@pytest.mark.parametrize(
    ("file", "fact"),
    [
        ("metrics/evaluation_metrics.json", "evaluation figures: the file is missing: s3://"),
        ("report/evaluation_report.html", "evaluation report: the file is missing: s3://"),
        ("report/results.jsonl", "results by row: the file is missing: s3://"),
        ("report/manifest.json", "evaluation manifest: the file is missing: s3://"),
    ],
)
def test_each_missing_file_is_one_gap(file: str, fact: str) -> None:
    """Named with its place, and with the command that makes it anew."""
    fake = FakeAws()
    add_package(fake, 1)
    remove(fake, f"{folder(1)}/{file}")
    (gap,) = found(fake)
    assert gap.what.startswith(fact)
    assert gap.what.endswith(file)
    assert gap.hint == "register it again with evidence: run_pipeline.py run facts-training facts-inference"


@pytest.mark.parametrize(
    ("overlap", "fact"),
    [
        ({"rows": 1, "training_rows": 9}, "1 row that was asked stands in its training set"),
        ({"rows": 12, "training_rows": 9}, "12 rows that were asked stand in its training set"),
        ({}, "nobody counted how many of the rows asked stand in its training set"),
    ],
)
def test_rows_that_were_learned_are_a_gap(overlap: dict[str, Any], fact: str) -> None:
    """And so is not knowing."""
    fake = FakeAws()
    add_package(fake, 1, overlap=overlap)
    (gap,) = found(fake)
    assert gap.what.startswith(fact)


@pytest.mark.parametrize("value", ["", "unknown"])
def test_unknown_training_data_are_a_gap(value: str) -> None:
    """Without their hash nobody can say what the model learned from."""
    fake = FakeAws()
    add_package(fake, 1, data_hash=value)
    assert [gap.what for gap in found(fake)] == ["the hash of its training data is not known"]


def test_figures_that_were_changed_afterwards_are_a_gap() -> None:
    """The manifest has the hash of what the evaluation wrote."""
    fake = FakeAws()
    add_package(fake, 1)
    better = {"metrics": {"f1": {"mean": 1.0}}, "training_overlap": {"rows": 0}}
    put(fake, f"{folder(1)}/metrics/evaluation_metrics.json", as_json(better))
    (gap,) = found(fake)
    assert gap.what.startswith("its evaluation figures are not those that the evaluation wrote")


def test_rows_that_were_changed_afterwards_are_a_gap() -> None:
    """One answer: the figures stay as they were, and so does the file's size."""
    fake = FakeAws()
    add_package(fake, 1)
    bucket, key = split(f"{folder(1)}/report/results.jsonl")
    rows = fake.s3.objects[bucket, key]
    fake.s3.objects[bucket, key] = rows[:-5] + b"?" + rows[-4:]
    (gap,) = found(fake)
    assert gap.what.startswith("its results by row are not those that the evaluation wrote")


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (b"{", "evaluation figures: the file is no JSON: "),
        (b"[1]", "evaluation figures: the file is no JSON object: "),
        (b"{}", "its evaluation figures hold no metrics: "),
    ],
)
def test_figures_of_another_shape_are_a_gap(body: bytes, fact: str) -> None:
    """Whatever else they are."""
    fake = FakeAws()
    add_package(fake, 1)
    put(fake, f"{folder(1)}/metrics/evaluation_metrics.json", body)
    assert found(fake)[0].what.startswith(fact)


def test_a_package_from_elsewhere_has_gaps() -> None:
    """Registered by hand: no figures, no report, no data hash; nothing is looked up, nothing raised."""
    fake = FakeAws()
    arn = add_package(fake, 1)
    for member in ("CustomerMetadataProperties", "ModelMetrics"):
        del fake.sagemaker.packages[arn][member]
    fake.s3.objects.clear()
    assert [gap.what for gap in found(fake)] == [
        "it names no evaluation figures (ModelMetrics.ModelQuality.Statistics)",
        "it names no evaluation report, and with it no results by row and no manifest",
        "the hash of its training data is not known",
    ]


class DeniedS3(FakeS3):
    """Answers every read with a code."""

    code = "AccessDenied"

    def get_object(self, **_: Any) -> dict[str, Any]:
        raise refusal("GetObject", self.code, "no", 403)

    def head_object(self, **_: Any) -> dict[str, Any]:
        raise refusal("HeadObject", "403" if self.code == "AccessDenied" else self.code, "no", 403)


def test_files_that_may_not_be_read_are_gaps_and_expired_credentials_an_error() -> None:
    """What we cannot see we do not take for evidence; what passes is told as what it is."""
    fake = FakeAws()
    add_package(fake, 1)
    denied = FakeAws(fake.sagemaker, DeniedS3())
    facts = [gap.what.partition(": s3")[0] for gap in found(denied)]
    assert facts == [
        "evaluation figures: the file cannot be read (AccessDenied)",
        "evaluation report: the file cannot be read (403)",
        "results by row: the file cannot be read (403)",
        "evaluation manifest: the file cannot be read (AccessDenied)",
    ]
    denied.s3.code = "ExpiredToken"  # type: ignore[attr-defined]
    with pytest.raises(ClientError, match="ExpiredToken"):
        found(denied)
