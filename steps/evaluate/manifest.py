"""What the figures come from: endpoint, model, data, settings, versions; for whoever has to trace them."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from steps.evaluate.outcome import Evaluation
from steps.runtime.outputs import sha256

_PACKAGES = ("fmeval", "sagemaker", "boto3", "numpy", "rouge-score", "transformers", "torch")


def manifest(
    evaluation: Evaluation,
    *,
    endpoint: str,
    model_data_url: str,
    region: str,
    data_file: str,
    seconds: dict[str, float],
    now: datetime.datetime,
    files: list[Path],
) -> dict[str, Any]:
    """The document; long values belong here, the registry takes 256 characters each."""
    return {
        "version": 1,
        "finished_at": now.isoformat(timespec="seconds"),
        "endpoint_name": endpoint,
        "model_data_url": model_data_url,
        "region": region,
        "data": {"file": data_file, **evaluation.data},
        "training_overlap": evaluation.overlap,
        "settings": dataclasses.asdict(evaluation.settings),
        "gates": [
            {"metric": gate.metric, "bound": gate.told(), "mean": mean, "holds": holds}
            for gate, mean, holds in evaluation.gates()
        ],
        "comparisons": [{"metric": each.gate.metric, **each.document()} for each in evaluation.comparisons],
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _PACKAGES},
        },
        "files": {path.name: sha256(path) for path in files},
    }
