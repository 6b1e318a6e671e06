"""Waiting for an endpoint.

The service refuses to delete an endpoint that is being created or updated; `stop` then says "not yet" and
is asked again later. Endpoint configurations carry the endpoint's name and a hash, and are kept when a step
fails, because they cost nothing and a retried execution makes its endpoint from them.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from waiting import tags
from waiting.decision import Ended, Look, Ready, Running
from waiting.failures import AWS_ERRORS, is_missing, is_refused
from waiting.paging import items
from waiting.things import Begun, Description

# While it changes, an endpoint can be neither deleted nor updated.
CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})
FAILED = frozenset({"Failed", "OutOfService", "UpdateRollbackFailed"})


def describe(sagemaker: Any, name: str) -> Description | None:
    try:
        description: Description = sagemaker.describe_endpoint(EndpointName=name)
    except AWS_ERRORS as error:
        if is_missing(error):
            return None
        raise
    return description


def look(name: str, description: Description | None) -> Look:
    if description is None:
        return Ended(f"endpoint '{name}' does not exist")
    status = description["EndpointStatus"]
    if status == "InService":
        arn = description["EndpointArn"]
        return Ready({"endpoint_name": name, "endpoint_arn": arn, "endpoint_status": status})
    if status in FAILED:
        reason = description.get("FailureReason") or "the service gives no reason"
        return Ended(f"endpoint '{name}' is {status}: {reason}")
    return Running(f"endpoint '{name}'", status, leaving=status == "Deleting")


def stop(sagemaker: Any, name: str, *, everything: bool) -> bool:
    """Deletes the endpoint; with `everything` also its configurations and their models."""
    try:
        _delete(sagemaker.delete_endpoint, EndpointName=name)
    except AWS_ERRORS as error:
        status = _status(sagemaker, name) if is_refused(error) else None
        if status in CHANGING:
            return False
        if status != "Deleting":
            raise
    if everything:
        for configuration in configurations(sagemaker, name):
            _delete_configuration(sagemaker, configuration)
    return True


def begin_again(sagemaker: Any, name: str, description: Description | None) -> Begun | None:
    """The endpoint once more, from its newest configuration; one that Failed has to be deleted first."""
    if description is not None:
        if description["EndpointStatus"] != "Deleting":
            stop(sagemaker, name, everything=False)
        return Begun(name, done=False)
    kept = configurations(sagemaker, name)
    if not kept:
        return None
    tagged = tags.of(sagemaker, kept[0]["EndpointConfigArn"])
    configuration = kept[0]["EndpointConfigName"]
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=configuration, Tags=tagged)
    return Begun(name, done=True)


def configurations(sagemaker: Any, name: str) -> list[dict[str, Any]]:
    """The configurations made for the endpoint, the newest first."""
    listed = items(
        sagemaker.list_endpoint_configs,
        "EndpointConfigs",
        NameContains=name,
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    return [each for each in listed if each["EndpointConfigName"].startswith(f"{name}-")]


def _status(sagemaker: Any, name: str) -> str | None:
    description = describe(sagemaker, name)
    return description["EndpointStatus"] if description else None


def _delete_configuration(sagemaker: Any, configuration: dict[str, Any]) -> None:
    """The models first: what is left after a fault in between is found again by the configuration."""
    name = configuration["EndpointConfigName"]
    described = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    for variant in described["ProductionVariants"]:
        _delete(sagemaker.delete_model, ModelName=variant["ModelName"])
    _delete(sagemaker.delete_endpoint_config, EndpointConfigName=name)


def _delete(operation: Callable[..., Any], **name: str) -> None:
    """Deletes it; what is gone already is as good."""
    try:
        operation(**name)
    except AWS_ERRORS as error:
        if not is_missing(error):
            raise
