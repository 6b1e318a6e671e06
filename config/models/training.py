"""Kind ``training``: data to a fine-tuned model behind an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from config.base_models import BASE_MODELS
from config.models.data import Columns, DataFormat, HuggingFace, Source, Template
from config.models.pipeline import PipelineConfig, ProcessingStep
from config.models.types import (
    ColumnName,
    Duration,
    EntityName,
    InstanceType,
    Model,
    Overridable,
    Share,
    VariableName,
    seconds,
)

# Which names there are is a rule across keys, so that a parameter's allowed values are checked too.
BaseModelName = Annotated[str, Field(json_schema_extra={"enum": list(BASE_MODELS)})]
Rows = Annotated[int, Field(ge=1, le=1_000_000_000)]


# The source whose rows a labeling pipeline wrote, divided into sets already.
LABELING: Final = "labeling"


class TrainingRows(Model):
    """How many rows each set gets; drawn with the seed."""

    training: Overridable[Rows] = Field(description="Rows to train on.")
    validation: Overridable[Rows] | None = Field(
        default=None, description="Rows of the validation channel; absent with `validation: fraction`."
    )
    evaluation: Overridable[Annotated[int, Field(ge=0, le=1_000_000_000)]] = Field(
        default=0, description="Rows set aside for the inference pipeline, on top of the other two."
    )


class TrainingData(Model):
    """The data set and how it becomes `input` and `output`."""

    source: Source = Field(
        description="s3://bucket/key, a file of this repository or machine, hf://owner/name, or labeling."
    )
    format: DataFormat | None = Field(default=None, description="csv, jsonl or parquet; absent with hf://.")
    huggingface: HuggingFace | None = Field(default=None, description="Only with hf://: split and revision.")
    columns: Columns = Field(description="Name used in the templates: column of the data.")
    prompt: Template = Field(
        description="Template of the model's input; {name} is filled, {{ and }} are braces."
    )
    output: Template = Field(description="Template of the answer that is learned.")
    answer_delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=32,
        description="Between several right answers in one value, such as <OR>: the first is learned, the"
        " evaluation takes any of them. null: one answer.",
    )
    group_by: ColumnName | None = Field(
        default=None, description="Column whose equal values stay on one side of the split; null: the prompt."
    )
    rows: TrainingRows = Field(description="Rows of each set.")
    validation: Literal["channel", "fraction"] = Field(
        default="channel",
        description="A validation channel of its own, or a fraction that Autopilot splits off.",
    )
    validation_fraction: Overridable[Annotated[float, Field(gt=0, lt=1)]] | None = Field(
        default=None, description="Only with `validation: fraction`: share of the training rows."
    )
    seed: Overridable[Annotated[int, Field(ge=0, le=2**32 - 1)]] = Field(
        default=42, description="Equal seeds draw equal rows."
    )
    max_rejected_share: Overridable[Share] = Field(
        default=0.05, description="More unusable rows than this share fail the step."
    )
    output_format: Literal["csv", "parquet"] = Field(default="csv", description="Format handed to Autopilot.")
    tokenizer: str | None = Field(
        default=None,
        min_length=1,
        description="Folder or s3:// prefix of a tokenizer for exact lengths; null estimates them.",
    )
    labeling: EntityName | None = Field(
        default=None,
        description="Only with source: labeling: the pipeline whose sets are trained on, as they are.",
    )


class Hyperparameters(Model):
    """The four hyperparameters that Autopilot takes, all of them for every model."""

    epoch_count: Overridable[Annotated[int, Field(ge=1, le=10)]] = Field(
        default=3, description="Passes over the training rows (epochCount)."
    )
    learning_rate: Overridable[Annotated[float, Field(ge=0, le=1)]] = Field(
        default=0.00001, description="Learning rate (learningRate)."
    )
    batch_size: Overridable[Annotated[int, Field(ge=1, le=64)]] = Field(
        default=1, description="Rows of a step (batchSize); too many run out of GPU memory."
    )
    learning_rate_warmup_steps: Overridable[Annotated[int, Field(ge=0, le=250)]] = Field(
        default=1,
        description="Steps in which the learning rate rises to its value (learningRateWarmupSteps).",
    )


class JobLimits(Model):
    """Limits of the fine-tuning job; Autopilot stops early rather than ask."""

    max_runtime_seconds: Overridable[Annotated[int, Field(ge=60, le=2_592_000)]] = Field(
        default=259_200, description="The whole job (30 days at most)."
    )
    max_training_job_seconds: Overridable[Annotated[int, Field(ge=60, le=2_592_000)]] = Field(
        default=259_200, description="Its training job."
    )


class TrainedModel(Model):
    """What is fine-tuned, and how."""

    base_model: Overridable[BaseModelName] = Field(description="Model to fine-tune, such as Llama2-7B.")
    accept_eula: bool = Field(
        default=False,
        description="true accepts the base model's licence (EULA); Llama 2 demands it. Never assumed.",
    )
    hyperparameters: Hyperparameters = Field(
        default=Hyperparameters(), description="The four hyperparameters."
    )
    job: JobLimits = Field(default=JobLimits(), description="Limits of the job.")
    context_tokens: Annotated[int, Field(ge=16, le=1_000_000)] | None = Field(
        default=None, description="Context length in tokens; null takes the base model's."
    )


class Wait(Model):
    """How long the callback steps wait."""

    deadline: Duration = Field(
        default="3d", description="After this the wait fails and the job is stopped (13d at most)."
    )

    @property
    def deadline_seconds(self) -> int:
        """``deadline`` in seconds."""
        return seconds(self.deadline)


class Endpoint(Model):
    """The endpoint that serves the best candidate for the evaluation."""

    instance_type: Overridable[InstanceType] = Field(default="ml.g5.12xlarge", description="Instance type.")
    instance_count: Overridable[Annotated[int, Field(ge=1, le=100)]] = Field(
        default=1, description="Instances."
    )
    model_data_download_timeout_seconds: int = Field(
        default=3600, ge=60, le=3600, description="Time for loading the model from S3."
    )
    startup_health_check_timeout_seconds: int = Field(
        default=3600, ge=60, le=3600, description="Time for the container to answer its first ping."
    )
    environment: Mapping[VariableName, Annotated[str, Field(max_length=1024)]] = Field(
        default={},
        max_length=16,
        description="Environment variables of the model's container; values are texts.",
    )
    after_evaluation: Literal["delete", "keep"] = Field(
        description="delete or keep the endpoint after the evaluation; no default, it costs by the hour."
    )
    price_per_hour_usd: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="Price of one instance, shown before it is spent; null: not known."
    )


class TrainingSteps(Model):
    """Infrastructure of the steps that run as processing jobs."""

    prepare: ProcessingStep = Field(
        default=ProcessingStep(), description="Rows to training, validation, evaluation."
    )


class TrainingConfig(PipelineConfig):
    """A training pipeline: prepare the data, fine-tune with Autopilot, deploy the best candidate."""

    kind: Literal["training"] = Field(description="What the pipeline does.")
    data: TrainingData = Field(description="The data set and its templates.")
    model: TrainedModel = Field(description="Base model, licence, hyperparameters, limits.")
    wait: Wait = Field(default=Wait(), description="Deadline of the waits.")
    endpoint: Endpoint = Field(description="Where the candidate is served.")
    steps: TrainingSteps = Field(default=TrainingSteps(), description="Infrastructure per step.")
