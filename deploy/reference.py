"""What a person calls an execution, and which one that is."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from config import names
from config.models import Project
from config.suggest import did_you_mean
from deploy import executions
from deploy.errors import UnknownExecutionError, is_missing
from deploy.executions import Execution
from deploy.hints import typed
from deploy.session import Aws

ARN = re.compile(
    r"arn:[a-z-]+:sagemaker:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):pipeline/(?P<pipeline>[^/]+)/execution/(?P<id>[^/]+)"
)
ID = re.compile(r"[a-z0-9]{12}")
KINDS_OF_REFERENCE = (
    "an ARN, an id of 12 letters and digits, or the name of a pipeline for its latest execution"
)


def find(project: Project, aws: Aws, reference: str) -> Execution:
    """The execution of an ARN, an id, or a pipeline's name (its newest). Raises UnknownExecutionError."""
    if reference.startswith("arn:"):
        return _by_arn(project, aws, reference)
    config_name = config_name_of(project, reference)
    if config_name is not None:
        return _newest(project, aws, config_name)
    if ID.fullmatch(reference):
        return _by_id(project, aws, reference)
    raise UnknownExecutionError(
        f'"{reference}" names no execution; it should be {KINDS_OF_REFERENCE}',
        hint=did_you_mean(reference, project.pipelines) or typed("executions", project.environment.name),
    )


def config_name_of(project: Project, name: str) -> str | None:
    """The configured pipeline of a name: its own, or SageMaker's with the environment's prefix."""
    for config_name in project.pipelines:
        # SageMaker lower-cases names in ARNs.
        if name.lower() in {
            config_name.lower(),
            names.pipeline_name(project.environment, config_name).lower(),
        }:
            return config_name
    return None


def findable(execution: Execution, *, known: bool) -> str:
    """What finds the execution again: its id; its ARN where the pipeline is not of this repository (`known`),
    since an id is looked for below the configured pipelines."""
    return execution.id if known else execution.arn


def _by_arn(project: Project, aws: Aws, arn: str) -> Execution:
    parts = ARN.fullmatch(arn)
    environment = project.environment
    if parts is None:
        raise UnknownExecutionError(
            f'"{arn}" is not the ARN of an execution',
            hint="it looks like arn:aws:sagemaker:REGION:ACCOUNT:pipeline/NAME/execution/ID",
        )
    for what, here in (("account", environment.account), ("region", environment.region)):
        if parts[what] != here:
            raise UnknownExecutionError(
                f'this execution is in {what} "{parts[what]}", '
                f'environment "{environment.name}" is in {what} "{here}"',
                hint=f"choose another --env than {environment.name}",
            )
    return _describe(aws, arn) or _unknown(project, arn)


def _by_id(project: Project, aws: Aws, execution_id: str) -> Execution:
    """Tries the id below every configured pipeline: the service finds executions by ARN only."""
    arns = [
        f"{names.pipeline_arn(project.environment, name)}/execution/{execution_id}"
        for name in project.pipelines
    ]
    found = [execution for arn in arns if (execution := _describe(aws, arn))]
    if len(found) > 1:
        raise UnknownExecutionError(
            f'"{execution_id}" is an execution of {" and of ".join(each.pipeline for each in found)}',
            hint=f"name it by its ARN: {found[0].arn}",
        )
    return found[0] if found else _unknown(project, execution_id)


def _newest(project: Project, aws: Aws, config_name: str) -> Execution:
    name = names.pipeline_name(project.environment, config_name)
    try:
        newest = next(executions.newest(aws, name), None)
    except ClientError as error:
        if not is_missing(error):
            raise
        raise UnknownExecutionError(
            f'pipeline "{config_name}" is not deployed to environment "{project.environment.name}"',
            hint=typed(f"upsert {config_name}", project.environment.name),
        ) from error
    if newest is None:
        raise UnknownExecutionError(
            f'pipeline "{config_name}" has no execution in environment "{project.environment.name}"',
            hint=typed(f"start {config_name}", project.environment.name),
        )
    # The listing cuts what describing tells in full (the reason of a failure).
    return executions.describe(aws, newest.arn)


def _describe(aws: Aws, arn: str) -> Execution | None:
    try:
        return executions.describe(aws, arn)
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def _unknown(project: Project, reference: str) -> Execution:
    raise UnknownExecutionError(
        f'environment "{project.environment.name}" has no execution "{reference}"',
        hint=typed("executions", project.environment.name),
    )
