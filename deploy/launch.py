"""Starting a pipeline: values gathered, checked against what is deployed, sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config import names
from config.models import Project
from config.parameters import ParameterFile, parameter_text, platform_parameters, resolve_parameters
from config.platform_parameters import CANDIDATE, GUARDRAIL, LABELED, PROVENANCE, UNKNOWN
from definition.checks import require_start
from deploy import executions, guardrails
from deploy.candidate import Candidate
from deploy.deployed import describe, tags_of
from deploy.errors import NotDeployedError
from deploy.hints import typed
from deploy.labeled import LabeledData
from deploy.ownership import ROLLED_BACK
from deploy.provenance import Provenance
from deploy.session import Aws
from deploy.versions import NEWEST, VersionChoice, missing_version


@dataclass(frozen=True)
class Wishes:
    """What a person asked for: values by -p, a --params file, pipelines that the same command starts, and
    the version of the pipeline that is to run."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    file: ParameterFile | None = None
    beside: Sequence[str] = ()
    version: VersionChoice = NEWEST

    @property
    def given(self) -> frozenset[str]:
        """The names of parameters that the person gave a value."""
        return frozenset({*self.overrides, *(self.file.values if self.file else ())})


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
    placeholders = (*CANDIDATE, *GUARDRAIL, *LABELED, *PROVENANCE)
    _resolved(project, name, wishes, {each.name: UNKNOWN for each in placeholders})


def launch(
    project: Project,
    aws: Aws,
    name: str,
    *,
    wishes: Wishes,
    candidate: Candidate | LabeledData | None,
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
    deployed = deployed_definition(project, aws, name, wishes.version)
    values = _declared(project, aws, name, values, deployed=deployed, wishes=wishes)
    require_start(deployed, name, values)
    arn = executions.start(
        aws,
        names.pipeline_name(project.environment, name),
        values,
        description=origin.description,
        version=wishes.version,
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


def deployed_definition(
    project: Project, aws: Aws, name: str, version: VersionChoice = NEWEST
) -> Mapping[str, Any]:
    """The definition that SageMaker would run now; it may be older than the YAML."""
    project.pipeline(name)
    full = names.pipeline_name(project.environment, name)
    answer = describe(aws, full, **version.request)
    if answer is None and version != NEWEST and describe(aws, full) is not None:
        raise missing_version(project, name, version)
    if answer is None:
        environment = project.environment.name
        raise NotDeployedError(
            f'pipeline "{name}" is not deployed to environment "{environment}"',
            hint=typed(f"upsert {name}", environment),
        )
    parsed: Mapping[str, Any] = json.loads(answer["PipelineDefinition"])
    return parsed


def _declared(
    project: Project,
    aws: Aws,
    name: str,
    values: Mapping[str, str],
    *,
    deployed: Mapping[str, Any],
    wishes: Wishes,
) -> dict[str, str]:
    """The values that the deployed definition declares. Of an earlier version, defaults of parameters that
    it does not have yet are left out; elsewhere they show that the file was changed and not upserted."""
    declared = {parameter["Name"] for parameter in deployed.get("Parameters", [])}
    unknown = [value for value in values if value not in declared]
    missed = [value for value in unknown if value in wishes.given]
    if unknown and not missed and wishes.version == NEWEST and not _is_rolled_back(project, aws, name):
        missed = unknown
    if missed:
        which = f"{wishes.version.text} of " if wishes.version.text else ""
        raise NotDeployedError(
            f'{which}the deployed pipeline "{name}" has no parameter "{missed[0]}"; its file has',
            hint=typed(f"upsert {name}", project.environment.name),
        )
    return {key: value for key, value in values.items() if key in declared}


def _is_rolled_back(project: Project, aws: Aws, name: str) -> bool:
    return bool(tags_of(aws, names.pipeline_arn(project.environment, name)).get(ROLLED_BACK))
