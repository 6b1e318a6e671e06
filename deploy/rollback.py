"""Back to an earlier version of a pipeline: its definition becomes the newest version, or a name moves to it.

The service runs the newest version unless an execution asks for another, so going back makes a new version
with the old definition. Functions stay at their newest: their alias `live` is every pipeline's, and waits
that are open were begun with it. Objects that the old definition names must still be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from config import names
from config.models import Project
from definition.comparison import CONTENT, Change
from definition.consequences import explained
from definition.difference import canonical
from deploy.actions import MoveAlias, PipelineSpec, UpdatePipeline, pairs
from deploy.deployed import (
    DeployedPipeline,
    PipelineVersion,
    definition_of,
    look_up,
    versions,
)
from deploy.errors import NotDeployedError, ProtectedError
from deploy.hints import typed
from deploy.ownership import (
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
from deploy.versions import VersionChoice, VersionError, holder_of, missing_version

AT_ONCE = 8
ADDRESS = re.compile(r"s3://[^/\"\s]+/[^\"\s]*[0-9a-f]{64}")


@dataclass(frozen=True)
class Rollback:
    """What goes back: `action` None where it already is so; `changes` are from now to then."""

    name: str
    arn: str
    newest: int
    version: int
    action: UpdatePipeline | MoveAlias | None
    changes: tuple[Change, ...] = field(default=())


def plan(
    project: Project, aws: Aws, name: str, *, to: int | None, alias: str | None, force: bool = False
) -> Rollback:
    """What rollback would do; only reads.

    Raises NotDeployedError, VersionError, ProtectedError, and NotDeployedError for code that is gone.
    """
    project.pipeline(name)
    deployed = _deployed(project, aws, name)
    if not force:
        _require_ours(project, name, deployed)
    listed = list(versions(aws, deployed.name))
    if to is not None and to not in {each.id for each in listed}:
        raise missing_version(project, name, VersionChoice(number=to))
    return (
        _move(project, aws, name, deployed, listed, to, alias)
        if alias
        else _go_back(project, aws, name, deployed, listed, to)
    )


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


def _go_back(
    project: Project,
    aws: Aws,
    name: str,
    deployed: DeployedPipeline,
    listed: Sequence[PipelineVersion],
    to: int | None,
) -> Rollback:
    version, definition = (
        (to, definition_of(aws, deployed.name, to))
        if to is not None
        else _previous(project, aws, name, deployed, listed)
    )
    if definition_hash(definition) == definition_hash(deployed.definition):
        return Rollback(name, deployed.arn, listed[0].id, version, None)
    _require_contents(project, aws, name, version, definition)
    action = UpdatePipeline(
        _spec(deployed, definition, version, project), (f"back to version {version}",), deployed.state
    )
    changes = explained(deployed.definition, definition) if isinstance(definition, Mapping) else ()
    return Rollback(name, deployed.arn, listed[0].id, version, action, changes)


def _previous(
    project: Project, aws: Aws, name: str, deployed: DeployedPipeline, listed: Sequence[PipelineVersion]
) -> tuple[int, Any]:
    """The newest earlier version with another definition; after a rollback, earlier than where that went."""
    gone_back_to = deployed.tags.get(ROLLED_BACK, "")
    begin = int(gone_back_to) if gone_back_to.isdigit() else listed[0].id
    now = definition_hash(deployed.definition)
    for version in listed:
        if version.id < begin:
            definition = definition_of(aws, deployed.name, version.id)
            if definition_hash(definition) != now:
                return version.id, definition
    raise VersionError(
        f'pipeline "{name}" has no version before {begin} with another definition',
        hint=f"{typed(f'rollback {name} --to VERSION', project.environment.name)}, "
        f"of: {', '.join(str(each.id) for each in listed)}",
    )


def _move(
    project: Project,
    aws: Aws,
    name: str,
    deployed: DeployedPipeline,
    listed: Sequence[PipelineVersion],
    to: int | None,
    alias: str,
) -> Rollback:
    holder = holder_of(listed, alias)
    if holder is None:
        raise missing_version(project, name, VersionChoice(alias=alias))
    earlier = [each.id for each in listed if each.id < holder.id]
    if to is None and not earlier:
        raise VersionError(
            f'alias "{alias}" of pipeline "{name}" is on its first version, {holder.id}',
            hint=typed(f"upsert {name} --alias {alias}", project.environment.name),
        )
    version = to if to is not None else earlier[0]
    if version == holder.id:
        return Rollback(name, deployed.arn, listed[0].id, version, None)
    then, now = (definition_of(aws, deployed.name, each) for each in (version, holder.id))
    _require_contents(project, aws, name, version, then)
    action = MoveAlias(deployed.name, deployed.arn, alias, version, holder.id)
    return Rollback(name, deployed.arn, listed[0].id, version, action, explained(now, then))


def _spec(deployed: DeployedPipeline, definition: Any, version: int, project: Project) -> PipelineSpec:
    """The pipeline as it is, with another definition."""
    state = state_of(
        definition, description=deployed.description, role=deployed.role, parallelism=deployed.parallelism
    )
    tags = {
        PREFIX: project.environment.prefix,
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


def _require_contents(project: Project, aws: Aws, name: str, version: int, definition: Any) -> None:
    """Raises NotDeployedError when code, settings or data of the old definition are not in the bucket."""
    bucket = names.bucket(project.environment)
    addresses = sorted({each for each in _addresses(definition) if each.startswith(f"s3://{bucket}/")})
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        there = pool.map(lambda each: _holds(aws, bucket, each.removeprefix(f"s3://{bucket}/")), addresses)
        gone = [address for address, found in zip(addresses, there, strict=True) if not found]
    if gone:
        raise NotDeployedError(
            f'version {version} of pipeline "{name}" cannot run: {gone[0]} is not there any more',
            hint="check out the commit that it came from, then "
            f"{typed(f'upsert {name}', project.environment.name)}",
        )


def _addresses(definition: Any) -> Iterator[str]:
    for each in ADDRESS.findall(canonical(definition)):
        if CONTENT.fullmatch(each):
            yield each


def _holds(aws: Aws, bucket: str, folder: str) -> bool:
    page = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{folder}/")
    return bool(page.get("Contents"))
