"""Rules across the keys of a training pipeline; values stand in the place of parameters here.

Limits: fact sheets of Autopilot's text generation, named in base_models.py and regions.py.
"""

from __future__ import annotations

from typing import Final

from config.base_models import BASE_MODELS
from config.models.training import LABELING, TrainingConfig
from config.models.types import seconds
from config.regions import AUTOPILOT_REGIONS, CONTAINER_ACCOUNTS
from config.rules.data import format_findings, is_hub, is_local, local_file_findings, template_findings
from config.rules.infrastructure import isolation_findings, single_instance_findings
from config.rules.naming import NAMING_RULES
from config.rules.on_disk import is_folder
from config.rules.rule import Finding, Findings, KindRules, PlacedRule, Rule, Surroundings, plain
from config.suggest import did_you_mean, listing

_ROWS: Final = ("data", "rows")
_DAY: Final = 86_400


def source_has_a_format(config: TrainingConfig) -> Findings:
    """See format_findings."""
    return format_findings(config.data)


def labeling_goes_with_its_source(config: TrainingConfig) -> Findings:
    """The sets of a labeling pipeline are taken as they are: by recording, with nothing left to group."""
    data = config.data
    if data.source != LABELING:
        if data.labeling is not None:
            message = f'only goes with source: {LABELING}; here source is "{data.source}"'
            yield Finding(("data", "labeling"), message, "remove it", at_key=True)
        return
    if data.labeling is None:
        yield Finding(("data", "labeling"), "is missing; source: labeling takes the sets of a pipeline")
    if data.group_by is not None:
        message = "has no effect with source: labeling, whose sets are apart by recording"
        yield Finding(("data", "group_by"), message, "remove it", at_key=True)
    if data.validation != "channel":
        message = "found fraction; labeled data have a validation set"
        yield Finding(("data", "validation"), message, "write channel")


def templates_fit_columns(config: TrainingConfig) -> Findings:
    """See template_findings."""
    data = config.data
    return template_findings(data.columns, {"prompt": data.prompt, "output": data.output})


def validation_is_channel_or_fraction(config: TrainingConfig) -> Findings:
    """Autopilot takes a validation channel or a fraction, never both."""
    data = config.data
    if data.validation == "channel":
        if not data.rows.validation:
            yield Finding((*_ROWS, "validation"), "is missing; validation: channel needs rows of its own")
        if data.validation_fraction is not None:
            message = "only goes with validation: fraction; here validation is channel"
            yield Finding(("data", "validation_fraction"), message, "remove it", at_key=True)
        return
    if data.rows.validation is not None:
        message = "only goes with validation: channel; here validation is fraction"
        yield Finding((*_ROWS, "validation"), message, "remove it", at_key=True)
    if data.validation_fraction is None:
        message = "is missing; validation: fraction needs a share of the training rows"
        yield Finding(("data", "validation_fraction"), message, "write validation_fraction: 0.1")


def fraction_leaves_rows(config: TrainingConfig) -> Findings:
    """Both sides of a fraction get at least one row."""
    share, rows = config.data.validation_fraction, plain(config.data.rows.training)
    if share is None or config.data.validation != "fraction":
        return
    if not 1 <= int(plain(share) * rows) < rows:
        message = f"{share} of {rows} rows leaves no row on one of the two sides"
        yield Finding(("data", "validation_fraction"), message)


def base_model_is_known(config: TrainingConfig) -> Findings:
    """Autopilot fine-tunes the models of the table only."""
    name = plain(config.model.base_model)
    if name not in BASE_MODELS:
        message = f'"{name}" is not a base model; base models: {listing(BASE_MODELS)}'
        yield Finding(("model", "base_model"), message, did_you_mean(name, BASE_MODELS))


def rows_fit_base_model(config: TrainingConfig) -> Findings:
    """The limit counts both channels together; evaluation rows come on top."""
    model = BASE_MODELS.get(plain(config.model.base_model))
    rows = config.data.rows
    training, validation = plain(rows.training), plain(rows.validation or 0)
    if model is not None and training + validation > model.max_rows:
        parts = f"{training} training and {validation} validation rows" if validation else f"{training} rows"
        message = (
            f"{parts} are more than the {model.max_rows} that {model.name} takes in both channels together"
        )
        hint = f"at most {max(model.max_rows - validation, 0)} training rows fit"
        yield Finding((*_ROWS, "training"), message, hint)


def eula_is_accepted(config: TrainingConfig) -> Findings:
    """A licence is accepted by a person in the file, never assumed."""
    model = BASE_MODELS.get(plain(config.model.base_model))
    if model is not None and model.needs_eula and not config.model.accept_eula:
        message = f"{model.name} comes with a licence (EULA) that must be accepted here"
        yield Finding(("model", "accept_eula"), message, "read the licence, then write accept_eula: true")


