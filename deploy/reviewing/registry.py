"""Model packages: listed, and found by what a person types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from config.models import InferenceConfig, Project
from deploy.errors import is_missing
from deploy.hints import typed
from deploy.paging import entries
from deploy.session import Aws

ARN = re.compile(r"arn:[a-z-]+:sagemaker:[a-z0-9-]+:\d{12}:model-package/(?P<group>[^/]+)/(?P<version>\d+)")


class PackageError(PlatformError):
    """A reference that names no model package of this environment."""


@dataclass(frozen=True)
class Package:
    """A model package. `reason` is what the decision was given with; `metadata` texts by name."""

    arn: str
    group: str
    version: int
    approval: str
    created: datetime
    description: str = ""
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    metrics_uri: str = ""
    image: str = ""
    model_data: str = ""

    @property
    def name(self) -> str:
        """What a person types: GROUP/VERSION."""
        return f"{self.group}/{self.version}"


def groups(project: Project) -> tuple[str, ...]:
    """The full names of the model package groups of the configured pipelines."""
    configured = {
        names.group_name(project.environment, config.registry.group)
        for config in project.pipelines.values()
        if isinstance(config, InferenceConfig)
    }
    return tuple(sorted(configured))


def packages(aws: Aws, group: str, *, status: str | None = None) -> Iterator[Package]:
    """A group's packages, newest first; none when the group is not there. Metadata are not in a listing."""
    request: dict[str, Any] = {
        "ModelPackageGroupName": group,
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    }
    request |= {"ModelApprovalStatus": status} if status else {}
    try:
        for entry in entries(
            aws.client("sagemaker").list_model_packages, "ModelPackageSummaryList", **request
        ):
            yield Package(
                arn=entry["ModelPackageArn"],
                group=group,
                version=entry["ModelPackageVersion"],
                approval=entry.get("ModelApprovalStatus", ""),
                created=entry["CreationTime"],
                description=entry.get("ModelPackageDescription", ""),
            )
    except ClientError as error:
        if not is_missing(error):
            raise


def find(project: Project, aws: Aws, reference: str, *, exact: bool = False) -> Package:
    """The package of an ARN, GROUP/VERSION, or GROUP (its newest, unless `exact`). Raises PackageError."""
    group, version = _parts(project, reference)
    if version is None and exact:
        raise PackageError(
            f'"{reference}" names a group; a decision names one version of it',
            hint=typed(f"registry list {reference}", project.environment.name),
        )
    if version is None:
        newest = next(packages(aws, group), None)
        if newest is None:
            raise PackageError(
                f'group "{group}" has no model package',
                hint=typed("registry list", project.environment.name),
            )
        return _described(aws, newest.arn, project)
    return _described(aws, _arn(project, group, version), project)


def _parts(project: Project, reference: str) -> tuple[str, int | None]:
    if reference.startswith("arn:"):
        arn = ARN.fullmatch(reference)
        if arn is None or reference != _arn(project, arn["group"], int(arn["version"])):
            raise PackageError(
                f'"{reference}" is not the ARN of a model package of '
                f'environment "{project.environment.name}" '
                f"(account {project.environment.account}, region {project.environment.region})",
                hint=typed("registry list", project.environment.name),
            )
        return arn["group"], int(arn["version"])
    name, slash, version = reference.partition("/")
    group = group_of(project, name)
    if slash and not version.isdecimal():
        raise PackageError(
            f'"{reference}" should be GROUP/VERSION with a number',
            hint=typed(f"registry list {name}", project.environment.name),
        )
    return group, int(version) if slash else None


def group_of(project: Project, name: str) -> str:
    """The full name of a group, given that or the name in the pipeline's file. Raises PackageError."""
    known = groups(project)
    for group in (name, names.group_name(project.environment, name)):
        if group in known:
            return group
    raise PackageError(
        f'no pipeline of environment "{project.environment.name}" registers in group "{name}"; '
        f"there are: {', '.join(known) or 'none'}",
        hint=typed("registry list", project.environment.name),
    )


def _arn(project: Project, group: str, version: int) -> str:
    environment = project.environment
    return (
        f"arn:{names.partition(environment)}:sagemaker:{environment.region}:{environment.account}"
        f":model-package/{group.lower()}/{version}"
    )


def _described(aws: Aws, arn: str, project: Project) -> Package:
    try:
        answer = aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if not is_missing(error):
            raise
        raise PackageError(
            f"there is no model package {'/'.join(arn.split('/')[1:])}",
            hint=typed("registry list", project.environment.name),
        ) from error
    containers = answer.get("InferenceSpecification", {}).get("Containers", [{}])
    quality = answer.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
    return Package(
        arn=answer["ModelPackageArn"],
        group=answer["ModelPackageGroupName"],
        version=answer["ModelPackageVersion"],
        approval=answer.get("ModelApprovalStatus", ""),
        created=answer["CreationTime"],
        description=answer.get("ModelPackageDescription", ""),
        reason=answer.get("ApprovalDescription", ""),
        metadata=answer.get("CustomerMetadataProperties", {}),
        metrics_uri=quality.get("S3Uri", ""),
        image=containers[0].get("Image", ""),
        model_data=containers[0].get("ModelDataUrl", ""),
    )
