"""The candidate that a training execution leaves, and the inference parameters that it fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from config.models import Project
from deploy import executions, objects, outputs, reference
from deploy.errors import is_missing
from deploy.executions import Execution
from deploy.hints import typed
from deploy.session import Aws

LATEST = "latest"
# Parameter of every inference pipeline: the member of candidate.json that fills it. CandidateUri is the
# place of the file itself.
PARAMETERS = {
    "EndpointName": "endpoint_name",
    "ModelDataUrl": "model_data_url",
    "ModelImage": "image",
    "EvaluationData": "evaluation_data",
    "TrainingQuestions": "training_questions",
    "BaseModelName": "base_model",
    "AutoMLJobName": "automl_job_name",
    "DataHash": "data_hash",
    "TrainingExecution": "pipeline_execution_arn",
}


class CandidateError(PlatformError):
    """There is no candidate to evaluate, or its endpoint is gone."""


@dataclass(frozen=True)
class Candidate:
    """candidate.json of a training execution, and where it lies."""

    uri: str
    content: Mapping[str, Any]

    @property
    def parameters(self) -> dict[str, str]:
        """The inference parameters that it fills."""
        filled = {name: str(self.content[member]) for name, member in PARAMETERS.items()}
        return filled | {"CandidateUri": self.uri}

    @property
    def endpoint(self) -> str:
        """The endpoint that serves it."""
        return str(self.content["endpoint_name"])


def candidate(project: Project, aws: Aws, *, training: str, wanted: str = LATEST) -> Candidate:
    """The candidate of an execution (ARN, id, pipeline), or of the latest that succeeded of `training`.

    Raises CandidateError where there is none, where the file is not whole, or where the endpoint that
    serves it is gone: an evaluation without it would fail after minutes.
    """
    execution = latest(project, aws, training) if wanted == LATEST else reference.find(project, aws, wanted)
    if execution.status != "Succeeded":
        raise CandidateError(
            f"training execution {execution.id} is {execution.status} and has no candidate",
            hint=typed(f"status {execution.id}", project.environment.name),
        )
    uri = outputs.folder_of(project.environment, execution) + "candidate.json"
    content = objects.read_json(aws, uri)
    missing = [
        name for name in PARAMETERS.values() if not isinstance(content, Mapping) or name not in content
    ]
    if not isinstance(content, Mapping) or missing:
        what = "is not there" if content is None else f"lacks {', '.join(missing)}"
        raise CandidateError(
            f"{uri} {what}: execution {execution.id} of {execution.pipeline} left no candidate",
            hint="name a training execution: --from-training EXECUTION "
            f"(run_pipeline.py executions {training})",
        )
    found = Candidate(uri, content)
    _check_endpoint(project, aws, found, execution, training)
    return found


def latest(project: Project, aws: Aws, training: str) -> Execution:
    """The latest execution of a pipeline that succeeded; raises CandidateError where there is none."""
    project.pipeline(training)
    name = names.pipeline_name(project.environment, training)
    try:
        for execution in executions.newest(aws, name):
            if execution.status == "Succeeded":
                return execution
    except ClientError as error:
        if not is_missing(error):
            raise
    raise CandidateError(
        f'no execution of "{training}" has succeeded in environment "{project.environment.name}"',
        hint=typed(f"run {training}", project.environment.name),
    )


def _check_endpoint(
    project: Project, aws: Aws, found: Candidate, execution: Execution, training: str
) -> None:
    try:
        status = aws.client("sagemaker").describe_endpoint(EndpointName=found.endpoint)["EndpointStatus"]
    except ClientError as error:
        if not is_missing(error):
            raise
        status = "gone"
    if status == "InService":
        return
    if status in {"gone", "Deleting"}:
        raise CandidateError(
            f'endpoint "{found.endpoint}" of training execution {execution.id} is {status}: '
            f'after_evaluation is "{found.content.get("after_evaluation")}"',
            hint=f"train again ({typed(f'run {training}', project.environment.name)}); to "
            "evaluate a candidate more than once, set endpoint.after_evaluation: keep in the file of "
            f"{training}",
        )
    raise CandidateError(
        f'endpoint "{found.endpoint}" of training execution {execution.id} is {status}',
        hint=f"aws sagemaker describe-endpoint --endpoint-name {found.endpoint}",
    )
