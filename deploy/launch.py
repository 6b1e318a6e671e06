"""Starting a pipeline: values gathered, checked against what is deployed, sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import Project
from config.parameters import ParameterFile, parameter_text, platform_parameters, resolve_parameters
from config.platform_parameters import CANDIDATE, GUARDRAIL, JOB_OUTPUT, LABELED, PROVENANCE, UNKNOWN
from definition.checks import require_start
from deploy import executions, guardrails
from deploy.candidate import Candidate
from deploy.errors import NotDeployedError, is_missing
from deploy.hints import typed
from deploy.labeled import LabeledData
from deploy.labeling.converting import JobOutput
from deploy.provenance import Provenance
from deploy.session import Aws


@dataclass(frozen=True)
class Wishes:
    """What a person asked for: values by -p, a --params file, pipelines that the same command starts."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    file: ParameterFile | None = None
    beside: Sequence[str] = ()


@dataclass(frozen=True)
class Launched:
    """An execution that was started, with every value it runs with (defaults included)."""

    name: str
    arn: str
    values: Mapping[str, str]

    @property
    def id(self) -> str:
        """The execution's id."""
        return self.arn.rpartition("/")[2]


def check_wishes(project: Project, name: str, wishes: Wishes) -> None:
    """Raises ParameterError for values that would not do, before anything is asked or made.

    The candidate is not known yet; something stands in its place.
    """
    placeholders = (*CANDIDATE, *GUARDRAIL, *LABELED, *JOB_OUTPUT, *PROVENANCE)
    _resolved(project, name, wishes, {each.name: UNKNOWN for each in placeholders})


def launch(
    project: Project,
    aws: Aws,
    name: str,
    *,
    wishes: Wishes,
    candidate: Candidate | LabeledData | JobOutput | None,
    origin: Provenance,
) -> Launched:
    """Starts the deployed pipeline `name`; nothing is started when a value would not do.

    Every value is sent, defaults too: the execution then runs with the values of the files at hand, whatever
    the deployed definition has for defaults. Raises ParameterError, NotDeployedError, StartError.
    """
    filled = {
        **(candidate.parameters if candidate else {}),
        **guardrails.parameters(project, aws, name),
        **origin.parameters,
    }
    values = _resolved(project, name, wishes, filled)
    deployed = deployed_definition(project, aws, name)
    _check_names(project, name, deployed, values)
    require_start(deployed, name, values)
    arn = executions.start(
        aws, names.pipeline_name(project.environment, name), values, description=origin.description
    )
    return Launched(name, arn, values)


def _resolved(project: Project, name: str, wishes: Wishes, filled: Mapping[str, str]) -> dict[str, str]:
    config = project.pipeline(name)
    known = {each.name for each in platform_parameters(config)}
    values = resolve_parameters(
        config,
        wishes.overrides,
        file=wishes.file,
        filled={key: value for key, value in filled.items() if key in known},
        beside=[project.pipeline(other) for other in wishes.beside if other != name],
    )
    return {key: parameter_text(value) for key, value in values.items()}


def deployed_definition(project: Project, aws: Aws, name: str) -> Mapping[str, Any]:
    """The definition that SageMaker would run now; it may be older than the YAML."""
    project.pipeline(name)
    try:
        answer = aws.client("sagemaker").describe_pipeline(
            PipelineName=names.pipeline_name(project.environment, name)
        )
    except ClientError as error:
        if not is_missing(error):
            raise
        environment = project.environment.name
        raise NotDeployedError(
            f'pipeline "{name}" is not deployed to environment "{environment}"',
            hint=typed(f"upsert {name}", environment),
        ) from error
    parsed: Mapping[str, Any] = json.loads(answer["PipelineDefinition"])
    return parsed


def _check_names(project: Project, name: str, deployed: Mapping[str, Any], values: Mapping[str, str]) -> None:
    declared = {parameter["Name"] for parameter in deployed.get("Parameters", [])}
    unknown = [value for value in values if value not in declared]
    if unknown:
        raise NotDeployedError(
            f'the deployed pipeline "{name}" has no parameter "{unknown[0]}"; its file has',
            hint=typed(f"upsert {name}", project.environment.name),
        )
