"""Models: a container image, where its data lie, and a role; or a package of the registry in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.api import ApiError
from local.engine.ports import Document
from local.registry.packages import containers
from local.resources import Resources, as_described, times

KIND = "model"
PackageOf = Callable[[str], Document]  # a model package by name or ARN; ApiError where there is none


def missing(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f'Could not find model "{arn}".')


def taken(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f'Cannot create already existing model "{arn}".')


class Models:
    """`check_role` refuses a role that SageMaker could not take."""

    def __init__(
        self, resources: Resources, package_of: PackageOf, *, check_role: Callable[[str], None]
    ) -> None:
        self.resources = resources
        self._package_of = package_of
        self._check_role = check_role

    def create(self, asked: Document) -> str:
        if bool(asked.get("PrimaryContainer")) == bool(asked.get("Containers")):
            raise _refused("Exactly one of PrimaryContainer and Containers must be given.")
        if not asked.get("ExecutionRoleArn"):
            raise _refused("ExecutionRoleArn is needed.")
        self._check_role(asked["ExecutionRoleArn"])
        for container in _given(asked):
            self._check(container)
        return str(self.resources.add(asked["ModelName"], asked)["arn"])

    def _check(self, container: Document) -> None:
        package_name = container.get("ModelPackageName")
        if package_name is None:
            if not container.get("Image"):
                raise _refused("A container needs an Image or a ModelPackageName.")
            return
        package = self._package_of(package_name)
        if package["version"] and package["request"].get("ModelApprovalStatus") != "Approved":
            raise _refused(f"ModelPackage {package['arn']} is not Approved: it cannot be deployed.")

    def container(self, name: str) -> Document:
        """The one container that the model is served by, a package resolved; ApiError for several."""
        request = self.resources.get(name)["request"]
        found: list[Document] = []
        for container in _given(request):
            if (package_name := container.get("ModelPackageName")) is None:
                found.append(container)
                continue
            own = container.get("Environment") or {}
            for each in containers(self._package_of(package_name)):
                found.append({**each, "Environment": {**(each.get("Environment") or {}), **own}})
        if len(found) != 1:
            raise _refused(f"the stand-in serves models of one container; '{name}' has {len(found)}.")
        return found[0]


def description(model: Document) -> dict[str, Any]:
    """DescribeModel's answer."""
    request = model["request"]
    return {
        **as_described("DescribeModel", request),
        "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
        "ModelArn": model["arn"],
        "CreationTime": times(model)["CreationTime"],
    }


def summary(model: Document) -> dict[str, Any]:
    """An element of ListModels' answer."""
    return {
        "ModelName": model["request"]["ModelName"],
        "ModelArn": model["arn"],
        "CreationTime": times(model)["CreationTime"],
    }


def _given(request: Document) -> list[Document]:
    return request.get("Containers") or [request["PrimaryContainer"]]


def _refused(reason: str) -> ApiError:
    return ApiError("ValidationException", reason)
