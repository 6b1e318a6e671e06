"""Model, endpoint configuration and endpoint of a package, as the settings want them.

A configuration cannot be changed, and one in use must not be deleted: names carry the version and a hash of
the content, so every package and every other way of serving it has its own. Those of former packages cost
nothing and are what a fallback needs.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from waiting import tags
from waiting.failures import AWS_ERRORS, is_in_use
from waiting.tools import Tools

from .clearance import Package
from .settings import Endpoint, Settings

LONGEST_NAME = 63
HASH = 8
VARIANT = "AllTraffic"
# Whose the endpoint is: the name of the group that it serves. `cleanup` leaves alone what carries it.
SERVING_TAG = "pipelines:serving"
# The configuration that was asked for last: one that is not taken is not asked for again and again.
ASKED_TAG = "pipelines:serving-asked"
# Their volumes are local disks that the hardware encrypts; the service refuses a key for them.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html (KmsKeyId)
LOCAL_DISK_FAMILY = re.compile(r"[cmr]\d[a-z]*d[a-z]*|g4dn|g5|g6e?|gr6|p3dn|p4de?|p5e?n?|trn1n?")


class ServingError(Exception):
    """A package that cannot be served as the settings say."""


@dataclass(frozen=True)
class Wanted:
    """Requests of CreateModel and CreateEndpointConfig, without tags."""

    package: Package
    model: dict[str, Any]
    configuration: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the endpoint configuration."""
        return str(self.configuration["EndpointConfigName"])


def endpoint_name(group: str) -> str:
    """`<prefix>-<group>`, or its beginning and a hash where it is longer than endpoints may be called."""
    return group if len(group) <= LONGEST_NAME else f"{group[: LONGEST_NAME - HASH - 1]}-{_hash(group)}"


def wanted(settings: Settings, serving: Endpoint, package: Package) -> Wanted:
    """What serves the package."""
    content: dict[str, Any] = {
        "PrimaryContainer": {"ModelPackageName": package.arn},
        "ExecutionRoleArn": settings.role_arn,
    }
    if settings.subnets:
        network = {"Subnets": list(settings.subnets), "SecurityGroupIds": list(settings.security_groups)}
        content["VpcConfig"] = network
    model = {"ModelName": _name(package, content), **content}
    variants = _variants(settings, serving, package, str(model["ModelName"]))
    return Wanted(package, model, {"EndpointConfigName": _name(package, variants), **variants})


def _variants(settings: Settings, serving: Endpoint, package: Package, model: str) -> dict[str, Any]:
    instance_type = serving.instance_type or next(iter(package.instance_types), "")
    if not instance_type:
        raise ServingError(f"{package.name} names no instance type, and neither does registry.serving")
    variant = {
        "VariantName": VARIANT,
        "ModelName": model,
        "InstanceType": instance_type,
        "InitialInstanceCount": serving.instance_count,
        "InitialVariantWeight": 1.0,
        "ModelDataDownloadTimeoutInSeconds": serving.model_data_download_timeout_seconds,
        "ContainerStartupHealthCheckTimeoutInSeconds": serving.startup_health_check_timeout_seconds,
    }
    encrypted = settings.kms_key and not LOCAL_DISK_FAMILY.fullmatch(instance_type.split(".")[1])
    return {"ProductionVariants": [variant], **({"KmsKeyId": settings.kms_key} if encrypted else {})}


def make(tools: Tools, settings: Settings, this: Wanted) -> None:
    """Model and configuration; those of these names are the right ones."""
    tagged = own_tags(tools, settings, this.package.group)
    _unless_there(tools.sagemaker.create_model, {**this.model, "Tags": tagged})
    _unless_there(tools.sagemaker.create_endpoint_config, {**this.configuration, "Tags": tagged})


def own_tags(tools: Tools, settings: Settings, group: str, **more: str) -> list[dict[str, str]]:
    """The environment's tags, and ours."""
    own = {tags.PREFIX: tools.prefix, SERVING_TAG: group, **more}
    return tags.form(settings.tags, own)


def _unless_there(create: Any, request: dict[str, Any]) -> None:
    try:
        create(**request)
    except AWS_ERRORS as error:
        if not is_in_use(error):
            raise


def _name(package: Package, content: dict[str, Any]) -> str:
    end = f"-v{package.version}-{_hash(json.dumps(content, sort_keys=True))}"
    return f"{package.group[: LONGEST_NAME - len(end)].rstrip('-')}{end}"


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:HASH]
