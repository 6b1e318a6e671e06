"""The data that a labeling execution leaves, and the training parameter that they fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.errors import PlatformError
from config.models import Project
from config.platform_parameters import SAMPLE_ROWS
from deploy import objects, reference
from deploy.hints import typed
from deploy.launching.candidate import LATEST, latest
from deploy.observing import outputs
from deploy.session import Aws

# Below the folder of an execution; the step `merge` writes it.
DATASET = "merge/dataset/dataset.json"
TARGET = "automl"


class LabeledDataError(PlatformError):
    """There are no labeled data to train on."""


@dataclass(frozen=True)
class LabeledData:
    """dataset.json of a labeling execution, and where it lies."""

    uri: str
    content: Mapping[str, Any]
    execution: str

    @property
    def parameters(self) -> dict[str, str]:
        """The training parameter that it fills."""
        rows = int(self.content.get("sample_rows") or 0)
        sample = {SAMPLE_ROWS: str(rows)} if rows else {}
        return {"LabeledData": str(self.content["targets"][TARGET]), **sample}

    @property
    def source(self) -> str:
        """Where the values come from, in words."""
        return f"labeling execution {self.execution}"


def labeled_data(project: Project, aws: Aws, *, labeling: str, wanted: str = LATEST) -> LabeledData:
    """The data of an execution (ARN, id, pipeline), or of the latest that succeeded of `labeling`."""
    execution = latest(project, aws, labeling) if wanted == LATEST else reference.find(project, aws, wanted)
    environment = project.environment.name
    if execution.status != "Succeeded":
        raise LabeledDataError(
            f"labeling execution {execution.id} is {execution.status} and has no data",
            hint=typed(f"status {execution.id}", environment),
        )
    uri = outputs.folder_of(project.environment, execution) + DATASET
    content = objects.read_json(aws, uri)
    targets = content.get("targets") if isinstance(content, Mapping) else None
    if content is None or not isinstance(targets, Mapping) or TARGET not in targets:
        what = "is not there" if content is None else f'names no target "{TARGET}"'
        raise LabeledDataError(
            f"{uri} {what}: execution {execution.id} of {execution.pipeline} left no data to train on",
            hint="name a labeling execution: --from-labeling EXECUTION"
            f" (run_pipeline.py executions {labeling})",
        )
    return LabeledData(uri, content, execution.id)
