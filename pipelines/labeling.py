"""Kind ``labeling``: labels of audio and video to fine-tuning data.

convert -> merge
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from config.models.labeling import LABELING_JOB, MANIFEST_FORMAT, LabelingConfig
from config.platform_parameters import JOB_OUTPUT
from pipelines import sources
from pipelines.context import Context
from pipelines.processing import Job, output_uri, processing_step
from pipelines.sdk import Join, PropertyFile, Step
from pipelines.settings import SAMPLE, StepSettings, step_settings
from pipelines.step import RequestStep

METRICS_FILE: Final = "labeling_metrics.json"
_LABELS: Final = JOB_OUTPUT[0].name

Labeling = Context[LabelingConfig]


def build(context: Labeling) -> Sequence[Step]:
    """The steps, in order."""
    metrics = PropertyFile(name="metrics", output_name="metrics", path=METRICS_FILE)
    convert = convert_step(context)
    return [convert, merge_step(context, convert, metrics)]


def convert_step(context: Labeling) -> RequestStep:
    """Each instance reads the manifest and its part of the answers, and writes every target."""
    data, root = context.config.data, _root(context)
    if data.format == MANIFEST_FORMAT:
        inputs: dict[str, Any] = {"manifest": _below(root, str(data.manifest))}
        if data.responses is not None:
            inputs["data"] = _below(root, f"{data.responses}/")
    else:
        inputs = {"manifest": root}
    if data.media is not None:
        inputs["media"] = sources.uri(context, "data.media", data.media)
    job = Job(_settings(context, "convert", root), inputs, ("targets", "books"), sharded=("data",))
    return processing_step(context, context.config.steps.convert, job)


def merge_step(context: Labeling, convert: RequestStep, metrics: PropertyFile) -> RequestStep:
    """One instance adds up the books, and writes report and data card."""
    job = Job(
        settings=_settings(context, "merge", _root(context)),
        inputs={"books": output_uri(convert, "books")},
        outputs=("metrics", "dataset", "report"),
        arguments=("--targets", output_uri(convert, "targets")),
        property_files=[metrics],
    )
    return processing_step(context, context.config.steps.merge, job)


def _root(context: Labeling) -> Any:
    """The folder's URI; that of a labeling job is told when an execution starts."""
    if context.config.data.source == LABELING_JOB:
        return context.parameters[_LABELS]
    return sources.uri(context, "data.source", context.config.data.source).rstrip("/")


def _below(root: Any, path: str) -> Any:
    return f"{root}/{path}" if isinstance(root, str) else Join(on="/", values=[root, path])


def _settings(context: Labeling, step: str, root: Any) -> StepSettings:
    """Both steps are told the same: what convert did is what merge accounts for."""
    config = context.config
    content: dict[str, Any] = {
        "data": config.data,
        "tracks": config.tracks,
        "questions": config.questions,
        "checks": config.checks,
        "consolidation": config.consolidation,
        "agreement": config.agreement,
        "split": config.split,
        "targets": config.targets,
        "card": config.card,
        **SAMPLE,
    }
    settings = step_settings(step, config, content)
    data = config.data.model_dump(mode="json", exclude={"job"})
    if isinstance(root, str):
        return settings.with_part("data", {**data, "root": root})
    return settings.with_part("data", {**data, "root": {"parameter": _LABELS}}).with_parameter(_LABELS)
