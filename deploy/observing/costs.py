"""What an execution's steps cost, from the jobs they ran and the environment's table of prices.

Only instances are counted: they are what such pipelines cost. Lambda, S3 and SQS are cents, and Bedrock is
billed by tokens and text units, which the guardrails report counts. What has no price is "not known".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from config.models import Project, TrainingConfig
from deploy.errors import is_missing
from deploy.executions import Seen, Step
from deploy.observing.waits import arguments
from deploy.reference import config_name_of
from deploy.session import Aws

JOB, ENDPOINT = "job", "endpoint"
HOUR = 3600


@dataclass(frozen=True)
class Usage:
    """Instances that a step used. `instance_type` is empty where the service chose and does not tell;
    `seconds` None where it is not known how long, `usd` where there is no price; `what` is "job" or
    "endpoint"."""

    step: str
    what: str
    instance_type: str
    instances: int
    seconds: float | None
    usd: float | None

    @property
    def goes_on(self) -> bool:
        """Whether it is an endpoint, which costs on after its execution."""
        return self.what == ENDPOINT


def usages(project: Project, aws: Aws, seen: Seen, *, now: datetime) -> tuple[Usage, ...]:
    """Of every step that used instances in this execution; results from elsewhere cost nothing here."""
    price = prices(project, seen.execution.pipeline)
    own = [step for step in seen.steps if not step.cached_from and not step.reused_from]
    jobs = [(step.name, job) for step in own for job in _jobs(aws, seen, step, now)]
    return tuple(_usage(name, job, price) for name, job in jobs)


def total(found: tuple[Usage, ...]) -> float | None:
    """US dollars of the jobs that have a price; None where none has one."""
    known = [usage.usd for usage in found if usage.usd is not None and not usage.goes_on]
    return sum(known) if known else None


def prices(project: Project, pipeline: str) -> Mapping[str, float]:
    """US dollars an hour by instance type: the environment's table, and what the pipeline's file says of its
    endpoint's instance."""
    table = {name: usd for name, usd in project.environment.prices.usd_per_hour.items() if usd is not None}
    config = project.pipelines.get(config_name_of(project, pipeline) or "")
    if isinstance(config, TrainingConfig) and config.endpoint.price_per_hour_usd is not None:
        table.setdefault(str(config.endpoint.instance_type), config.endpoint.price_per_hour_usd)
    return table


def usd(
    price: Mapping[str, float], instance_type: str, instances: int, seconds: float | None
) -> float | None:
    """None where the price or the time is not known."""
    if seconds is None or instance_type not in price:
        return None
    return price[instance_type] * instances * seconds / HOUR


# What, type, count, seconds.
_Job = tuple[str, str, int, float | None]


def _usage(step: str, job: _Job, price: Mapping[str, float]) -> Usage:
    what, instance_type, instances, seconds = job
    return Usage(step, what, instance_type, instances, seconds, usd(price, instance_type, instances, seconds))


def _jobs(aws: Aws, seen: Seen, step: Step, now: datetime) -> Iterator[_Job]:
    if "ProcessingJob" in step.metadata:
        yield from _processing(aws, step, now)
    elif "Callback" in step.metadata:
        given = arguments(seen, step)
        if given.get("waits_for") == "automl":
            yield from _automl(aws, step, given.get("name", ""), now)
        elif given.get("waits_for") == "endpoint":
            yield from _endpoint(aws, given.get("name", ""), now)


def _processing(aws: Aws, step: Step, now: datetime) -> Iterator[_Job]:
    name = step.metadata["ProcessingJob"].get("Arn", "").rpartition("/")[2]
    job = _described(aws, "describe_processing_job", ProcessingJobName=name) if name else None
    cluster = (job or {}).get("ProcessingResources", {}).get("ClusterConfig")
    if job and cluster:
        begun, ended = job.get("ProcessingStartTime"), job.get("ProcessingEndTime")
        yield JOB, cluster["InstanceType"], cluster["InstanceCount"], _between(begun, ended, now)


def _automl(aws: Aws, step: Step, name: str, now: datetime) -> Iterator[_Job]:
    """Autopilot chooses the instances; they can be asked for job by job where it names its training jobs."""
    found = False
    job = _described(aws, "describe_auto_ml_job_v2", AutoMLJobName=name) if name else None
    for part in (job or {}).get("BestCandidate", {}).get("CandidateSteps", []):
        if part.get("CandidateStepType") == "AWS::SageMaker::TrainingJob":
            training = _described(
                aws, "describe_training_job", TrainingJobName=part["CandidateStepArn"].rpartition("/")[2]
            )
            resources = (training or {}).get("ResourceConfig", {})
            if training and resources.get("InstanceType"):
                found = True
                seconds = training.get("BillableTimeInSeconds")
                yield JOB, resources["InstanceType"], resources.get("InstanceCount", 1), seconds
    if not found:
        yield JOB, "", 1, _between(step.started, step.ended, now)


def _endpoint(aws: Aws, name: str, now: datetime) -> Iterator[_Job]:
    """An endpoint costs until it is deleted, which the service does not remember: only one that is there."""
    described = _described(aws, "describe_endpoint", EndpointName=name) if name else None
    if not described or "CreationTime" not in described:
        return
    config = _described(aws, "describe_endpoint_config", EndpointConfigName=described["EndpointConfigName"])
    for variant in (config or {}).get("ProductionVariants", []):
        if "InstanceType" in variant:
            count = variant.get("InitialInstanceCount", 1)
            yield ENDPOINT, variant["InstanceType"], count, _between(described["CreationTime"], None, now)


def _described(aws: Aws, operation: str, **request: str) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = getattr(aws.client("sagemaker"), operation)(**request)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return answer


def _between(begun: datetime | None, ended: datetime | None, now: datetime) -> float | None:
    return ((ended or now) - begun).total_seconds() if begun else None
