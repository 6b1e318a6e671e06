"""DeleteModelPackageGroup, which moto lacks: a stack with a group could not be deleted."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.models import sagemaker_backends

from local.api import ApiError, Call, Operations, StandIn


def operations(stand_in: StandIn) -> Operations:  # noqa: ARG001  (the same for every service)
    return {("sagemaker", "DeleteModelPackageGroup"): delete_model_package_group}


def delete_model_package_group(call: Call) -> dict[str, Any]:
    """A group with packages stays, as on AWS."""
    name = str(call.parameters["ModelPackageGroupName"]).rpartition("/")[2]
    backend: Any = sagemaker_backends[call.account][call.region]
    if name not in backend.model_package_groups:
        arn = f"arn:aws:sagemaker:{call.region}:{call.account}:model-package-group/{name}"
        raise ApiError("ValidationException", f"ModelPackageGroup {arn} does not exist.")
    if any(package.model_package_group_name == name for package in backend.model_packages.values()):
        raise ApiError("ConflictException", f"Model package group {name} still has model packages", 409)
    del backend.model_package_groups[name]
    return {}
