"""What executions left behind: endpoints, their configurations, models; found by our tags, with a price."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import InferenceConfig, Project, TrainingConfig
from deploy import executions
from deploy.actions import DeleteLeftover
from deploy.errors import is_missing
from deploy.executions import Execution
from deploy.reference import config_name_of
from deploy.session import Aws

EXECUTION_TAG = "pipelines:execution"
PREFIX_TAG = "pipelines:prefix"
KEEP_TAG = "pipelines:after-evaluation"
AT_ONCE = 8
# Executions of one pipeline that are looked at for running ones: two listing pages.
RECENT = 200


@dataclass(frozen=True)
class Leftover:
    """Something that an execution made. `price` in USD an hour, None where the configuration names none or
    the thing costs nothing; `in_use` says by whom, and keeps it from being deleted."""

    kind: str
    name: str
    arn: str
    created: datetime
    execution: str
    keep: bool
    price: float | None
    in_use: str

    @property
    def action(self) -> DeleteLeftover:
        """What deletes it."""
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


def leftovers(project: Project, aws: Aws) -> tuple[Leftover, ...]:
    """Everything with this environment's tags, endpoints first. Only reads.

    Names are a first sieve (the service can filter by a part of them), the tag decides: a stranger's
    endpoint that happens to be called like ours has none.
    """
    listed = [(kind, entry) for kind in KINDS for entry in _list(aws, kind, project.environment.prefix)]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        tags = list(pool.map(lambda each: _tags(aws, each[1][each[0].arn]), listed))
    ours = [
        (kind, entry, carried)
        for (kind, entry), carried in zip(listed, tags, strict=True)
        if carried.get(PREFIX_TAG) == project.environment.prefix and EXECUTION_TAG in carried
    ]
    running = _running(aws, {carried[EXECUTION_TAG] for _, _, carried in ours})
    evaluated = _evaluated(project, aws)
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
            in_use=running.get(carried[EXECUTION_TAG], "") or evaluated.get(carried[EXECUTION_TAG], ""),
        )
        for kind, entry, carried in ours
    )


def plan(found: Sequence[Leftover]) -> tuple[DeleteLeftover, ...]:
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
    token: str | None = None
    while True:
        page = ask(NameContains=f"{prefix}-", **({"NextToken": token} if token else {}))
        yield from page[kind.members]
        token = page.get("NextToken")
        if not token:
            return


def _tags(aws: Aws, arn: str) -> dict[str, str]:
    """A resource's tags; none for one that went away meanwhile."""
    try:
        answer = aws.client("sagemaker").list_tags(ResourceArn=arn)
    except ClientError as error:
        if is_missing(error):
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


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


def _evaluated(project: Project, aws: Aws) -> dict[str, str]:
    """The training executions whose candidate is being evaluated right now, with by what."""
    found = {}
    for name, config in project.pipelines.items():
        if isinstance(config, InferenceConfig):
            for execution in _unfinished(aws, names.pipeline_name(project.environment, name)):
                training = executions.parameters(aws, execution.arn).get("TrainingExecution", "")
                found[training] = f"execution {execution.id} evaluates it"
    return found


def _unfinished(aws: Aws, pipeline: str) -> Iterator[Execution]:
    """The running executions among a pipeline's newest; older ones than RECENT are over for certain."""
    try:
        for execution in islice(executions.newest(aws, pipeline), RECENT):
            if not execution.is_over:
                yield execution
    except ClientError as error:
        if not is_missing(error):
            raise
