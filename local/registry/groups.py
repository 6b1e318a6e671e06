"""Model package groups: named rows of versions. A number is never given twice, also after a deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.api import ApiError
from local.engine.operations.pages import moment, present
from local.engine.ports import Document
from local.resources import Resources

KIND = "model-package-group"


def missing(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f"ModelPackageGroup {arn} does not exist.")


def taken(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f"Model Package Group already exists: {arn}")


class Groups:
    """`packages_of` tells how many packages a group has."""

    def __init__(self, resources: Resources, packages_of: Callable[[str], int]) -> None:
        self.resources = resources
        self._packages_of = packages_of

    def create(self, asked: Document) -> str:
        return str(self.resources.add(asked["ModelPackageGroupName"], asked, last_version=0)["arn"])

    def next_version(self, name_or_arn: str) -> tuple[str, int]:
        """The group's name, and a number that no version of it has had."""
        key = self.resources.key(name_or_arn)
        group = self.resources.change(key, lambda found: {**found, "last_version": found["last_version"] + 1})
        return group["request"]["ModelPackageGroupName"], group["last_version"]

    def name(self, name_or_arn: str) -> str:
        """ApiError where there is no such group."""
        return str(self.resources.get(name_or_arn)["request"]["ModelPackageGroupName"])

    def delete(self, name_or_arn: str) -> None:
        group = self.resources.get(name_or_arn)
        if self._packages_of(group["request"]["ModelPackageGroupName"]):
            raise ApiError(
                "ConflictException",
                "Model Package Group cannot be deleted because it still contains Model Packages."
                f" Delete them first: {group['arn']}",
            )
        self.resources.delete(name_or_arn)


def description(group: Document) -> dict[str, Any]:
    """DescribeModelPackageGroup's answer; a listing's element is the same."""
    return present(
        {
            "ModelPackageGroupName": group["request"]["ModelPackageGroupName"],
            "ModelPackageGroupArn": group["arn"],
            "ModelPackageGroupDescription": group["request"].get("ModelPackageGroupDescription"),
            "CreationTime": moment(group["created"]),
            "CreatedBy": {},  # required by the API model: typed clients refuse an answer without it
            "ModelPackageGroupStatus": "Completed",
        }
    )
