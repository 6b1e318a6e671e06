"""Starting a pipeline: values gathered, checked against what is deployed, sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config import names
from config.models import InferenceConfig, Project
from config.parameter_values import parameter_text
from config.parameters import Layer, ParameterFile, Resolved, platform_parameters, resolve
from config.platform_parameters import (
    CANDIDATE,
    GUARDRAIL,
    JOB_OUTPUT,
    LABELED,
    PROVENANCE,
    SAMPLE_ROWS,
    UNKNOWN,
)
from definition.checks import require_start
from deploy import executions, objects
from deploy.errors import NotDeployedError
from deploy.hints import typed
from deploy.labeling.converting import JobOutput
from deploy.launching.again import Again
from deploy.launching.candidate import Candidate, CandidateError, check_serves
from deploy.launching.labeled import LabeledData
from deploy.launching.provenance import Provenance
from deploy.launching.selection import Selection, select
from deploy.planning import guardrails
from deploy.planning.deployed import describe, tags_of
from deploy.planning.ownership import ROLLED_BACK
from deploy.planning.versions import NEWEST, VersionChoice, missing_version
from deploy.session import Aws


@dataclass(frozen=True)
class Wishes:
    """What a person asked for: values by -p, a --params file, pipelines that the same command starts, steps
    that alone run, or do not, and the version of the pipeline that is to run."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    file: ParameterFile | None = None
    beside: Sequence[str] = ()
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    version: VersionChoice = NEWEST

    @property
    def given(self) -> frozenset[str]:
        """The names of parameters that the person gave a value."""
        return frozenset({*self.overrides, *(self.file.values if self.file else ())})


@dataclass(frozen=True)
class Ready:
    """A start that would do: values as texts, where each comes from ("" is the default), what is deployed,
    and the selection where not all steps run."""

    name: str
    values: Mapping[str, str]
    sources: Mapping[str, str]
    definition: Mapping[str, Any] = field(repr=False)
    selection: Selection | None
    description: str


@dataclass(frozen=True)
class Launched:
    """An execution that was started, with every value it runs with (defaults included)."""

    name: str
    arn: str
    values: Mapping[str, str]
    ready: Ready

    @property
    def id(self) -> str:
        """The execution's id."""
        return self.arn.rpartition("/")[2]


def check_wishes(project: Project, name: str, wishes: Wishes) -> None:
    """Raises ParameterError for values that would not do, before anything is asked or made.

    The candidate is not known yet; something stands in its place.
    """
    placeholders = (*CANDIDATE, *GUARDRAIL, *LABELED, *JOB_OUTPUT, *PROVENANCE)
    _resolved(project, name, wishes, [Layer("", {each.name: UNKNOWN for each in placeholders})])


def launch(
    project: Project,
    aws: Aws,
    name: str,
    *,
    wishes: Wishes,
    candidate: Candidate | LabeledData | JobOutput | None,
    origin: Provenance,
    again: Again | None = None,
) -> Launched:
    """Starts the deployed pipeline `name`; nothing is started when a value would not do."""
    ready = prepare(project, aws, name, wishes=wishes, candidate=candidate, origin=origin, again=again)
    arn = executions.start(
        aws,
        names.pipeline_name(project.environment, name),
        ready.values,
        description=ready.description,
        selection=ready.selection.request if ready.selection else None,
        version=wishes.version,
    )
    return Launched(name, arn, ready.values, ready)


def prepare(
    project: Project,
    aws: Aws,
    name: str,
    *,
    wishes: Wishes,
    candidate: Candidate | LabeledData | JobOutput | None,
    origin: Provenance,
    again: Again | None = None,
) -> Ready:
    """Everything that a start needs, checked; only questions are asked.

    Every value is sent, defaults too: the execution then runs with the values of the files at hand, whatever
    the deployed definition has for defaults. Raises ParameterError, NotDeployedError, StartError,
    SelectionError, CandidateError.
    """
    layers = [
        Layer("guardrail", _guardrail(project, aws, name, again)),
        *([Layer(again.source, again.values)] if again else ()),
        *([Layer(candidate.source, candidate.parameters)] if candidate else ()),
        Layer("this checkout", origin.parameters),
    ]
    resolved = _resolved(project, name, wishes, layers)
    values = {key: parameter_text(value) for key, value in resolved.values.items()}
    deployed = deployed_definition(project, aws, name, wishes.version)
    values = _declared(project, aws, name, values, deployed=deployed, wishes=wishes)
    require_start(deployed, name, values)
    selection = None
    if again is not None and (wishes.only or wishes.skip):
        selection = select(aws, deployed, again.execution, only=wishes.only, skip=wishes.skip)
    if isinstance(project.pipelines[name], InferenceConfig):
        _check_sample(aws, values)
        if again is not None and resolved.sources.get("EndpointName") == again.source:
            _check_endpoint(aws, again, values["EndpointName"], deployed, selection)
    description = origin.description + (f", again from {again.execution.id}" if again else "")
    return Ready(name, values, resolved.sources, deployed, selection, description)


def _guardrail(project: Project, aws: Aws, name: str, again: Again | None) -> Mapping[str, str]:
    """Of the file's guardrail; a start from an earlier execution takes that one's, whatever there is now."""
    if again is not None and all(each.name in again.values for each in GUARDRAIL):
        return {}
    return guardrails.parameters(project, aws, name)


def _resolved(project: Project, name: str, wishes: Wishes, layers: Sequence[Layer]) -> Resolved:
    config = project.pipeline(name)
    known = {*config.parameters, *(each.name for each in platform_parameters(config))}
    return resolve(
        config,
        wishes.overrides,
        file=wishes.file,
        layers=[
            Layer(layer.source, {key: value for key, value in layer.values.items() if key in known})
            for layer in layers
        ],
        beside=[project.pipeline(other) for other in wishes.beside if other != name],
    )


def _check_sample(aws: Aws, values: Mapping[str, str]) -> None:
    """A candidate that saw a sample alone is not registered as if it had seen everything."""
    uri = values["CandidateUri"]
    if values.get(SAMPLE_ROWS, "0") != "0" or not uri.startswith("s3://") or not all(objects.split(uri)):
        return
    content = objects.read_json(aws, uri)
    rows = content.get("sample_rows") if isinstance(content, Mapping) else None
    if rows:
        raise CandidateError(
            f"the candidate was trained on a sample of {rows} rows; evaluated on all, it would be registered "
            "as if it had seen them all",
            hint=f"leave {SAMPLE_ROWS} to the candidate, or give --sample {rows}",
        )


def _check_endpoint(
    aws: Aws,
    again: Again,
    endpoint: str,
    deployed: Mapping[str, Any],
    selection: Selection | None,
) -> None:
    """The endpoint of an earlier start may be gone; it is asked for where a step that runs needs it."""
    running = [
        step
        for step in executions.declared_steps(deployed)
        if selection is None or step["Name"] in selection.steps
    ]
    if "Parameters.EndpointName" in json.dumps(running):
        check_serves(
            aws,
            endpoint,
            of=f"of execution {again.execution.id}",
            hint="take another candidate: --from-training latest",
        )


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
