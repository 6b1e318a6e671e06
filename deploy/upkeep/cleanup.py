"""What executions and deployments left behind: found by our tags and our places, with a price or a size.

    endpoints, their configurations, models      made by an execution, by its tags
    objects of executions, raw output            by the execution in their key           (stored.py)
    code, settings, data, function versions      that nothing points at any more         (stored.py)

What runs, serves an approved package or is evidence of one stays (needed.py). Planning only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import InferenceConfig, Project, TrainingConfig
from deploy import executions
from deploy.actions import DeleteLeftover
from deploy.errors import is_missing
from deploy.paging import entries
from deploy.planning import deployed
from deploy.reference import config_name_of
from deploy.session import Aws
from deploy.upkeep import stored
from deploy.upkeep.needed import Needed, needed
from deploy.upkeep.removals import DeleteFunctionVersion, DeleteObjects, Removal

EXECUTION_TAG = "pipelines:execution"
PREFIX_TAG = names.PREFIX_TAG
KEEP_TAG = "pipelines:after-evaluation"
AT_ONCE = 8
# What is stored costs little and may be looked at again: left alone for so long unless one says how long.
STORED_AGE = timedelta(days=30)
# An upsert sends bundles before the definition that points at them.
IN_FLIGHT = timedelta(hours=1)


@dataclass(frozen=True)
class Leftover:
    """Something that an execution or a deployment made. `price` in USD an hour, `size` in bytes, None where
    not known or nothing; `in_use` says by whom, and keeps it from being deleted."""

    kind: str
    name: str
    arn: str
    created: datetime
    execution: str
    keep: bool
    price: float | None
    in_use: str
    size: int | None = None
    keys: tuple[str, ...] = field(default=(), repr=False)
    version: str = ""

    @property
    def action(self) -> Removal:
        """What deletes it."""
        if self.keys:
            bucket = self.arn.removeprefix("arn:").partition(":::")[2].partition("/")[0]
            return DeleteObjects(bucket, self.name, self.keys, self.size or 0)
        if self.version:
            return DeleteFunctionVersion(self.name.partition(":")[0], self.version)
        return DeleteLeftover(self.kind, self.name)


@dataclass(frozen=True)
class _Kind:
    """How a kind of thing is listed."""

    name: str
    operation: str
    members: str
    key: str
    arn: str


# In the order in which they are deleted: an endpoint before what it was made from.
KINDS = (
    _Kind("endpoint", "list_endpoints", "Endpoints", "EndpointName", "EndpointArn"),
    _Kind(
        "endpoint configuration",
        "list_endpoint_configs",
        "EndpointConfigs",
        "EndpointConfigName",
        "EndpointConfigArn",
    ),
    _Kind("model", "list_models", "Models", "ModelName", "ModelArn"),
)


def leftovers(
    project: Project, aws: Aws, *, now: datetime, older_than: timedelta | None = None
) -> tuple[Leftover, ...]:
    """Everything that is left behind, endpoints first. Only reads.

    `older_than`: only what is older; by default what serves is listed at once, what is stored after a month.
    """
    need = needed(project, aws)
    found = (
        (older_than or timedelta(), _serving(project, aws, need)),
        (STORED_AGE if older_than is None else older_than, _outputs(project, aws, need)),
        (STORED_AGE if older_than is None else max(older_than, IN_FLIGHT), _superseded(project, aws, need)),
    )
    return tuple(each for least, listed in found for each in listed if now - each.created >= least)


def _serving(project: Project, aws: Aws, need: Needed) -> tuple[Leftover, ...]:
    """Endpoints, configurations, models.

    Names are a first sieve (the service can filter by a part of them), the tag decides: a stranger's
    endpoint that happens to be called like ours has none.
    """
    ours = [each for each in tagged(project, aws) if EXECUTION_TAG in each[2]]
    running = _running(aws, {carried[EXECUTION_TAG] for _, _, carried in ours})
    evaluated = _evaluated(project, aws, need)
    price = _prices(project)
    return tuple(
        Leftover(
            kind=kind.name,
            name=entry[kind.key],
            arn=entry[kind.arn],
            created=entry["CreationTime"],
            execution=carried[EXECUTION_TAG],
            keep=carried.get(KEEP_TAG) == "keep",
            price=price(carried[EXECUTION_TAG]) if kind.name == "endpoint" else None,
            in_use=running.get(carried[EXECUTION_TAG], "")
            or evaluated.get(carried[EXECUTION_TAG], "")
            or need.serving.get(carried[EXECUTION_TAG].rpartition("/")[2], "")
            or need.serves(_description(aws, kind, entry)),
        )
        for kind, entry, carried in ours
    )


def tagged(project: Project, aws: Aws) -> list[tuple[_Kind, Mapping[str, Any], Mapping[str, str]]]:
    """Endpoints, configurations and models with this environment's tag: kind, listing entry, tags."""
    prefix = project.environment.prefix
    listed = [(kind, entry) for kind in KINDS for entry in _list(aws, kind, prefix)]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        tags = list(pool.map(lambda each: tags_of(aws, each[1][each[0].arn]), listed))
    return [
        (kind, entry, carried)
        for (kind, entry), carried in zip(listed, tags, strict=True)
        if carried.get(PREFIX_TAG) == prefix
    ]


