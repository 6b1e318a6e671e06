"""Back to an earlier version of a pipeline: its definition becomes the newest version, or a name moves to it.

The service runs the newest version unless an execution asks for another, so going back makes a new version
with the old definition. Functions stay at their newest: their alias `live` is every pipeline's, and waits
that are open were begun with it. Objects that the old definition names must still be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from config import names
from config.models import Project
from definition.comparison import CONTENT, Change
from definition.consequences import explained
from definition.difference import canonical
from deploy.actions import MoveAlias, PipelineSpec, UpdatePipeline, pairs
from deploy.errors import NotDeployedError, ProtectedError
from deploy.hints import typed
from deploy.planning.deployed import (
    DeployedPipeline,
    PipelineVersion,
    definition_of,
    look_up,
    versions,
)
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
from deploy.planning.versions import VersionChoice, VersionError, holder_of, missing_version
from deploy.session import Aws

AT_ONCE = 8
ADDRESS = re.compile(r"s3://[^/\"\s]+/[^\"\s]*[0-9a-f]{64}")


@dataclass(frozen=True)
class Rollback:
    """What goes back: `action` None where it already is so; `changes` are from now to then."""

    name: str
    arn: str
    version: int
    action: UpdatePipeline | MoveAlias | None
    changes: tuple[Change, ...] = field(default=())


@dataclass(frozen=True)
class _Scene:
    """The pipeline that goes back, as it is."""

    project: Project
    aws: Aws
    name: str
    deployed: DeployedPipeline
    listed: tuple[PipelineVersion, ...]

    @property
    def environment(self) -> str:
        return self.project.environment.name

    def definition_of(self, version: int) -> Any:
        return definition_of(self.aws, self.deployed.name, version)

    def rollback(self, version: int, action: Any = None, changes: tuple[Change, ...] = ()) -> Rollback:
        return Rollback(self.name, self.deployed.arn, version, action, changes)


def plan(
    project: Project, aws: Aws, name: str, *, to: int | None, alias: str | None, force: bool = False
) -> Rollback:
    """What rollback would do; only reads.

    Raises VersionError, ProtectedError, and NotDeployedError for a pipeline or old code that is not there.
    """
    project.pipeline(name)
    deployed = _deployed(project, aws, name)
    if not force:
        _require_ours(project, name, deployed)
    scene = _Scene(project, aws, name, deployed, tuple(versions(aws, deployed.name)))
    if to is not None and to not in {each.id for each in scene.listed}:
        raise missing_version(project, name, VersionChoice(number=to))
    return _move(scene, to, alias) if alias else _go_back(scene, to)


def _deployed(project: Project, aws: Aws, name: str) -> DeployedPipeline:
    environment = project.environment
    full, arn = names.pipeline_name(environment, name), names.pipeline_arn(environment, name)
    found = look_up(aws, full, arn)
    if found is None:
        raise NotDeployedError(
            f'pipeline "{name}" is not deployed to environment "{environment.name}"',
            hint=typed(f"upsert {name}", environment.name),
        )
    return found


def _require_ours(project: Project, name: str, deployed: DeployedPipeline) -> None:
    environment = project.environment
    hint = f"{typed(f'plan {name}', environment.name)} shows it; with --force it is rolled back all the same"
    if not is_ours(deployed.tags, environment):
        raise ProtectedError(
            f'pipeline "{deployed.name}" was not made by this project: it has no tag '
            f"{PREFIX}={environment.prefix}",
            hint=hint,
        )
    if was_changed_outside(deployed.tags, deployed.states):
        raise ProtectedError(
            f'pipeline "{deployed.name}" was changed outside of this project since it was last upserted',
            hint=hint,
        )


def _go_back(scene: _Scene, to: int | None) -> Rollback:
    now = scene.deployed.definition
    version, then = (to, scene.definition_of(to)) if to is not None else _previous(scene)
    if definition_hash(then) == definition_hash(now):
        return scene.rollback(version)
    _require_contents(scene, version, then)
    spec = _spec(scene.deployed, then, version, scene.project)
    action = UpdatePipeline(spec, (f"back to version {version}",), scene.deployed.state)
    return scene.rollback(version, action, explained(now, then) if isinstance(now, Mapping) else ())


def _previous(scene: _Scene) -> tuple[int, Any]:
    """The newest earlier version with another definition; after a rollback, earlier than where that went."""
    gone_back_to = scene.deployed.tags.get(ROLLED_BACK, "")
    begin = int(gone_back_to) if gone_back_to.isdecimal() else scene.listed[0].id
    now = definition_hash(scene.deployed.definition)
    for version in scene.listed:
        if version.id < begin:
            definition = scene.definition_of(version.id)
            if definition_hash(definition) != now:
                return version.id, definition
    others = [str(each.id) for each in scene.listed if each.id != begin]
    words = typed(f"rollback {scene.name} --to VERSION", scene.environment)
    raise VersionError(
        f'pipeline "{scene.name}" has no version before {begin} with another definition',
        hint=f"{words}, of: {', '.join(others)}" if others else None,
    )


def _move(scene: _Scene, to: int | None, alias: str) -> Rollback:
    holder = holder_of(scene.listed, alias)
    if holder is None and to is not None:
        # It moves by leaving one version before another has it: a move that was cut off is finished so.
        _require_contents(scene, to, scene.definition_of(to))
        return scene.rollback(to, MoveAlias(scene.deployed.name, scene.deployed.arn, alias, to, None))
    if holder is None:
        raise missing_version(scene.project, scene.name, VersionChoice(alias=alias))
    earlier = [each.id for each in scene.listed if each.id < holder.id]
    if to is None and not earlier:
        raise VersionError(
            f'alias "{alias}" of pipeline "{scene.name}" is on its first version, {holder.id}',
            hint=typed(f"upsert {scene.name} --alias {alias}", scene.environment),
        )
    version = to if to is not None else earlier[0]
    if version == holder.id:
        return scene.rollback(version)
    now, then = scene.definition_of(holder.id), scene.definition_of(version)
    _require_contents(scene, version, then)
    action = MoveAlias(scene.deployed.name, scene.deployed.arn, alias, version, holder.id)
    return scene.rollback(version, action, explained(now, then))


def _spec(deployed: DeployedPipeline, definition: Any, version: int, project: Project) -> PipelineSpec:
    """The pipeline as it is, with another definition."""
    state = state_of(
        definition, description=deployed.description, role=deployed.role, parallelism=deployed.parallelism
    )
    tags = {
        **names.ownership(project.environment),
        APPLIED: state,
        APPLYING: state,
        SOURCES: "",
        SDK: "",
        ROLLED_BACK: str(version),
    }
    return PipelineSpec(
        name=deployed.name,
        arn=deployed.arn,
        definition=json.dumps(definition, ensure_ascii=False, sort_keys=True),
        description=deployed.description,
        role=deployed.role,
        parallelism=deployed.parallelism,
        tags=pairs(tags),
    )


def _require_contents(scene: _Scene, version: int, definition: Any) -> None:
    """Raises NotDeployedError when code, settings or data of the old definition are not in the bucket."""
    bucket = names.bucket(scene.project.environment)
    addresses = sorted({each for each in _addresses(definition) if each.startswith(f"s3://{bucket}/")})
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        there = pool.map(
            lambda each: _holds(scene.aws, bucket, each.removeprefix(f"s3://{bucket}/")), addresses
        )
        gone = [address for address, found in zip(addresses, there, strict=True) if not found]
    if gone:
        raise NotDeployedError(
            f'version {version} of pipeline "{scene.name}" cannot run: {gone[0]} is not there any more',
            hint="check out the commit that it came from, then "
            f"{typed(f'upsert {scene.name}', scene.environment)}",
        )


def _addresses(definition: Any) -> Iterator[str]:
    for each in ADDRESS.findall(canonical(definition)):
        if CONTENT.fullmatch(each):
            yield each


def _holds(aws: Aws, bucket: str, folder: str) -> bool:
    page = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{folder}/")
    return bool(page.get("Contents"))
