"""What definitions need of the roles that they run with: role, action, resource. Read from the JSON alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from config import names
from config.models import Environment
from deploy.executions import declared_steps

QUEUE_URL = re.compile(r"https://sqs\.(?P<region>[^.]+)\.[^/]+/(?P<account>\d{12})/(?P<name>.+)")


class Need(NamedTuple):
    """An action on a resource, by the role that does it."""

    role: str
    action: str
    resource: str


def needs(environment: Environment, definitions: Mapping[str, Mapping[str, Any]]) -> tuple[Need, ...]:
    """Everything that the definitions' steps ask for, each once."""
    found = {need for definition in definitions.values() for need in _of(environment, definition)}
    return tuple(sorted(found))


def _of(environment: Environment, definition: Mapping[str, Any]) -> Iterator[Need]:
    pipeline = names.role_arn(environment, "pipeline")
    for step in declared_steps(definition):
        yield from STEPS.get(step["Type"], _nothing)(environment, pipeline, step)
        if step.get("PropertyFiles"):
            yield Need(pipeline, "s3:GetObject", _objects(environment, "executions/*"))


def _processing(environment: Environment, pipeline: str, step: Mapping[str, Any]) -> Iterator[Need]:
    base = f"arn:{names.partition(environment)}:sagemaker:{environment.region}:{environment.account}"
    for action in ("AddTags", "CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob"):
        yield Need(pipeline, f"sagemaker:{action}", f"{base}:processing-job/pipelines-x")
    role = step["Arguments"]["RoleArn"]
    if isinstance(role, str):
        yield Need(pipeline, "iam:PassRole", role)
        for folder in ("code", "settings"):
            yield Need(role, "s3:GetObject", _objects(environment, f"{folder}/*"))
        yield Need(role, "s3:ListBucket", _objects(environment, "").partition("/")[0])
        yield Need(role, "s3:PutObject", _objects(environment, "executions/*"))


def _lambda(environment: Environment, pipeline: str, step: Mapping[str, Any]) -> Iterator[Need]:
    yield Need(pipeline, "lambda:InvokeFunction", step["FunctionArn"])
    role = step.get("Arguments", {}).get("role_arn")
    if isinstance(role, str) and role:
        yield Need(role, "s3:GetObject", _objects(environment, "executions/*"))


def _callback(environment: Environment, pipeline: str, step: Mapping[str, Any]) -> Iterator[Need]:
    found = QUEUE_URL.fullmatch(step["SqsQueueUrl"])
    if found:
        arn = f"arn:{names.partition(environment)}:sqs:{found['region']}:{found['account']}:{found['name']}"
        yield Need(pipeline, "sqs:SendMessage", arn)


def _register(environment: Environment, pipeline: str, step: Mapping[str, Any]) -> Iterator[Need]:
    base = f"arn:{names.partition(environment)}:sagemaker:{environment.region}:{environment.account}"
    group = step["Arguments"].get("ModelPackageGroupName", "")
    if isinstance(group, str) and group:
        yield Need(pipeline, "sagemaker:CreateModelPackage", f"{base}:model-package/{group}/1")


def _nothing(_: Environment, __: str, ___: Mapping[str, Any]) -> Iterator[Need]:
    yield from ()


def _objects(environment: Environment, keys: str) -> str:
    bucket = f"arn:{names.partition(environment)}:s3:::{names.bucket(environment)}"
    return f"{bucket}/{names.key_prefix(environment)}/{keys}"


STEPS = {
    "Processing": _processing,
    "Lambda": _lambda,
    "Callback": _callback,
    "RegisterModel": _register,
}
