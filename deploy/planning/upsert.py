"""Brings pipelines to an environment: compiled, compared with what is there, written only where it differs.

plan      compile -> look -> actions: uploads, groups, guardrails, pipelines, tags, aliases   (only reads)
upsert    the plan, carried out                                                               (writes)

A pipeline that is a stranger's, or that somebody changed since it was last written, is not written over
without being forced (deploy/planning/ownership.py says how that is told).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from config import names
from config.models import InferenceConfig, Project
from deploy.actions import (
    Action,
    CreatePackageGroup,
    CreatePipeline,
    MoveAlias,
    PipelineSpec,
    TagResource,
    UpdatePipeline,
    pairs,
)
from deploy.apply import Report, apply
from deploy.errors import MovedOnError, ProtectedError, is_conflict, is_missing
from deploy.hints import typed
from deploy.infrastructure.bundle import missing_uploads
from deploy.planning import guardrails, versions
from deploy.planning.deployed import DeployedPipeline, look_up
from deploy.planning.ownership import (
    APPLIED,
    APPLYING,
    PREFIX,
    ROLLED_BACK,
    SDK,
    SOURCES,
    definition_hash,
    is_ours,
    state_of,
    was_changed_outside,
)
from deploy.session import Aws

if TYPE_CHECKING:
    from definition.compile import CompiledPipeline

AT_ONCE = 8
# Written with a definition and never without one: alone they are no difference.
WITH_THE_DEFINITION = frozenset({SOURCES, SDK, APPLYING, ROLLED_BACK})
Protected = Literal["", "stranger", "changed outside"]


@dataclass(frozen=True)
class PipelinePlan:
    """What upsert does to one pipeline: "created", "updated" or "unchanged", and in what it differs.

    `before` is what is there, `wanted` what shall be; `protected` says why it is not written over.
    """

    name: str
    arn: str
    change: str
    differs: tuple[str, ...]
    before: DeployedPipeline | None = field(default=None, repr=False)
    wanted: PipelineSpec | None = field(default=None, repr=False)
    protected: Protected = ""


@dataclass(frozen=True)
class Plan:
    """All that would be written, in order, and the same by pipeline."""

    actions: tuple[Action, ...]
    pipelines: tuple[PipelinePlan, ...]


def plan(
    project: Project, aws: Aws, compiled: Sequence[CompiledPipeline], *, alias: str | None = None
) -> Plan:
    """What upsert would write; nothing is written."""
    assets = [asset for pipeline in compiled for asset in pipeline.assets]
    uploads = missing_uploads(aws, project.environment, assets)
    chosen = [pipeline.config_name for pipeline in compiled]
    groups = (*_missing_groups(project, aws, chosen), *guardrails.plan(project, aws, chosen))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        looked = list(pool.map(lambda each: _plan_one(project, aws, each, alias), compiled))
    writes = [action for actions, _ in looked for action in actions]
    return Plan((*uploads, *groups, *writes), tuple(outcome for _, outcome in looked))


def upsert(
    project: Project,
    aws: Aws,
    compiled: Sequence[CompiledPipeline],
    *,
    report: Report,
) -> Plan:
    """Plans and carries the plan out; `report` hears of each action when it is done.

    When another command does the same at the same time, what is left is planned again.
    """
    made = plan(project, aws, compiled)
    carry_out(project, aws, made, compiled, report=report)
    return made


def carry_out(
    project: Project,
    aws: Aws,
    made: Plan,
    compiled: Sequence[CompiledPipeline],
    *,
    report: Report,
    force: bool = False,
    alias: str | None = None,
    again: bool = True,
) -> None:
    """Carries a plan out. Raises ProtectedError before anything is written; with `again` False, an error
    where somebody else wrote meanwhile."""
    if not force:
        require_unprotected(project, made)
    try:
        apply(made.actions, aws, report=report)
    except (ClientError, MovedOnError) as error:
        if not again or (isinstance(error, ClientError) and not is_conflict(error)):
            raise
        left = plan(project, aws, compiled, alias=alias)
        if not force:
            require_unprotected(project, left)
        apply(left.actions, aws, report=report)


def require_unprotected(project: Project, made: Plan) -> None:
    """Raises ProtectedError, naming every pipeline that would be written over and must not be."""
    stopped = [each for each in made.pipelines if each.protected]
    if stopped:
        reasons = [_reason(project, each) for each in stopped]
        chosen = " ".join(each.name for each in stopped)
        raise ProtectedError(
            "; ".join(reasons),
            hint=f"{typed(f'plan {chosen}', project.environment.name)} shows it; "
            f"{typed(f'upsert {chosen} --force', project.environment.name)} overwrites it",
        )


def _reason(project: Project, planned: PipelinePlan) -> str:
    prefix = project.environment.prefix
    full = names.pipeline_name(project.environment, planned.name)
    if planned.protected == "stranger":
        return f'pipeline "{full}" was not made by this project: it has no tag {PREFIX}={prefix}'
    return f'pipeline "{full}" was changed outside of this project since it was last upserted'


def _plan_one(
    project: Project, aws: Aws, compiled: CompiledPipeline, alias: str | None
) -> tuple[tuple[Action, ...], PipelinePlan]:
    arn = names.pipeline_arn(project.environment, compiled.config_name)
    before = look_up(aws, compiled.name, arn)
    spec = _spec(project, compiled, arn, before)
    if before is None:
        outcome = PipelinePlan(compiled.config_name, arn, "created", (), None, spec)
        return (CreatePipeline(spec), *_alias_of_new(spec, alias)), outcome
    differs = _differences(spec, compiled, before)
    actions: list[Action] = [UpdatePipeline(spec, differs, before.state)] if differs else []
    tags = _tag_changes(spec, before)
    if tags is not None and not differs:
        actions.append(tags)
    if tags is not None and set(dict(tags.put)) - {APPLIED, *WITH_THE_DEFINITION}:
        differs = (*differs, "tags")
    moved = _alias_of(aws, spec, alias, before)
    actions += [moved] if moved else []
    differs = (*differs, "alias") if moved else differs
    change = "updated" if actions else "unchanged"
    protected = _protected(project, before, differs)
    return tuple(actions), PipelinePlan(compiled.config_name, arn, change, differs, before, spec, protected)


def _protected(project: Project, before: DeployedPipeline, differs: Sequence[str]) -> Protected:
    """Why it is not written over. What is already as it should be is ours, whoever wrote it."""
    if not set(differs) - {"tags", "alias"}:
        return ""
    if not is_ours(before.tags, project.environment):
        return "stranger"
    return "changed outside" if was_changed_outside(before.tags, before.states) else ""


def _spec(
    project: Project, compiled: CompiledPipeline, arn: str, before: DeployedPipeline | None
) -> PipelineSpec:
    role = names.role_arn(project.environment, "pipeline")
    state = state_of(
        compiled.definition, description=compiled.description, role=role, parallelism=compiled.parallelism
    )
    tags = {
        **compiled.tags,
        **names.ownership(project.environment),
        APPLIED: state,
        APPLYING: state,
        SOURCES: compiled.origin.sources,
        SDK: compiled.origin.sdk,
    }
    if before is not None and before.tags.get(ROLLED_BACK):
        tags[ROLLED_BACK] = ""
    return PipelineSpec(
        name=compiled.name,
        arn=arn,
        definition=compiled.text.rstrip("\n"),
        description=compiled.description,
        role=role,
        parallelism=compiled.parallelism,
        tags=pairs(tags),
    )


def _differences(spec: PipelineSpec, compiled: CompiledPipeline, before: DeployedPipeline) -> tuple[str, ...]:
    """In what the deployed pipeline differs; definitions are compared by content, not by spelling."""
    found = {
        "definition": definition_hash(before.definition) != definition_hash(compiled.definition),
        "description": before.description != spec.description,
        "role": before.role != spec.role,
        # The service has no call that takes a limit away: None here leaves what is there.
        "parallelism": spec.parallelism is not None and before.parallelism != spec.parallelism,
    }
    return tuple(name for name, differs in found.items() if differs)


def _tag_changes(spec: PipelineSpec, before: DeployedPipeline) -> TagResource | None:
    """Tags that are missing or differ. Others stay: they may be a team's own, for billing for example."""
    put = {
        key: value
        for key, value in spec.tags
        if before.tags.get(key) != value and key not in WITH_THE_DEFINITION
    }
    return TagResource(spec.name, spec.arn, pairs(put)) if put else None


