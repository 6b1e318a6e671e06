"""Endpoint configurations: which models on which instances. They do not change; an endpoint takes another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.api import ApiError
from local.engine.ports import Document
from local.resources import Resources, as_described, times

KIND = "endpoint-config"


def missing(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f'Could not find endpoint configuration "{arn}".')


def taken(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f'Cannot create already existing endpoint configuration "{arn}".')


class Configurations:
    """`check_model`: ApiError where there is no such model."""

    def __init__(self, resources: Resources, check_model: Callable[[str], object]) -> None:
        self.resources = resources
        self._check_model = check_model

    def create(self, asked: Document) -> str:
        if asked.get("AsyncInferenceConfig") or asked.get("ShadowProductionVariants"):
            raise ApiError(
                "UnsupportedOperation", "the stand-in has no asynchronous endpoints and no shadow variants"
            )
        names = [variant["VariantName"] for variant in asked["ProductionVariants"]]
        if len(set(names)) < len(names):
            raise _refused("Production variant names must be unique in an endpoint configuration.")
        for variant in asked["ProductionVariants"]:
            self._check(variant)
        return str(self.resources.add(asked["EndpointConfigName"], asked)["arn"])

    def _check(self, variant: Document) -> None:
        name = variant["VariantName"]
        if not variant.get("ModelName"):
            raise ApiError("UnsupportedOperation", "the stand-in has no inference components: name a model")
        self._check_model(variant["ModelName"])
        if variant.get("ServerlessConfig"):
            return
        if not variant.get("InstanceType"):
            raise _refused(f"Production variant '{name}' needs an InstanceType or a ServerlessConfig.")
        if not variant.get("InitialInstanceCount") and not variant.get("ManagedInstanceScaling"):
            raise _refused(f"Production variant '{name}' needs an InitialInstanceCount.")


def description(configuration: Document) -> dict[str, Any]:
    """DescribeEndpointConfig's answer."""
    request = configuration["request"]
    variants = [{"InitialVariantWeight": 1.0, **variant} for variant in request["ProductionVariants"]]
    return {
        **as_described("DescribeEndpointConfig", request),
        "ProductionVariants": variants,
        "EndpointConfigArn": configuration["arn"],
        "CreationTime": times(configuration)["CreationTime"],
    }


def summary(configuration: Document) -> dict[str, Any]:
    """An element of ListEndpointConfigs' answer."""
    return {
        "EndpointConfigName": configuration["request"]["EndpointConfigName"],
        "EndpointConfigArn": configuration["arn"],
        "CreationTime": times(configuration)["CreationTime"],
    }


def _refused(reason: str) -> ApiError:
    return ApiError("ValidationException", reason)