def _outputs(project: Project, aws: Aws, need: Needed) -> Iterator[Leftover]:
    """Objects of executions; those that are needed say by whom."""
    for found in stored.outputs(project, aws, need):
        kind = "objects of an execution" if "/executions/" in found.folder else "raw output of an execution"
        yield _objects(project, kind, found)


def _superseded(project: Project, aws: Aws, need: Needed) -> Iterator[Leftover]:
    """Bundles and versions of functions; one that is needed is not left behind at all."""
    for found in stored.bundles(project, aws, need):
        yield _objects(project, f"{found.folder.split('/')[1]} bundle", found)
    for old in stored.versions(project, aws, need):
        yield Leftover(
            "function version",
            f"{old.function}:{old.version}",
            old.arn,
            old.published,
            execution="",
            keep=False,
            price=None,
            in_use="",
            size=old.size,
            version=old.version,
        )


def _objects(project: Project, kind: str, found: stored.Stored) -> Leftover:
    bucket = names.bucket(project.environment)
    arn = f"arn:{names.partition(project.environment)}:s3:::{bucket}/{found.folder}"
    return Leftover(
        kind,
        found.folder,
        arn,
        found.changed,
        execution=found.execution,
        keep=False,
        price=None,
        in_use=found.in_use,
        size=found.size,
        keys=tuple(found.keys),
    )


def _description(aws: Aws, kind: _Kind, entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What an endpoint, configuration or model serves, down to its model's containers."""
    sagemaker, name = aws.client("sagemaker"), entry[kind.key]
    try:
        if kind.name == "endpoint":
            name = sagemaker.describe_endpoint(EndpointName=name).get("EndpointConfigName", "")
        if kind.name != "model":
            configuration = sagemaker.describe_endpoint_config(EndpointConfigName=name)
            models = [
                each["ModelName"] for each in configuration["ProductionVariants"] if "ModelName" in each
            ]
        else:
            models = [name]
        return [sagemaker.describe_model(ModelName=model) for model in models]
    except ClientError as error:
        if is_missing(error):
            return []
        raise


def plan(found: Sequence[Leftover]) -> tuple[Removal, ...]:
    """The deletions: all but what is in use, endpoints first."""
    return tuple(each.action for each in found if not each.in_use)


def price_per_hour(config: TrainingConfig) -> float | None:
    """What the endpoint of a training pipeline costs in USD an hour, by its file; None where not known."""
    endpoint = config.endpoint
    if endpoint.price_per_hour_usd is None or not isinstance(endpoint.instance_count, int):
        return None
    return endpoint.price_per_hour_usd * endpoint.instance_count


def _prices(project: Project) -> Callable[[str], float | None]:
    def price(execution: str) -> float | None:
        name = config_name_of(project, executions.pipeline_of(execution))
        config = project.pipelines.get(name) if name else None
        return price_per_hour(config) if isinstance(config, TrainingConfig) else None

    return price


def _list(aws: Aws, kind: _Kind, prefix: str) -> Iterator[Mapping[str, Any]]:
    ask = getattr(aws.client("sagemaker"), kind.operation)
    return entries(ask, kind.members, NameContains=f"{prefix}-")


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    """A resource's tags; none for one that went away meanwhile."""
    try:
        return deployed.tags_of(aws, arn)
    except ClientError as error:
        if is_missing(error):
            return {}
        raise


def _running(aws: Aws, arns: set[str]) -> dict[str, str]:
    """The executions among these that are not over, with their status."""
    found = {}
    for arn in sorted(arns):
        try:
            execution = executions.describe(aws, arn)
        except ClientError as error:
            if is_missing(error):
                continue
            raise
        if not execution.is_over:
            found[arn] = f"execution {execution.id} is {execution.status}"
    return found


def _evaluated(project: Project, aws: Aws, need: Needed) -> dict[str, str]:
    """The training executions whose candidate is being evaluated right now, with by what."""
    found = {}
    for name, config in project.pipelines.items():
        if isinstance(config, InferenceConfig):
            base = f"{names.pipeline_arn(project.environment, name)}/execution"
            for identifier in _unfinished(aws, base, need):
                training = executions.parameters(aws, f"{base}/{identifier}").get("TrainingExecution", "")
                found[training] = f"execution {identifier} evaluates it"
    return found


def _unfinished(aws: Aws, base: str, need: Needed) -> Iterator[str]:
    """Of the executions that run, those of one pipeline."""
    for identifier in need.running:
        try:
            executions.describe(aws, f"{base}/{identifier}")
        except ClientError as error:
            if is_missing(error):
                continue
            raise
        yield identifier