def _alias_of_new(spec: PipelineSpec, alias: str | None) -> tuple[Action, ...]:
    if alias is None:
        return ()
    return (MoveAlias(spec.name, spec.arn, alias, None, None, _hash_of(spec)),)


def _alias_of(aws: Aws, spec: PipelineSpec, alias: str | None, before: DeployedPipeline) -> MoveAlias | None:
    if alias is None:
        return None
    wanted = _hash_of(spec)
    becomes = wanted if definition_hash(before.definition) != wanted else None
    return versions.move_to_newest(aws, name=spec.name, arn=spec.arn, alias=alias, becomes=becomes)


def _hash_of(spec: PipelineSpec) -> str:
    return dict(spec.tags)[APPLIED].partition(".")[0]


def _missing_groups(project: Project, aws: Aws, chosen: Sequence[str]) -> list[CreatePackageGroup]:
    environment = project.environment
    wanted: dict[str, CreatePackageGroup] = {}
    for name in chosen:
        config = project.pipelines[name]
        if isinstance(config, InferenceConfig):
            group = names.group_name(environment, config.registry.group)
            tags = {**environment.tags, **config.tags, **names.ownership(environment)}
            wanted[group] = CreatePackageGroup(group, config.registry.description, pairs(tags))
    return [action for group, action in wanted.items() if not _group_exists(aws, group)]


def _group_exists(aws: Aws, group: str) -> bool:
    try:
        aws.client("sagemaker").describe_model_package_group(ModelPackageGroupName=group)
    except ClientError as error:
        if is_missing(error):
            return False
        raise
    return True
