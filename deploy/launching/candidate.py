"""The candidate that a training execution leaves, and the inference parameters that it fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from config.models import Project
from config.platform_parameters import SAMPLE_ROWS
from deploy import executions, objects, reference
from deploy.errors import is_missing
from deploy.executions import Execution
from deploy.hints import typed
from deploy.observing import outputs
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
        # What is a sample stays one: the evaluation, and the package that it registers.
        sample = {SAMPLE_ROWS: str(int(self.content.get("sample_rows") or 0))}
        return filled | {"CandidateUri": self.uri} | (sample if sample[SAMPLE_ROWS] != "0" else {})

    @property
    def source(self) -> str:
        """Where the values come from, in words."""
        return f"candidate of {str(self.content['pipeline_execution_arn']).rpartition('/')[2]}"

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


def check_serves(aws: Aws, endpoint: str, *, of: str, hint: str) -> None:
    """Raises CandidateError unless the endpoint is in service; `of` says whose it is."""
    status = _status(aws, endpoint)
    if status != "InService":
        raise CandidateError(f'endpoint "{endpoint}" {of} is {status}', hint=hint)


def _check_endpoint(
    project: Project, aws: Aws, found: Candidate, execution: Execution, training: str
) -> None:
    whose = f"of training execution {execution.id}"
    status = _status(aws, found.endpoint)
    if status not in {"gone", "Deleting"}:
        hint = f"aws sagemaker describe-endpoint --endpoint-name {found.endpoint}"
        check_serves(aws, found.endpoint, of=whose, hint=hint)
        return
    raise CandidateError(
        f'endpoint "{found.endpoint}" {whose} is {status}: '
        f'after_evaluation is "{found.content.get("after_evaluation")}"',
        hint=f"train again ({typed(f'run {training}', project.environment.name)}); to "
        "evaluate a candidate more than once, set endpoint.after_evaluation: keep in the file of "
        f"{training}",
    )


def _status(aws: Aws, endpoint: str) -> str:
    try:
        return str(aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)["EndpointStatus"])
    except ClientError as error:
        if not is_missing(error):
            raise
        return "gone"
