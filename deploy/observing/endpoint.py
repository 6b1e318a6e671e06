"""What becomes of the endpoint that serves a candidate: kept, deleted after its evaluation, gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from config.models import InferenceConfig, Project, TrainingConfig
from deploy.errors import is_missing
from deploy.executions import Seen
from deploy.reference import config_name_of
from deploy.session import Aws
from deploy.upkeep import cleanup

GONE = "gone"
# The function that deletes it hears of the execution's end by an event: seconds later.
PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class EndpointFate:
    """An endpoint of SageMaker: its status (or "gone"), what its file says is to become of it after the
    evaluation ("delete" or "keep"), whether that evaluation was had, and its price in USD an hour."""

    name: str
    status: str
    after_evaluation: str
    evaluated: bool
    price: float | None

    @property
    def is_running(self) -> bool:
        """Whether it costs by the hour."""
        return self.status not in {GONE, "Deleting"}

    @property
    def should_go(self) -> bool:
        """Whether it is there though its evaluation was had and nobody wanted it kept."""
        return self.is_running and self.evaluated and self.after_evaluation == "delete"


def fate(project: Project, aws: Aws, seen: Seen, values: Mapping[str, str]) -> EndpointFate | None:
    """What has become of the endpoint that an execution made or evaluated; None when there is none."""
    config = project.pipelines.get(config_name_of(project, seen.execution.pipeline) or "")
    evaluates = isinstance(config, InferenceConfig)
    name = values.get("EndpointName") if evaluates else _made_by(seen)
    training = project.pipelines.get(config.training) if isinstance(config, InferenceConfig) else config
    if not name or not isinstance(training, TrainingConfig):
        return None
    return EndpointFate(
        name=name,
        status=_status(aws, name),
        after_evaluation=training.endpoint.after_evaluation,
        evaluated=evaluates and seen.execution.is_over,
        price=cleanup.price_per_hour(training),
    )


def wait_for_release(aws: Aws, name: str, *, sleep: Callable[[float], None]) -> None:
    """Gives the function that deletes an endpoint after its evaluation the time it needs, not more."""
    waited = 0.0
    while _status(aws, name) not in {GONE, "Deleting"} and waited < PATIENCE_SECONDS:
        sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


def _status(aws: Aws, name: str) -> str:
    try:
        return str(aws.client("sagemaker").describe_endpoint(EndpointName=name)["EndpointStatus"])
    except ClientError as error:
        if is_missing(error):
            return GONE
        raise


def _made_by(seen: Seen) -> str | None:
    """The endpoint that one of the execution's own functions says it made."""
    for step in seen.steps:
        for output in step.metadata.get("Lambda", {}).get("OutputParameters", []):
            if output["Name"] == "endpoint_name":
                return str(output["Value"])
    return None
