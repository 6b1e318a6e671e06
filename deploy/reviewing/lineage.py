"""Where a package comes from: its executions with parameters and times, its job, data, commit, and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from config.models import Project, TrainingConfig
from deploy import executions
from deploy.errors import is_missing
from deploy.executions import Execution
from deploy.observing import costs
from deploy.observing.costs import Usage
from deploy.reference import config_name_of
from deploy.reviewing import evaluations
from deploy.reviewing.evaluations import Read
from deploy.reviewing.registry import Package
from deploy.session import Aws
from deploy.upkeep import cleanup

# Parameters that the lineage tells of by themselves, or that say where things lie.
_PLACES = frozenset(
    {"Commit", "DirtyTree", "CandidateUri", "TrainingExecution", "DataHash", "BaseModelName", "AutoMLJobName"}
    | {"EndpointName", "ModelDataUrl", "ModelImage", "EvaluationData", "TrainingQuestions", "LabeledData"}
)


@dataclass(frozen=True)
class Ran:
    """An execution that a package comes from; `execution` is None when the service knows it no more."""

    arn: str
    execution: Execution | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    usages: tuple[Usage, ...] = ()  # of its jobs; endpoints are counted by EndpointCost

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        if self.execution is None or self.execution.ended is None:
            return None
        return (self.execution.ended - self.execution.started).total_seconds()


@dataclass(frozen=True)
class Job:
    """The fine-tuning job, and how long it took."""

    name: str
    seconds: float | None = None
    hyperparameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EndpointCost:
    """What the endpoint of the evaluation cost from the end of its training to the end of the evaluation."""

    instance: str
    usd_per_hour: float
    seconds: float

    @property
    def usd(self) -> float:
        """For the time it was needed."""
        return self.usd_per_hour * self.seconds / 3600


@dataclass(frozen=True)
class Lineage:
    """All of it; `candidate` and `data_report` are the documents, with what kept them from being read."""

    training: Ran | None
    inference: Ran | None
    job: Job | None
    candidate: Read
    data_report: Read
    endpoint: EndpointCost | None = None

    @property
    def usages(self) -> tuple[Usage, ...]:
        """What the jobs of both executions used."""
        return tuple(usage for ran in (self.training, self.inference) if ran for usage in ran.usages)


def lineage(project: Project, aws: Aws, package: Package) -> Lineage:
    """Follows what the package's metadata name, as far as it is still there."""
    known = package.metadata
    training, inference = (
        _ran(project, aws, known.get(name, "")) for name in ("training_execution", "execution")
    )
    candidate = _document(aws, known.get("candidate", ""))
    return Lineage(
        training=training,
        inference=inference,
        job=_job(aws, known.get("automl_job", "")),
        candidate=candidate,
        data_report=_document(aws, str(candidate.content.get("data_report", ""))),
        endpoint=_endpoint(project, training, inference),
    )


def _document(aws: Aws, uri: str) -> Read:
    known = uri.startswith("s3://")
    return evaluations.read(aws, uri) if known else Read(problem="is not named")


def _ran(project: Project, aws: Aws, arn: str) -> Ran | None:
    if ":pipeline/" not in arn:
        return None
    try:
        values = executions.parameters(aws, arn)
        shown = {name: value for name, value in values.items() if name not in _PLACES}
        seen = executions.look(aws, arn)
        used = costs.usages(project, aws, seen, now=seen.execution.changed)
        return Ran(arn, seen.execution, shown, tuple(usage for usage in used if not usage.goes_on))
    except ClientError as error:
        if is_missing(error):  # a pipeline's history goes with it
            return Ran(arn)
        raise


def _job(aws: Aws, name: str) -> Job | None:
    if not name:
        return None
    try:
        found = aws.client("sagemaker").describe_auto_ml_job_v2(AutoMLJobName=name)
    except ClientError as error:
        if is_missing(error):
            return Job(name)
        raise
    config = found.get("AutoMLProblemTypeConfig", {}).get("TextGenerationJobConfig", {})
    began, ended = found.get("CreationTime"), found.get("EndTime")
    return Job(name, _between(began, ended), dict(config.get("TextGenerationHyperParameters", {})))


def _between(began: Any, ended: Any) -> float | None:
    known = isinstance(began, datetime) and isinstance(ended, datetime)
    return (ended - began).total_seconds() if known else None


def _endpoint(project: Project, training: Ran | None, inference: Ran | None) -> EndpointCost | None:
    """None where the price is not in the pipeline's file, or an end is not known."""
    began = training.execution.ended if training and training.execution else None
    ended = inference.execution.ended if inference and inference.execution else None
    if training is None or training.execution is None or began is None or ended is None:
        return None
    config = project.pipelines.get(config_name_of(project, training.execution.pipeline) or "")
    price = cleanup.price_per_hour(config) if isinstance(config, TrainingConfig) else None
    if price is None or not isinstance(config, TrainingConfig):
        return None
    return EndpointCost(str(config.endpoint.instance_type), price, max(0.0, (ended - began).total_seconds()))
