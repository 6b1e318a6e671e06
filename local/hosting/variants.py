"""The variants of an endpoint: what each serves, resolved once, so that nothing deleted later is missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.engine.ports import Document
from local.hosting.server import Spec

_WAIT = "ContainerStartupHealthCheckTimeoutInSeconds"
DEFAULT_WAIT_SECONDS = 3600  # the most that SageMaker waits; what it does unasked is not documented


def resolve(
    configuration: Document, *, container_of: Callable[[str], Document], role_of: Callable[[str], str]
) -> list[Document]:
    """One document a variant; ApiError where a model is gone or cannot be served."""
    return [
        {
            "name": variant["VariantName"],
            "weight": variant.get("InitialVariantWeight", 1.0),
            "count": variant.get("InitialInstanceCount"),
            "container": container_of(variant["ModelName"]),
            "role": role_of(variant["ModelName"]),
            "startup_seconds": variant.get(_WAIT, DEFAULT_WAIT_SECONDS),
        }
        for variant in configuration["request"]["ProductionVariants"]
    ]


def spec(variant: Document) -> Spec:
    return Spec(
        container=variant["container"],
        role=variant["role"],
        startup_seconds=variant["startup_seconds"],
    )


def description(variant: Document, deployed: Any) -> dict[str, Any]:
    """An element of DescribeEndpoint's ProductionVariants; `deployed`: when the image began to serve."""
    image = variant["container"].get("Image")
    images = {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": deployed}
    counts = {"CurrentInstanceCount": variant["count"], "DesiredInstanceCount": variant["count"]}
    return {
        "VariantName": variant["name"],
        "DeployedImages": [images] if image else [],
        "CurrentWeight": variant["weight"],
        "DesiredWeight": variant["weight"],
        **({} if variant["count"] is None else counts),
    }
