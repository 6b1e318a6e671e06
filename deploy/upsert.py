"""Brings pipelines to an environment: compiled, compared with what is there, written only where it differs.

plan      compile -> look -> actions: uploads, package groups, pipelines, tags      (only reads)
upsert    functions (deploy/bootstrap.py), then the plan, carried out                (writes)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from config import names
from config.models import InferenceConfig, Project
from deploy import guardrails
from deploy.actions import (
    Action,
    CreatePackageGroup,
    CreatePipeline,
    PipelineSpec,
    TagResource,
    UpdatePipeline,
    pairs,
)
from deploy.apply import Report, apply
from deploy.bundle import missing_uploads
from deploy.errors import is_conflict, is_missing
from deploy.session import Aws

if TYPE_CHECKING:
    from definition.compile import CompiledPipeline


@dataclass(frozen=True)
class PipelinePlan:
    """What upsert does to one pipeline: "created", "updated" or "unchanged", and in what it differs."""

    name: str
    arn: str
    change: str
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """All that would be written, in order, and the same by pipeline."""

    actions: tuple[Action, ...]
    pipelines: tuple[PipelinePlan, ...]


def plan(project: Project, aws: Aws, compiled: Sequence[CompiledPipeline]) -> Plan:
    """What upsert would write; nothing is written."""
    assets = [asset for pipeline in compiled for asset in pipeline.assets]
    uploads = missing_uploads(aws, project.environment, assets)
    chosen = [pipeline.config_name for pipeline in compiled]
    groups = (*_missing_groups(project, aws, chosen), *guardrails.plan(project, aws, chosen))
    looked = [_plan_one(project, aws, pipeline) for pipeline in compiled]
    writes = [action for actions, _ in looked for action in actions]
    return Plan((*uploads, *groups, *writes), tuple(outcome for _, outcome in looked))


def upsert(project: Project, aws: Aws, compiled: Sequence[CompiledPipeline], *, report: Report) -> Plan:
    """Carries the plan out; `report` hears of each action when it is done.

    When another command creates the same things at the same time, what is left is planned again.
    """
    made = plan(project, aws, compiled)
    try:
        apply(made.actions, aws, report=report)
    except ClientError as error:
        if not is_conflict(error):
            raise
        apply(plan(project, aws, compiled).actions, aws, report=report)
    return made


def _plan_one(
    project: Project, aws: Aws, compiled: CompiledPipeline
) -> tuple[tuple[Action, ...], PipelinePlan]:
    spec = _spec(project, compiled)
    deployed = _deployed(aws, spec.name)
    if deployed is None:
        return (CreatePipeline(spec),), PipelinePlan(compiled.config_name, spec.arn, "created", ())
    differs = _differences(spec, deployed)
    actions: list[Action] = [UpdatePipeline(spec, differs)] if differs else []
    tags = _tag_changes(aws, spec)
    if tags is not None:
        actions.append(tags)
        differs = (*differs, "tags")
    change = "updated" if actions else "unchanged"
    return tuple(actions), PipelinePlan(compiled.config_name, spec.arn, change, differs)


def _spec(project: Project, compiled: CompiledPipeline) -> PipelineSpec:
    return PipelineSpec(
        name=compiled.name,
        arn=names.pipeline_arn(project.environment, compiled.config_name),
        definition=compiled.text.rstrip("\n"),
        description=compiled.description,
        role=names.role_arn(project.environment, "pipeline"),
        parallelism=compiled.parallelism,
        tags=pairs(dict(compiled.tags)),
    )


def _deployed(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = aws.client("sagemaker").describe_pipeline(PipelineName=name)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return answer


def _differences(spec: PipelineSpec, deployed: dict[str, Any]) -> tuple[str, ...]:
    """In what the deployed pipeline differs; definitions are compared by content, not by spelling."""
    parallelism = deployed.get("ParallelismConfiguration", {}).get("MaxParallelExecutionSteps")
    found = {
        "definition": not _same_json(deployed.get("PipelineDefinition", ""), spec.definition),
        "description": deployed.get("PipelineDescription", "") != spec.description,
        "role": deployed["RoleArn"] != spec.role,
        # The service has no call that takes a limit away: None here leaves what is there.
        "parallelism": spec.parallelism is not None and parallelism != spec.parallelism,
    }
    return tuple(name for name, differs in found.items() if differs)


def _same_json(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _tag_changes(aws: Aws, spec: PipelineSpec) -> TagResource | None:
    """Tags that are missing or differ. Others stay: they may be a team's own, for billing for example."""
    answer = aws.client("sagemaker").list_tags(ResourceArn=spec.arn)
    deployed = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
    put = {key: value for key, value in spec.tags if deployed.get(key) != value}
    return TagResource(spec.name, spec.arn, pairs(put)) if put else None


def _missing_groups(project: Project, aws: Aws, chosen: Sequence[str]) -> list[CreatePackageGroup]:
    wanted: dict[str, CreatePackageGroup] = {}
    for name in chosen:
        config = project.pipelines[name]
        if isinstance(config, InferenceConfig):
            group = names.group_name(project.environment, config.registry.group)
            wanted[group] = CreatePackageGroup(
                group,
                config.registry.description,
                pairs({**project.environment.tags, **config.tags, **names.ownership(project.environment)}),
            )
    return [action for group, action in wanted.items() if not _group_exists(aws, group)]


def _group_exists(aws: Aws, group: str) -> bool:
    try:
        aws.client("sagemaker").describe_model_package_group(ModelPackageGroupName=group)
    except ClientError as error:
        if is_missing(error):
            return False
        raise
    return True
