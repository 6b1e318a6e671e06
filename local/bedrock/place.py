"""ARNs and ids of Bedrock's resources, and their documents."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from local.api import ApiError
from local.engine.operations.pages import page
from local.engine.ports import Document, partition
from local.resources import Place

ALPHABET = string.ascii_lowercase + string.digits
JOB, GUARDRAIL = "model-invocation-job", "guardrail"


class BedrockPlace(Place):
    """Where ARNs of Bedrock are."""

    def arn(self, resource: str) -> str:
        return f"arn:{partition(self.region)}:bedrock:{self.region}:{self.account}:{resource}"


def new_id() -> str:
    """Twelve characters, as Bedrock's jobs and guardrails have."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


def missing(_name: str, arn: str) -> ApiError:
    return ApiError("ResourceNotFoundException", f"The provided ARN is invalid or does not exist: {arn}", 404)


def taken(name: str, arn: str) -> ApiError:
    return ApiError("ConflictException", f"'{name}' is already in use ({arn}).")


def refused(reason: str) -> ApiError:
    return ApiError("ValidationException", reason)


def quota_exceeded(reason: str) -> ApiError:
    return ApiError("ServiceQuotaExceededException", reason)


def tags_of(asked: Mapping[str, Any]) -> list[dict[str, str]]:
    """As SageMaker's documents keep them."""
    return [{"Key": tag["key"], "Value": tag["value"]} for tag in asked.get("tags") or ()]


def in_pages(
    found: list[Document], asked: Mapping[str, Any], member: str, shown: Callable[[Document], Any]
) -> dict[str, Any]:
    """A page of a listing, with Bedrock's spelling of tokens."""
    spelled = {"MaxResults": asked.get("maxResults"), "NextToken": asked.get("nextToken")}
    answer = page(found, spelled, member, shown)
    token = answer.pop("NextToken", None)
    return {**answer, "nextToken": token} if token else answer
