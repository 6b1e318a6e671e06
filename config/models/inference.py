"""Kind ``inference``: a candidate evaluated, gated and registered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.metrics import ALGORITHMS, METRICS
from config.models.data import Columns, DataFormat, HuggingFace, Source, Template
from config.models.pipeline import PipelineConfig, ProcessingStep
from config.models.types import (
    ContentType,
    Description,
    EntityName,
    InstanceType,
    Items,
    Model,
    Overridable,
    Share,
)

Task = Literal["question_answering", "summarization"]
# Which names there are is a rule across keys: they depend on the task.
MetricName = Annotated[
    str, Field(json_schema_extra={"enum": [name for names in METRICS.values() for name in names]})
]
AlgorithmName = Annotated[str, Field(json_schema_extra={"enum": list(ALGORITHMS)})]


class EvaluationData(Model):
    """The rows that are asked: the candidate's evaluation set, or a data set of its own."""

    source: Source = Field(
        description="candidate (the set that the training run put aside), s3://bucket/key, a file, or hf://owner/name."
    )
    format: DataFormat | None = Field(
        default=None, description="csv, jsonl or parquet; not with candidate or hf://."
    )
    huggingface: HuggingFace | None = Field(default=None, description="Only with hf://: split and revision.")
    columns: Columns | None = Field(
        default=None, description="Name used in the templates: column; not with candidate."
    )
    prompt: Template | None = Field(
        default=None, description="Template of the model's input; not with candidate."
    )
    output: Template | None = Field(
        default=None, description="Template of the right answer; not with candidate."
    )
    rows: Overridable[Annotated[int, Field(ge=1, le=1_000_000_000)]] | None = Field(
        default=None, description="Rows that are asked, drawn with the seed; null: every row."
    )
    seed: Overridable[Annotated[int, Field(ge=0, le=2**32 - 1)]] = Field(
        default=42, description="Equal seeds draw equal rows."
    )


class Generation(Model):
    """How the model generates; null leaves the container's own default."""

    max_new_tokens: Overridable[Annotated[int, Field(ge=1, le=32_768)]] = Field(
        default=256, description="Tokens of an answer at most."
    )
    do_sample: Overridable[bool] | None = Field(
        default=False, description="false: always the likeliest token."
    )
    temperature: Overridable[Annotated[float, Field(gt=0, le=100)]] | None = Field(
        default=None, description="Higher is wilder; with do_sample."
    )
    top_k: Overridable[Annotated[int, Field(ge=1)]] | None = Field(
        default=None, description="Sample from the k likeliest tokens."
    )
    top_p: Overridable[Annotated[float, Field(gt=0, le=1)]] | None = Field(
        default=None, description="Sample from the likeliest tokens that together have this probability."
    )
    details: bool = Field(default=False, description="Ask the container for token details too.")
    stop: Items[Annotated[str, Field(min_length=1)]] = Field(
        default=(), description="Texts that end an answer."
    )


class RequestRetries(Model):
    """Retries of one row against the endpoint."""

    attempts: int = Field(default=4, ge=1, le=20, description="Attempts per row in all.")
    deadline_seconds: int = Field(default=120, ge=1, le=3600, description="Time per row, retries included.")


class Evaluation(Model):
    """How the model is asked and its answers are scored."""

    task: Task = Field(default="question_answering", description="question_answering or summarization.")
    generation: Generation = Field(default=Generation(), description="Parameters of generation.")
    strip_prompt: bool = Field(
        default=True, description="Cut a prompt that the model repeats off its answer."
    )
    request: Literal["text_inputs", "inputs"] = Field(
        default="text_inputs",
        description="Key of the prompt: text_inputs (DJL), inputs (TGI: the Falcon models).",
    )
    response_path: str = Field(
        default="[0].generated_text", min_length=1, max_length=256, description="JMESPath of the answer."
    )
    metrics: Items[MetricName] = Field(min_length=1, description="Metrics that are computed.")
    algorithms: Items[AlgorithmName] = Field(
        default=(), description="Further fmeval algorithms; their models must be at hand."
    )
    normalization: Literal["none", "unicode"] = Field(
        default="none",
        description="Which scores the gates read: fmeval's own, or those after Unicode normalization.",
    )
    target_delimiter: str = Field(
        default="<OR>",
        min_length=1,
        max_length=32,
        description="Separates several right answers in one target.",
    )
    concurrency: Overridable[Annotated[int, Field(ge=1, le=256)]] = Field(
        default=8, description="Requests that are under way at once."
    )
    retries: RequestRetries = Field(default=RequestRetries(), description="Retries of one row.")
    max_failed_share: Overridable[Share] = Field(
        default=0.0, description="More rows without an answer than this share fail the step."
    )


class Gate(Model):
    """One condition: a bound on a metric's mean, or better than the approved package. All gates must hold."""

    metric: MetricName = Field(description="One of evaluation.metrics.")
    at_least: Overridable[float] | None = Field(default=None, description="Smallest mean that passes.")
    at_most: Overridable[float] | None = Field(default=None, description="Largest mean that passes.")
    better_than: Literal["approved"] | None = Field(
        default=None,
        description="approved: the group's newest approved package, on the same rows; none there passes.",
    )
    margin: Overridable[float] | None = Field(
        default=None,
        description="With better_than: the whole interval of the difference must lie above it; default 0. "
        "A negative margin asks for not much worse.",
    )
    confidence: Overridable[float] | None = Field(
        default=None, description="With better_than: that of the interval; default 0.95."
    )


class Registry(Model):
    """The entry in the Model Registry."""

    group: EntityName = Field(description="Model package group; in full `<prefix>-<group>`.")
    approval_status: Overridable[Literal["PendingManualApproval", "Approved", "Rejected"]] = Field(
        default="PendingManualApproval", description="Status of a new entry."
    )
    content_types: Items[ContentType] = Field(
        default=("application/json",), min_length=1, description="What the model takes."
    )
    response_types: Items[ContentType] = Field(
        default=("application/json",), min_length=1, description="What the model answers."
    )
    inference_instances: Items[InstanceType] = Field(
        default=("ml.g5.12xlarge",), min_length=1, description="Instance types that can serve it."
    )
    transform_instances: Items[InstanceType] = Field(
        default=(), description="Instance types for batch transform."
    )
    description: Description = Field(default="", description="Description of a new entry.")


class InferenceSteps(Model):
    """Infrastructure of the steps that run as processing jobs."""

    preprocess: ProcessingStep = Field(
        default=ProcessingStep(), description="The evaluation set to fmeval's shape."
    )
    evaluate: ProcessingStep = Field(
        default=ProcessingStep(), description="Asks the endpoint and scores the answers."
    )


class InferenceConfig(PipelineConfig):
    """An inference pipeline: evaluate a candidate, gate on the metrics, register the model."""

    kind: Literal["inference"] = Field(description="What the pipeline does.")
    training: EntityName = Field(description="The training pipeline whose candidate is evaluated by default.")
    data: EvaluationData = Field(description="The rows that are asked.")
    evaluation: Evaluation = Field(description="How the model is asked and scored.")
    gates: Items[Gate] = Field(
        min_length=1, description="Conditions that must all hold before the model is registered."
    )
    on_missed_gate: Literal["fail", "end"] = Field(
        default="fail",
        description="fail: the execution fails and says why; end: it ends without a registration.",
    )
    registry: Registry = Field(description="The entry that is made.")
    steps: InferenceSteps = Field(default=InferenceSteps(), description="Infrastructure per step.")
