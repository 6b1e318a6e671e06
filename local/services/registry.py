"""The Model Registry: groups and packages, kept by local/registry/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.api import ApiError, Call, Handler, Operations
from local.engine.constraints import check
from local.engine.ports import Document
from local.registry import groups, packages
from local.registry.assembly import Registry, registry_of
from local.resources import listed
from local.stand_in import StandIn

Answer = Callable[[Registry, dict[str, Any]], dict[str, Any] | None]
VERSIONED, UNVERSIONED, BOTH = "Versioned", "Unversioned", "Both"


def operations(stand_in: StandIn) -> Operations:
    registry = registry_of(stand_in)

    def handler(answer: Answer) -> Handler:
        def handle(call: Call) -> dict[str, Any] | None:
            check(call)
            return answer(registry, call.parameters)

        return handle

    return {
        ("sagemaker", "CreateModelPackageGroup"): handler(_create_group),
        ("sagemaker", "DescribeModelPackageGroup"): handler(_describe_group),
        ("sagemaker", "ListModelPackageGroups"): handler(_list_groups),
        ("sagemaker", "DeleteModelPackageGroup"): handler(_delete_group),
        ("sagemaker", "CreateModelPackage"): handler(_create),
        ("sagemaker", "DescribeModelPackage"): handler(_describe),
        ("sagemaker", "BatchDescribeModelPackage"): handler(_describe_many),
        ("sagemaker", "ListModelPackages"): handler(_list),
        ("sagemaker", "UpdateModelPackage"): handler(_update),
        ("sagemaker", "DeleteModelPackage"): handler(_delete),
    }


def _create_group(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    return {"ModelPackageGroupArn": registry.groups.create(asked)}


def _describe_group(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    return groups.description(registry.groups.resources.get(asked["ModelPackageGroupName"]))


def _list_groups(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    return listed(
        registry.groups.resources.all(),
        asked,
        member="ModelPackageGroupSummaryList",
        name=lambda group: str(group["request"]["ModelPackageGroupName"]),
        shown=groups.description,
        order="Ascending",
    )


def _delete_group(registry: Registry, asked: dict[str, Any]) -> None:
    registry.groups.delete(asked["ModelPackageGroupName"])


def _create(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    return {"ModelPackageArn": registry.packages.create(asked)}


def _describe(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    return packages.description(registry.packages.resources.get(asked["ModelPackageName"]))


def _describe_many(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for arn in asked["ModelPackageArnList"]:
        try:
            found[arn] = packages.summary(registry.packages.resources.get(arn))
        except ApiError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}


def _list(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    group = asked.get("ModelPackageGroupName")
    group = registry.groups.name(group) if group else None
    kind = VERSIONED if group else asked.get("ModelPackageType") or UNVERSIONED
    status = asked.get("ModelApprovalStatus")

    def wanted(package: Document) -> bool:
        request = package["request"]
        return (
            group in (None, request.get("ModelPackageGroupName"))
            and kind in (BOTH, VERSIONED if package["version"] else UNVERSIONED)
            and status in (None, request.get("ModelApprovalStatus"))
        )

    return listed(
        [package for package in registry.packages.resources.all() if wanted(package)],
        asked,
        member="ModelPackageSummaryList",
        name=lambda package: str(package["arn"]),
        shown=packages.summary,
        order="Ascending",
    )


def _update(registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    return {"ModelPackageArn": registry.packages.update(asked)}


def _delete(registry: Registry, asked: dict[str, Any]) -> None:
    registry.packages.delete(asked["ModelPackageName"])
