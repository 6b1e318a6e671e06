"""What removing a whole environment comes down to: the list of deletions, and what stays with the reason.

    services stack         functions, queues, rules, log groups       by its tag
    what executions made   endpoints, configurations, models          by their tag
    pipelines              with the history of their executions       by their tag
    guardrails             with all versions                          by their tag
    package groups         with all packages, only when asked for     by their tag
    the other stacks       policies, roles                            by their tag
    the bucket             with all data, only when asked for         by its tag

Names are a first sieve, the tag decides: what does not carry it is a stranger's, whatever it is called.
Planning only reads; what is gone already is not in the list, so that it can be done again at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import Project
from deploy import executions, objects
from deploy.actions import DeleteGuardrail, DeleteLeftover, size_of
from deploy.errors import code_of, is_missing
from deploy.executions import Execution
from deploy.infrastructure import stacks
from deploy.infrastructure.templates import Which
from deploy.planning import guardrails
from deploy.reviewing import registry
from deploy.session import Aws
from deploy.upkeep import cleanup
from deploy.upkeep.needed import package_groups, pipelines
from deploy.upkeep.removals import (
    DeleteBucket,
    DeletePackageGroup,
    DeletePipeline,
    DeleteStack,
    Removal,
    counted,
)

# Functions go first, since one of them makes the endpoint of an approved package anew; roles go last.
FIRST: tuple[Which, ...] = ("services",)
LAST: tuple[Which, ...] = ("access", "base")


@dataclass(frozen=True)
class Wish:
    """What goes beside what an environment can be made anew from."""

    package_groups: bool = False
    data: bool = False


@dataclass(frozen=True)
class Stays:
    """Something that is not deleted, and why."""

    kind: str
    name: str
    why: str


@dataclass(frozen=True)
class Teardown:
    """The deletions in order, what stays, and the executions that run: those have to end first."""

    actions: tuple[Removal, ...]
    stays: tuple[Stays, ...]
    running: tuple[Execution, ...]


def plan(project: Project, aws: Aws, wish: Wish) -> Teardown:
    """What removing the environment would delete. Only reads."""
    found: list[Removal | Stays] = []
    ours = list(_pipelines(project, aws))
    found += _stacks(project, aws, FIRST)
    found += [DeleteLeftover(kind.name, entry[kind.key]) for kind, entry, _ in cleanup.tagged(project, aws)]
    found += ours
    found += _guardrails(project, aws)
    found += _package_groups(project, aws, wish)
    found += _stacks(project, aws, LAST)
    found += _bucket(project, aws, wish)
    names_of_ours = [each.name for each in ours if isinstance(each, DeletePipeline)]
    return Teardown(
        actions=tuple(each for each in found if not isinstance(each, Stays)),
        stays=tuple(each for each in found if isinstance(each, Stays)),
        running=tuple(each for name in names_of_ours for each in _running(aws, name)),
    )


def _is_ours(project: Project, tags: Mapping[str, str]) -> bool:
    return tags.get(names.PREFIX_TAG) == project.environment.prefix


def _foreign(project: Project, kind: str, name: str) -> Stays:
    return Stays(
        kind, name, f"has no tag {names.PREFIX_TAG}={project.environment.prefix}: not this project's"
    )


def _pipelines(project: Project, aws: Aws) -> Iterator[DeletePipeline | Stays]:
    for name in pipelines(project, aws):
        arn = aws.client("sagemaker").describe_pipeline(PipelineName=name)["PipelineArn"]
        if _is_ours(project, cleanup.tags_of(aws, arn)):
            yield DeletePipeline(name, sum(1 for _ in executions.newest(aws, name)))
        else:
            yield _foreign(project, "pipeline", name)


def _running(aws: Aws, pipeline: str) -> Iterator[Execution]:
    return (each for each in executions.newest(aws, pipeline) if not each.is_over)


def _guardrails(project: Project, aws: Aws) -> Iterator[DeleteGuardrail | Stays]:
    for summary in guardrails.listed(aws):
        if summary["name"].startswith(f"{project.environment.prefix}-"):
            answer = aws.client("bedrock").list_tags_for_resource(resourceARN=summary["arn"])
            if _is_ours(project, {tag["key"]: tag["value"] for tag in answer["tags"]}):
                yield DeleteGuardrail(summary["name"], summary["id"])
            else:
                yield _foreign(project, "guardrail", summary["name"])


def _package_groups(project: Project, aws: Aws, wish: Wish) -> Iterator[DeletePackageGroup | Stays]:
    for group in package_groups(project, aws):
        try:
            found = aws.client("sagemaker").describe_model_package_group(ModelPackageGroupName=group)
        except ClientError as error:
            if is_missing(error):
                continue
            raise
        packages = tuple(each.arn for each in registry.packages(aws, group))
        if not _is_ours(project, cleanup.tags_of(aws, found["ModelPackageGroupArn"])):
            yield _foreign(project, "model package group", group)
        elif wish.package_groups:
            yield DeletePackageGroup(group, packages)
        else:
            why = f"{counted(len(packages), 'model package')}, which --package-groups deletes too"
            yield Stays("model package group", group, why)


def _stacks(project: Project, aws: Aws, wanted: tuple[Which, ...]) -> Iterator[DeleteStack | Stays]:
    for which in wanted:
        name = names.stack_name(project.environment, which)
        stack = stacks.look_up(aws, name)
        if stack is None:
            continue
        if _is_ours(project, stack.tags):
            yield DeleteStack(name, tuple(_resources(aws, name)))
        else:
            yield _foreign(project, "stack", name)


def _resources(aws: Aws, stack: str) -> Iterator[str]:
    """ "AWS::SQS::Queue local-wait" for everything that goes with a stack."""
    for each in stacks.resources(aws, stack):
        if each["ResourceType"] not in {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}:  # they outlive it
            yield f"{each['ResourceType']} {_name(each.get('PhysicalResourceId', each['LogicalResourceId']))}"


def _name(physical: str) -> str:
    """A queue's name of its URL, an ARN's last part; anything else as it is."""
    return physical.rsplit("/", maxsplit=1)[-1] if physical.startswith("https://") else physical


def _bucket(project: Project, aws: Aws, wish: Wish) -> Iterator[DeleteBucket | Stays]:
    environment = project.environment
    bucket = names.bucket(environment)
    if environment.bucket is not None:
        yield Stays("bucket", bucket, "the environment's file names it: bootstrap did not make it")
        return
    tags = _bucket_tags(aws, bucket)
    if tags is None:
        return
    if not _is_ours(project, tags):
        yield _foreign(project, "bucket", bucket)
    elif wish.data:
        yield DeleteBucket(bucket, environment.account)
    else:
        yield Stays("bucket", bucket, f"{_content(aws, bucket)}, which --data deletes too")


def _content(aws: Aws, bucket: str) -> str:
    sizes = [each.size for each in objects.below(aws, f"s3://{bucket}/")]
    return f"{counted(len(sizes), 'object')} ({size_of(sum(sizes))})"


def _bucket_tags(aws: Aws, bucket: str) -> dict[str, str] | None:
    """None where there is no such bucket."""
    try:
        answer: dict[str, Any] = aws.client("s3").get_bucket_tagging(
            Bucket=bucket, ExpectedBucketOwner=aws.account
        )
    except ClientError as error:
        if code_of(error) == "NoSuchTagSet":
            return {}
        if is_missing(error):
            return None
        raise
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