def learning_rate_can_be_written(config: TrainingConfig) -> Findings:
    """Hyperparameters travel as texts of at most 16 characters."""
    rate = config.model.hyperparameters.learning_rate
    if len(str(rate)) > 16:
        message = f"{rate} has {len(str(rate))} characters; a hyperparameter has at most 16"
        yield Finding(("model", "hyperparameters", "learning_rate"), message, "round it")


def deadline_is_possible(config: TrainingConfig) -> Findings:
    """A wait ends within 13 days: messages live for 14."""
    if not 60 <= config.wait.deadline_seconds <= 13 * _DAY:
        message = f"found {config.wait.deadline}; allowed: at least 60s and at most 13d"
        yield Finding(("wait", "deadline"), message)


def deadline_covers_job(config: TrainingConfig) -> Findings:
    """A job that is within its own limit is not given up; a training job fits into the whole."""
    job, deadline = config.model.job, seconds(config.wait.deadline)
    whole, training = plain(job.max_runtime_seconds), plain(job.max_training_job_seconds)
    if whole > deadline >= 60:
        message = f"{config.wait.deadline} is {deadline} s, less than the {whole} s that the job may run"
        hint = f"lower model.job.max_runtime_seconds to {deadline}, or wait longer"
        yield Finding(("wait", "deadline"), message, hint)
    if training > whole:
        message = f"{training} s is more than the {whole} s of the whole job"
        yield Finding(("model", "job", "max_training_job_seconds"), message, f"at most {whole}")


def source_file_exists(config: TrainingConfig, around: Surroundings) -> Findings:
    """See local_file_findings."""
    if config.data.source != LABELING:
        yield from local_file_findings(("data", "source"), config.data.source, around.root)


def tokenizer_exists(config: TrainingConfig, around: Surroundings) -> Findings:
    """A tokenizer on this machine is a folder."""
    tokenizer = config.data.tokenizer
    if tokenizer is not None and is_local(tokenizer) and not is_folder(around.root / tokenizer):
        yield Finding(("data", "tokenizer"), f'there is no folder "{tokenizer}"')


def prepare_can_be_isolated(config: TrainingConfig, around: Surroundings) -> Findings:
    """See isolation_findings."""
    hub = "reads a Hugging Face data set" if is_hub(config.data.source) else None
    return isolation_findings("prepare", config.steps.prepare, around.environment, needs_network=hub)


def prepare_is_one(config: TrainingConfig) -> Findings:
    """Sets that share no question, and budgets of rows, need one process that sees all rows."""
    why = {"prepare": "prepare holds all rows against each other, on all cores of one instance"}
    yield from single_instance_findings(config.steps, why)


def region_fine_tunes(config: TrainingConfig, around: Surroundings) -> Findings:
    """Autopilot fine-tunes in the Regions of SageMaker Canvas only."""
    region = around.environment.region
    if region in CONTAINER_ACCOUNTS and region not in AUTOPILOT_REGIONS:
        message = f'a {config.kind} pipeline needs Autopilot, which fine-tunes no models in "{region}"'
        hint = f'environment "{around.environment.name}" needs one of {listing(AUTOPILOT_REGIONS)}'
        yield Finding(("kind",), message, hint)


RULES: Final = KindRules(
    values=(
        Rule(source_has_a_format, ("data.source", "data.format", "data.huggingface")),
        Rule(
            labeling_goes_with_its_source,
            ("data.source", "data.labeling", "data.group_by", "data.validation"),
        ),
        Rule(templates_fit_columns, ("data.columns", "data.prompt", "data.output")),
        Rule(validation_is_channel_or_fraction, ("data.validation", "data.validation_fraction", "data.rows")),
        Rule(fraction_leaves_rows, ("data.validation", "data.validation_fraction", "data.rows")),
        Rule(base_model_is_known, ("model.base_model",)),
        Rule(rows_fit_base_model, ("model.base_model", "data.rows")),
        Rule(eula_is_accepted, ("model.base_model", "model.accept_eula")),
        Rule(learning_rate_can_be_written, ("model.hyperparameters",)),
        Rule(deadline_is_possible, ("wait",)),
        Rule(deadline_covers_job, ("wait", "model.job")),
        Rule(prepare_is_one, ("steps.prepare.instance_count",)),
    ),
    placed=(
        *NAMING_RULES,
        PlacedRule(source_file_exists, ("data.source",)),
        PlacedRule(tokenizer_exists, ("data.tokenizer",)),
        PlacedRule(prepare_can_be_isolated, ("data.source", "steps")),
        PlacedRule(region_fine_tunes, ()),
    ),
)
