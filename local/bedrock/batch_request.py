"""CreateModelInvocationJob: what is refused before there is a job.

Lengths, patterns and ranges are checked from the service model before this (local/engine/constraints.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.api import ApiError
from local.bedrock.models import base_model, check_converses, family
from local.bedrock.place import refused
from local.objects import Objects

DEFAULT_HOURS = 24


@dataclass(frozen=True)
class BatchRequest:
    """A request that was found good, in terms of what is to be done."""

    name: str
    model: str  # as asked for
    role: str
    source: str  # S3 file or prefix
    target: str  # S3 prefix, without a slash at its end
    hours: int
    invocation: str  # InvokeModel, Converse

    @property
    def base_model(self) -> str:
        return base_model(self.model)


def parse_request(asked: Mapping[str, Any]) -> BatchRequest:
    """ApiError (ValidationException) for what the service refuses."""
    source = _only(asked["inputDataConfig"], "s3InputDataConfig")
    target = _only(asked["outputDataConfig"], "s3OutputDataConfig")
    invocation = asked.get("modelInvocationType") or "InvokeModel"
    (check_converses if invocation == "Converse" else family)(asked["modelId"])
    return BatchRequest(
        name=asked["jobName"],
        model=asked["modelId"],
        role=asked["roleArn"],
        source=source["s3Uri"],
        target=target["s3Uri"].rstrip("/"),
        hours=asked.get("timeoutDurationInHours") or DEFAULT_HOURS,
        invocation=invocation,
    )


def check_places(request: BatchRequest, objects: Objects) -> None:
    """Both buckets exist, and there is something at the input."""
    try:
        found = objects.list(request.source)
        objects.list(request.target)
    except ApiError as error:
        raise refused(f"The S3 URI cannot be used: {error.message}") from error
    if not found:
        raise refused(f"There is no object at the input S3 URI {request.source}.")


def _only(config: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    found = config.get(member)
    if found is None:
        raise refused(f"{member} is required.")
    return dict(found)
