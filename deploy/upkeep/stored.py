"""What executions and deployments left in the bucket and behind functions, that nothing needs any more.

    <prefix>/executions/<pipeline>/<id>/   what an execution wrote; so <prefix>/raw/ for unmasked output
    <prefix>/code, settings, data          bundles under the hash of their content
    <prefix>/functions/<function>/         archives of functions' code
    versions of functions                  beside those behind an alias

Decisions, reviews and whatever else lies in the bucket are not looked at. Only reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from botocore.exceptions import ClientError

from config import names
from config.models import Project
from deploy import objects
from deploy.errors import is_missing
from deploy.infrastructure import stacks
from deploy.infrastructure.bundle import function_bundles, function_names
from deploy.paging import entries
from deploy.session import Aws
from deploy.upkeep.needed import Needed

OUTPUTS = re.compile(r"(?P<folder>(?:executions|raw)/(?P<pipeline>[^/]+)/(?P<id>[a-z0-9]{12}))/.+")
BUNDLES = re.compile(
    r"(?P<folder>code/[^/]+/[0-9a-f]{64}|(?:settings|data)/[0-9a-f]{64}|functions/[^/]+/[0-9a-f]{64}\.zip)(?:/.+)?"
)
# Versions of a function that stay, newest first, beside those behind an alias: to move an alias back.
VERSIONS = 3
MARKERS = {"sent": "Marker", "told": "NextMarker"}


@dataclass
class Stored:
    """One execution's objects, or one bundle: keys, size in bytes, when it last changed."""

    folder: str
    changed: datetime
    execution: str = ""
    in_use: str = ""
    size: int = 0
    keys: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OldVersion:
    """A published version of a function that no alias and no definition names."""

    function: str
    version: str
    arn: str
    published: datetime
    size: int


def outputs(project: Project, aws: Aws, need: Needed) -> Iterator[Stored]:
    """What executions wrote, one by execution and root; those that are needed say by whom."""
    environment = project.environment
    for root in ("executions", "raw"):
        for found, match in _grouped(project, aws, f"{root}/", OUTPUTS):
            arn = f"arn:{names.partition(environment)}:sagemaker:{environment.region}:{environment.account}"
            found.execution = f"{arn}:pipeline/{match['pipeline'].lower()}/execution/{match['id']}"
            found.in_use = need.executions.get(match["id"], "")
            yield found


def bundles(project: Project, aws: Aws, need: Needed) -> Iterator[Stored]:
    """Bundles that nothing points at."""
    deployed = _deployed_code(project, aws)
    for root in ("code/", "settings/", "data/", "functions/"):
        for found, _ in _grouped(project, aws, root, BUNDLES):
            if not need.names(found.folder) and found.folder not in deployed:
                yield found


def versions(project: Project, aws: Aws, need: Needed) -> Iterator[OldVersion]:
    """Versions of this environment's functions that nothing calls."""
    for function in function_names(project):
        if function not in project.environment.functions:
            name = names.function_name(project.environment, function)
            yield from _old_versions(aws, name, need)


def _grouped(
    project: Project, aws: Aws, root: str, pattern: re.Pattern[str]
) -> Iterator[tuple[Stored, re.Match[str]]]:
    """Objects of one folder after the other: a listing goes by key, so a folder's objects stand together."""
    environment = project.environment
    place = names.s3_uri(environment, f"{names.key_prefix(environment)}/")
    current: Stored | None = None
    by: re.Match[str] | None = None
    for each in objects.below(aws, f"{place}{root}"):
        match = pattern.fullmatch(each.uri.removeprefix(place))
        if match is None or each.changed is None:
            continue
        folder = f"{names.key_prefix(environment)}/{match['folder']}"
        if current is None or current.folder != folder:
            if current is not None and by is not None:
                yield current, by
            current, by = Stored(folder, each.changed), match
        current.keys.append(objects.split(each.uri)[1])
        current.size += each.size
        current.changed = max(current.changed, each.changed)
    if current is not None and by is not None:
        yield current, by


def _deployed_code(project: Project, aws: Aws) -> frozenset[str]:
    """Keys of the functions' code: what the services stack runs, and what this checkout would deploy."""
    stack = stacks.look_up(aws, names.stack_name(project.environment, "services"))
    deployed = stack.parameters.values() if stack else ()
    return frozenset({*deployed, *(bundle.key for bundle in function_bundles(project))})


def _old_versions(aws: Aws, name: str, need: Needed) -> Iterator[OldVersion]:
    client = aws.client("lambda")
    try:
        aliases = list(entries(client.list_aliases, "Aliases", **MARKERS, FunctionName=name))
        published = list(entries(client.list_versions_by_function, "Versions", **MARKERS, FunctionName=name))
    except ClientError as error:
        if is_missing(error):
            return
        raise
    called = {
        version
        for alias in aliases
        for version in (
            alias["FunctionVersion"],
            *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
        )
    }
    numbered = sorted(
        (each for each in published if each["Version"].isdigit()), key=lambda e: int(e["Version"])
    )
    for each in numbered[:-VERSIONS]:
        if each["Version"] not in called and not need.names(f":function:{name}:{each['Version']}"):
            yield OldVersion(
                function=name,
                version=each["Version"],
                arn=each["FunctionArn"],
                published=datetime.fromisoformat(each["LastModified"]),
                size=each.get("CodeSize", 0),
            )
