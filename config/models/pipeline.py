"""What pipelines of every kind have: parameters, the infrastructure of a step, tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from config.models.types import (
    Description,
    Duration,
    EntityName,
    ImageUri,
    InstanceType,
    Items,
    Model,
    Tags,
    Text,
    VariableName,
    iso_duration,
)

ParameterType = Literal["String", "Integer", "Float", "Boolean"]
ParameterValue: TypeAlias = bool | int | float | str
ParameterName = Annotated[
    str, Text(r"[A-Z][A-Za-z0-9]*", "PascalCase: letters and digits, the first a capital letter", 64)
]


class Parameter(Model):
    """A value that a data scientist may override for one execution."""

    type: ParameterType = Field(description="String, Integer, Float or Boolean.")
    default: ParameterValue = Field(description="The value when nothing overrides it.")
    description: Description = Field(default="", description="What it does, for `list` and for the console.")
    allowed: Items[ParameterValue] | None = Field(
        default=None, min_length=1, description="The only values it may take."
    )
    minimum: int | float | None = Field(default=None, description="Smallest value (Integer, Float).")
    maximum: int | float | None = Field(default=None, description="Largest value (Integer, Float).")
    pattern: str | None = Field(
        default=None, description="Regular expression that the whole value fits (String)."
    )

    @model_validator(mode="before")
    @classmethod
    def _floats(cls, data: Any) -> Any:
        """A Float's default and allowed values may be written as whole numbers."""
        if not isinstance(data, Mapping) or data.get("type") != "Float":
            return data
        floats = {"default": _as_float(data.get("default"))} if "default" in data else {}
        if isinstance(data.get("allowed"), list | tuple):
            floats["allowed"] = [_as_float(value) for value in data["allowed"]]
        return {**data, **floats}


def _as_float(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class StepRetries(Model):
    """How often SageMaker tries a job again after an internal, capacity or limit error."""

    attempts: int = Field(default=3, ge=1, le=20, description="Attempts in all.")
    interval_seconds: int = Field(default=30, ge=1, le=43_200, description="Wait before the second attempt.")
    backoff_rate: float = Field(default=2.0, ge=1, le=100, description="Factor by which the wait grows.")


class ProcessingStep(Model):
    """Infrastructure of one processing step."""

    instance_type: InstanceType = Field(default="ml.m5.xlarge", description="Instance type of the job.")
    instance_count: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Instances; only convert and apply_guardrails share their work out over several.",
    )
    volume_gb: int = Field(default=30, ge=1, le=16_384, description="Disk of each instance in GB.")
    max_runtime_seconds: int = Field(
        default=3600,
        ge=60,
        le=432_000,
        description="The job is stopped and fails after this long (5 days at most).",
    )
    image: ImageUri | None = Field(
        default=None,
        description="Image of this step; null takes the environment's, then the pinned AWS container.",
    )
    network_isolation: bool = Field(
        default=False, description="No network at all: needs a prebuilt image or a wheelhouse."
    )
    cache: Duration | None = Field(
        default=None,
        description="Re-use a result with equal inputs for this long, such as 30d; null never does.",
    )
    retries: StepRetries | None = Field(
        default=StepRetries(), description="Retries; null leaves the service's own."
    )
    environment: Mapping[VariableName, Annotated[str, Field(max_length=256)]] = Field(
        default={}, max_length=80, description="Environment variables of the container; values are texts."
    )

    @property
    def cache_expires_after(self) -> str | None:
        """``cache`` as ISO 8601, such as ``P30D``."""
        return iso_duration(self.cache) if self.cache else None


class PipelineConfig(Model):
    """What every pipeline file holds, whatever its kind."""

    version: Literal[1] = Field(description="Version of this file's format.")
    name: EntityName = Field(description="Name of the pipeline; on SageMaker `<prefix>-<name>`.")
    description: Description = Field(default="", description="What it is for, in a sentence.")
    parameters: Mapping[ParameterName, Parameter] = Field(
        default={}, max_length=150, description="Values that may be overridden at start, by name."
    )
    parallelism: int | None = Field(
        default=None, ge=1, le=50, description="Steps that run at once; null leaves the service's own."
    )
    tags: Tags = Field(default={}, description="Tags on the pipeline and on what its executions make.")
