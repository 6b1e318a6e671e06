"""What the API and the job itself are told about a job, from its document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.engine.ports import Document
from local.jobs.request import DEFAULT_MAX_SECONDS

_FROM_REQUEST = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingJobName",
    "ProcessingResources",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)


def description(document: Document) -> dict[str, Any]:
    """DescribeProcessingJob's answer."""
    request = document["request"]
    answer = {
        **{member: request[member] for member in _FROM_REQUEST if request.get(member) is not None},
        "StoppingCondition": request.get("StoppingCondition") or {"MaxRuntimeInSeconds": DEFAULT_MAX_SECONDS},
        **summary(document),
        "ProcessingStartTime": _moment(document["started"]),
    }
    return {name: value for name, value in answer.items() if value is not None}


def summary(document: Document) -> dict[str, Any]:
    """An element of ListProcessingJobs' answer."""
    answer = {
        "ProcessingJobName": document["request"]["ProcessingJobName"],
        "ProcessingJobArn": document["arn"],
        "CreationTime": _moment(document["created"]),
        "ProcessingEndTime": _moment(document["ended"]),
        "LastModifiedTime": _moment(document["modified"]),
        "ProcessingJobStatus": document["status"],
        "FailureReason": document["reason"],
        "ExitMessage": document["message"],
    }
    return {name: value for name, value in answer.items() if value is not None}


def processing_config(document: Document) -> dict[str, Any]:
    """/opt/ml/config/processingjobconfig.json"""
    request = {name: value for name, value in document["request"].items() if name != "Tags"}
    return {"ProcessingJobArn": document["arn"], **request}


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
