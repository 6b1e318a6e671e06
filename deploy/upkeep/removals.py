"""Deletions as frozen actions, and the table of those who carry them out. Planners that only read make them.

What is gone already is no error: a removal that broke off halfway is done again from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from deploy.actions import DeleteGuardrail, DeleteLeftover, size_of
from deploy.apply import EXECUTORS
from deploy.errors import RefusedError, StackError, is_missing
from deploy.infrastructure.stacks import Waiting, reason, settle
from deploy.session import Aws

# DeleteObjects takes so many keys.
KEYS_AT_ONCE = 1000
GONE = frozenset({"DELETE_COMPLETE"})


@dataclass(frozen=True)
class DeleteObjects:
    """The objects that were listed, by key, and no others."""

    bucket: str
    folder: str
    keys: tuple[str, ...] = field(repr=False)
    size: int

    @property
    def text(self) -> str:
        """One line for people."""
        return f"delete {self.folder} ({counted(len(self.keys), 'object')}, {size_of(self.size)})"


@dataclass(frozen=True)
class DeleteFunctionVersion:
    """One published version of a function."""

    function: str
    version: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"delete version {self.version} of function {self.function}"


@dataclass(frozen=True)
class DeletePipeline:
    """A pipeline, with the history of its executions."""

    name: str
    executions: int

    @property
    def text(self) -> str:
        """One line for people."""
        history = counted(self.executions, "execution")
        return f"delete pipeline {self.name}, and with it the history of {history}"


@dataclass(frozen=True)
class DeletePackageGroup:
    """A model package group with all of its packages."""

    name: str
    packages: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line for people."""
        return f"delete model package group {self.name} with {counted(len(self.packages), 'model package')}"


@dataclass(frozen=True)
class DeleteStack:
    """A stack with everything that it made; `resources` are what it holds, for people."""

    name: str
    resources: tuple[str, ...] = field(repr=False)

    @property
    def text(self) -> str:
        """One line for people."""
        return f"delete stack {self.name} ({counted(len(self.resources), 'resource')})"


@dataclass(frozen=True)
class DeleteBucket:
    """A bucket of ours with everything in it, old versions too."""

    name: str
    account: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"delete bucket {self.name} with all its data"


Removal = (
    DeleteLeftover
    | DeleteGuardrail
    | DeleteObjects
    | DeleteFunctionVersion
    | DeletePipeline
    | DeletePackageGroup
    | DeleteStack
    | DeleteBucket
)
Report = Callable[[Removal], None]


def counted(number: int, what: str) -> str:
    """ "1 object", "2,000 objects"."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def remove(actions: Sequence[Removal], aws: Aws, *, report: Report, waiting: Waiting) -> None:
    """Carries the actions out, in order; `report` hears of each when it is done."""
    for action in actions:
        try:
            if isinstance(action, DeleteStack):
                _delete_stack(action, aws, waiting)
            else:
                REMOVERS[type(action)](action, aws)
        except ClientError as error:
            if not is_missing(error):
                raise
        report(action)


def _delete_objects(action: DeleteObjects, aws: Aws) -> None:
    for begin in range(0, len(action.keys), KEYS_AT_ONCE):
        keys = action.keys[begin : begin + KEYS_AT_ONCE]
        _delete_keys(aws, action.bucket, [{"Key": key} for key in keys])


def _delete_keys(aws: Aws, bucket: str, keys: Sequence[dict[str, str]]) -> None:
    """DeleteObjects answers with success and a list of what it did not delete."""
    answer = aws.client("s3").delete_objects(
        Bucket=bucket, Delete={"Objects": list(keys), "Quiet": True}, ExpectedBucketOwner=aws.account
    )
    for failed in answer.get("Errors", [])[:1]:
        raise RefusedError(
            f'AWS refused to delete "{failed.get("Key", "")}" of bucket "{bucket}" '
            f"({failed.get('Code', '')}): {failed.get('Message', 'no message')}",
            hint="mend the cause, then run the command again: it goes on where it stopped",
        )


def _delete_function_version(action: DeleteFunctionVersion, aws: Aws) -> None:
    aws.client("lambda").delete_function(FunctionName=action.function, Qualifier=action.version)


def _delete_pipeline(action: DeletePipeline, aws: Aws) -> None:
    aws.client("sagemaker").delete_pipeline(PipelineName=action.name)


def _delete_package_group(action: DeletePackageGroup, aws: Aws) -> None:
    sagemaker = aws.client("sagemaker")
    for arn in action.packages:
        try:
            sagemaker.delete_model_package(ModelPackageName=arn)
        except ClientError as error:
            if not is_missing(error):
                raise
    sagemaker.delete_model_package_group(ModelPackageGroupName=action.name)


def _delete_stack(action: DeleteStack, aws: Aws, waiting: Waiting) -> None:
    settle(aws, action.name, waiting)
    aws.client("cloudformation").delete_stack(StackName=action.name)
    ended = settle(aws, action.name, waiting)
    if ended is not None and ended.status not in GONE:
        raise StackError(
            f'stack "{action.name}" ended as {ended.status}: {reason(aws, action.name)}',
            hint="mend the cause, then run the command again: it goes on where it stopped",
        )


def _delete_bucket(action: DeleteBucket, aws: Aws) -> None:
    """Its policy first: it keeps records of decisions from being deleted."""
    s3, owner = aws.client("s3"), {"ExpectedBucketOwner": action.account}
    s3.delete_bucket_policy(Bucket=action.name, **owner)
    for keys in _all_versions(aws, action.name, owner):
        _delete_keys(aws, action.name, keys)
    s3.delete_bucket(Bucket=action.name, **owner)


def _all_versions(aws: Aws, bucket: str, owner: dict[str, str]) -> Iterator[list[dict[str, str]]]:
    """Pages of all that a bucket holds: current objects, old versions, markers of deleted ones."""
    while True:
        page = aws.client("s3").list_object_versions(Bucket=bucket, MaxKeys=KEYS_AT_ONCE, **owner)
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            return
        yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]


REMOVERS: dict[type[Any], Callable[[Any, Aws], None]] = {
    DeleteLeftover: EXECUTORS[DeleteLeftover],
    DeleteGuardrail: EXECUTORS[DeleteGuardrail],
    DeleteObjects: _delete_objects,
    DeleteFunctionVersion: _delete_function_version,
    DeletePipeline: _delete_pipeline,
    DeletePackageGroup: _delete_package_group,
    DeleteBucket: _delete_bucket,
}
