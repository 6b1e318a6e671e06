"""The tags on everything an execution makes: whose it is, and whether it goes after the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from waiting.failures import AWS_ERRORS, is_missing

EXECUTION = "pipelines:execution"
PREFIX = "pipelines:prefix"
AFTER_EVALUATION = "pipelines:after-evaluation"


def form(given: Mapping[str, str], own: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the services take them; the platform's own win over those of the YAML."""
    return [{"Key": key, "Value": value} for key, value in {**given, **own}.items()]


def read(sagemaker: Any, arn: str) -> dict[str, str]:
    """The tags of something, none when it is gone."""
    try:
        listed = sagemaker.list_tags(ResourceArn=arn).get("Tags", [])
    except AWS_ERRORS as error:
        if is_missing(error):
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in listed}


def of(sagemaker: Any, arn: str) -> list[dict[str, str]]:
    """The tags for a copy of something: all but those that AWS itself gives, which nobody else may."""
    return form({key: value for key, value in read(sagemaker, arn).items() if not key.startswith("aws:")}, {})
