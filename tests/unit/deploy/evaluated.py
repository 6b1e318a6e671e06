"""Packages with the files of their evaluation, as the inference pipeline leaves them, in a fake account."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.unit.deploy.fakes import ACCOUNT, AT, BUCKET, REGION, FakeAws, execution_arn

GROUP = "local-facts"
DATA = "d" * 64


def package_arn(version: int, group: str = GROUP) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{group}/{version}"


def folder(version: int) -> str:
    """Where the evaluation of a version wrote."""
    return f"s3://{BUCKET}/local/executions/local-facts-inference/inference{version:03d}/evaluate"


def add_package(
    fake: FakeAws,
    version: int,
    *,
    f1: Sequence[float] = (1.0, 0.0, 1.0),
    approval: str = "PendingManualApproval",
    data: str = DATA,
    overlap: Mapping[str, Any] | None = None,
    rows: Sequence[Mapping[str, Any]] | None = None,
    **metadata: str,
) -> str:
    """Registers a version whose rows scored `f1`, all files in place; the ARN. Metadata "" is left out."""
    written = rows if rows is not None else [row(number, score) for number, score in enumerate(f1)]
    metrics = {
        "version": 1,
        "task": "question_answering",
        "rows": len(written),
        "failed": 0,
        "normalization": "none",
        "metrics": {"f1": figure([each["scores"]["f1"] for each in written])},
        "unicode_metrics": {"f1": figure([each["unicode_scores"]["f1"] for each in written])},
        "algorithms": {},
        "data": {"sha256": data, "rows": len(written)},
        "training_overlap": {"rows": 0, "training_rows": 1200} if overlap is None else dict(overlap),
    }
    put(fake, f"{folder(version)}/metrics/evaluation_metrics.json", as_json(metrics))
    put(fake, f"{folder(version)}/report/evaluation_report.html", b"<!doctype html>")
    lines = b"".join(as_json(each) + b"\n" for each in written)
    put(fake, f"{folder(version)}/report/results.jsonl", lines)
    manifest = {
        "version": 1,
        "data": {"file": "evaluation_dataset.jsonl", "sha256": data, "rows": len(written)},
        "settings": {"normalization": "none", "seed": 42},
        "gates": [{"metric": "f1", "bound": "at least 0.5", "mean": 0.6, "holds": True}],
        "files": {
            "evaluation_metrics.json": hashlib.sha256(as_json(metrics)).hexdigest(),
            "results.jsonl": hashlib.sha256(lines).hexdigest(),
        },
    }
    put(fake, f"{folder(version)}/report/manifest.json", as_json(manifest))
    described = _described(version, approval, metadata)
    fake.sagemaker.packages[described["ModelPackageArn"]] = described
    return str(described["ModelPackageArn"])


def _described(version: int, approval: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The package as SageMaker describes it."""
    known = {
        "base_model": "Llama2-7B",
        "automl_job": f"training{version:04d}-1",
        "data_hash": "0123456789abcdef",
        "candidate": f"s3://{BUCKET}/local/executions/local-facts-training/training{version:04d}/candidate.json",
        "training_execution": execution_arn("local-facts-training", f"training{version:04d}"),
        "report": f"{folder(version)}/report/evaluation_report.html",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "dirty_tree": "false",
        "execution": execution_arn("local-facts-inference", f"inference{version:03d}"),
        **metadata,
    }
    statistics = {
        "ContentType": "application/json",
        "S3Uri": f"{folder(version)}/metrics/evaluation_metrics.json",
    }
    return {
        "ModelPackageArn": package_arn(version),
        "ModelPackageGroupName": GROUP,
        "ModelPackageVersion": version,
        "ModelApprovalStatus": approval,
        "CreationTime": AT,
        "CustomerMetadataProperties": {name: value for name, value in known.items() if value},
        "ModelMetrics": {"ModelQuality": {"Statistics": statistics}},
        "InferenceSpecification": {
            "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://b/model.tar.gz"}]
        },
    }


def row(number: int, f1: float, **changes: Any) -> dict[str, Any]:
    """A line of results.jsonl."""
    return {
        "id": f"{number:016x}",
        "model_input": f"Question {number}?",
        "model_output": "yes" if f1 else "no",
        "target_output": "yes",
        "scores": {"f1": f1},
        "unicode_scores": {"f1": f1},
        "seconds": 0.01,
        "attempts": 1,
        **changes,
    }


def figure(values: Sequence[float]) -> dict[str, float]:
    mean = sum(values) / len(values)
    return {"mean": round(mean, 6), "low": round(mean - 0.05, 6), "high": round(mean + 0.05, 6)}


def put(fake: FakeAws, uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    fake.s3.objects[bucket, key] = body


def remove(fake: FakeAws, uri: str) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    del fake.s3.objects[bucket, key]


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()
