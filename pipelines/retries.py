"""Retry policies of steps: how often the service tries again after errors that are not the step's fault."""

from __future__ import annotations

from typing import Any

from config.models import StepRetries
from pipelines.sdk import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)


def job_retries(retries: StepRetries | None) -> list[Any]:
    """Policies of a step that runs a job: faults and throttling of the service, and errors of the job."""
    if retries is None:
        return []
    return [
        *step_retries(retries),
        SageMakerJobStepRetryPolicy(list(SageMakerJobExceptionTypeEnum), **_numbers(retries)),
    ]


def step_retries(retries: StepRetries) -> list[Any]:
    """Policies of a step that makes a single call."""
    return [StepRetryPolicy(list(StepExceptionTypeEnum), **_numbers(retries))]


def _numbers(retries: StepRetries) -> dict[str, Any]:
    return {
        "interval_seconds": retries.interval_seconds,
        "backoff_rate": retries.backoff_rate,
        "max_attempts": retries.attempts,
    }
