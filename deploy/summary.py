"""What came of an execution: its exit code, figures against their gates, registry entry, files, endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from config.models import Project, TrainingConfig
from deploy import executions, outputs, registry
from deploy import gates as gating
from deploy.cleanup import price_per_hour
from deploy.errors import is_missing
from deploy.executions import Seen, Step
from deploy.gates import Gate
from deploy.outputs import File
from deploy.reference import config_name_of
from deploy.registry import Package
from deploy.session import Aws

DONE, FAILED, GATE_MISSED = 0, 1, 5


@dataclass(frozen=True)
class EndpointFate:
    """What became of the endpoint: a status of SageMaker, or "gone"; `price` in USD an hour while it runs."""

    name: str
    status: str
    price: float | None

    @property
    def is_running(self) -> bool:
        """Whether it costs by the hour."""
        return self.status not in {"gone", "Deleting"}


@dataclass(frozen=True)
class Summary:
    """One execution, summed up. `metrics` is the whole property file that the gates read, if any."""

    seen: Seen
    values: Mapping[str, str]
    gates: tuple[Gate, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    package: Package | None = None
    endpoint: EndpointFate | None = None
    files: tuple[File, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code that the execution's end stands for."""
        return exit_code(self.seen)

    @property
    def failed_step(self) -> Step | None:
        """The step that ended the execution; None when it did not fail."""
        return next((step for step in self.seen.steps if step.status == "Failed"), None)


def exit_code(seen: Seen) -> int:
    """0 succeeded, 5 a gate was missed (whatever that does to the execution), else 1."""
    if gating.missed(seen):
        return GATE_MISSED
    return DONE if seen.execution.status == "Succeeded" else FAILED


def summarize(project: Project, aws: Aws, seen: Seen) -> Summary:
    """Gathers what is known of an execution that is over."""
    values = executions.parameters(aws, seen.execution.arn)
    return Summary(
        seen=seen,
        values=values,
        gates=gating.gates(aws, seen, values),
        metrics=gating.metrics(aws, seen) or {},
        package=_package(project, aws, seen),
        endpoint=_endpoint(project, aws, seen, values),
        files=outputs.files(aws, project.environment, seen),
    )


def _package(project: Project, aws: Aws, seen: Seen) -> Package | None:
    for step in seen.steps:
        arn = step.metadata.get("RegisterModel", {}).get("Arn")
        if arn and step.status == "Succeeded":
            return registry.find(project, aws, arn)
    return None


def _endpoint(project: Project, aws: Aws, seen: Seen, values: Mapping[str, str]) -> EndpointFate | None:
    name = values.get("EndpointName") or _deployed(seen)
    if not name:
        return None
    try:
        status = aws.client("sagemaker").describe_endpoint(EndpointName=name)["EndpointStatus"]
    except ClientError as error:
        if not is_missing(error):
            raise
        status = "gone"
    return EndpointFate(name, status, _price(project, seen))


def _deployed(seen: Seen) -> str | None:
    """The endpoint that one of the execution's own functions says it made."""
    for step in seen.steps:
        for output in step.metadata.get("Lambda", {}).get("OutputParameters", []):
            if output["Name"] == "endpoint_name":
                return str(output["Value"])
    return None


def _price(project: Project, seen: Seen) -> float | None:
    name = config_name_of(project, seen.execution.pipeline)
    config = project.pipelines.get(name) if name else None
    training = project.pipelines.get(getattr(config, "training", "")) or config
    return price_per_hour(training) if isinstance(training, TrainingConfig) else None
