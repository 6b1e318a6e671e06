"""Rules across files: pipelines among themselves, and the environment's defaults of their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from config.base_models import BASE_MODELS
from config.models.guardrails import GuardrailsConfig
from config.models.inference import InferenceConfig
from config.models.labeling import LabelingConfig
from config.models.pipeline import PipelineConfig
from config.models.training import LABELING, TrainingConfig
from config.rules.rule import Finding, plain
from config.suggest import did_you_mean, listing

Pipelines = Mapping[str, PipelineConfig]
"""By name; values stand in the place of parameters."""


def training_exists(config: InferenceConfig, kinds: Mapping[str, str]) -> Iterator[Finding]:
    """``training`` names a training pipeline; ``kinds`` are those of all files."""
    trainings = [name for name, kind in kinds.items() if kind == "training"]
    if config.training in trainings:
        return
    if config.training in kinds:
        message = f'"{config.training}" is not a training pipeline; there are: {listing(trainings)}'
    else:
        message = f'there is no training pipeline "{config.training}"; there are: {listing(trainings)}'
    yield Finding(("training",), message, did_you_mean(config.training, trainings))


def candidate_has_rows(config: InferenceConfig, pipelines: Pipelines) -> Iterator[Finding]:
    """The training pipeline puts aside as many rows as are asked for."""
    training = pipelines.get(config.training)
    if config.data.source != "candidate" or not isinstance(training, TrainingConfig):
        return
    aside = plain(training.data.rows.evaluation)
    if aside == 0:
        message = f'candidate has no rows: "{training.name}" puts none aside'
        hint = f"set data.rows.evaluation of {training.name}, or name a source of its own"
        yield Finding(("data", "source"), message, hint)
    elif config.data.rows is not None and plain(config.data.rows) > aside:
        message = f'found {config.data.rows}; "{training.name}" puts {aside} rows aside'
        yield Finding(("data", "rows"), message, f"at most {aside}, or null for every row")


def request_fits_container(config: InferenceConfig, pipelines: Pipelines) -> Iterator[Finding]:
    """Falcon models are served by another container than the others, which is asked in another way."""
    training = pipelines.get(config.training)
    if not isinstance(training, TrainingConfig):
        return
    model = BASE_MODELS.get(plain(training.model.base_model))
    if model is not None and model.request != config.evaluation.request:
        message = (
            f'found {config.evaluation.request}; {model.name} of "{training.name}" takes {model.request}'
        )
        yield Finding(("evaluation", "request"), message, f"write request: {model.request}")


def answers_are_told_apart(config: InferenceConfig, pipelines: Pipelines) -> Iterator[Finding]:
    """What stands between right answers in training stands there in the evaluation."""
    training = pipelines.get(config.training)
    if config.data.source != "candidate" or not isinstance(training, TrainingConfig):
        return
    between, found = training.data.answer_delimiter, config.evaluation.target_delimiter
    if between is not None and between != found:
        message = f'found "{found}"; "{training.name}" has "{between}" between its answers'
        yield Finding(("evaluation", "target_delimiter"), message, f'write target_delimiter: "{between}"')


def labeling_writes_rows(config: TrainingConfig, pipelines: Pipelines) -> Iterator[Finding]:
    """The labeling pipeline exists, and writes the target and the format that are read."""
    name = config.data.labeling
    if config.data.source != LABELING or name is None:
        return
    labeling = pipelines.get(name)
    if not isinstance(labeling, LabelingConfig):
        known = [each for each, other in pipelines.items() if isinstance(other, LabelingConfig)]
        message = f'"{name}" is not a labeling pipeline without faults; there are: {listing(known)}'
        yield Finding(("data", "labeling"), message, did_you_mean(name, known))
        return
    target = labeling.targets.automl
    if target is None:
        message = f'"{name}" does not write the target automl'
        yield Finding(("data", "labeling"), message, f"add targets.automl to {name}")
    elif config.data.format not in (None, target.format):
        message = f'found {config.data.format}, but "{name}" writes {target.format}'
        yield Finding(("data", "format"), message, f"write format: {target.format}")


def guardrail_is_described_once(config: GuardrailsConfig, pipelines: Pipelines) -> Iterator[Finding]:
    """Two pipelines share a guardrail by describing it alike; else either's upsert would undo the other's."""
    name = config.guardrail.name
    for other in pipelines.values():
        if not isinstance(other, GuardrailsConfig) or other.name >= config.name or name is None:
            continue
        if other.guardrail.name == name and other.guardrail != config.guardrail:
            message = f'"{name}" is described otherwise by "{other.name}"'
            hint = f"give it another name, or describe it as {other.name} does"
            yield Finding(("guardrail", "name"), message, hint)


INFERENCE_RULES: Final[tuple[Callable[[InferenceConfig, Pipelines], Iterable[Finding]], ...]] = (
    candidate_has_rows,
    request_fits_container,
    answers_are_told_apart,
)


def project_findings(pipelines: Pipelines, kinds: Mapping[str, str] | None) -> Iterator[tuple[str, Finding]]:
    """(pipeline, finding) of everything that does not fit between files.

    ``pipelines`` are the sound ones; ``kinds`` is the kind of every file by name, or None while there are
    files whose name or kind cannot be told.
    """
    for name, config in pipelines.items():
        if isinstance(config, TrainingConfig) and kinds is not None:
            for finding in labeling_writes_rows(config, pipelines):
                yield name, finding
        if isinstance(config, GuardrailsConfig):
            for finding in guardrail_is_described_once(config, pipelines):
                yield name, finding
        if isinstance(config, InferenceConfig):
            found = [each for rule in INFERENCE_RULES for each in rule(config, pipelines)]
            missing = training_exists(config, kinds) if kinds is not None else ()
            for finding in (*missing, *found):
                yield name, finding
