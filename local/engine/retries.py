"""RetryPolicies: which failures of a step are tried again, after how long, how often.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SERVICE_FAULT = "Step.SERVICE_FAULT"
THROTTLING = "Step.THROTTLING"
JOB_INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"

# Types of steps that take policies (DG, "Supported step types"), among those that run here.
RETRYING_TYPES = ("Processing", "Model", "RegisterModel")


@dataclass(frozen=True)
class RetryPolicy:
    """One policy; `max_attempts` or `expire_after_seconds` ends it."""

    exception_types: tuple[str, ...]
    interval_seconds: float = 1.0
    backoff_rate: float = 2.0
    max_attempts: int | None = 5
    expire_after_seconds: float | None = None


# What the service does without a policy: throttling and its own faults are tried again.
_DEFAULT = RetryPolicy((SERVICE_FAULT, THROTTLING))


def parse_policies(step_settings: Mapping[str, Any]) -> tuple[RetryPolicy, ...]:
    """The policies of a step's JSON, the service's default last."""
    if step_settings.get("Type") not in RETRYING_TYPES:
        return (_DEFAULT,)
    return (*(_policy(entry) for entry in step_settings.get("RetryPolicies") or ()), _DEFAULT)


def _policy(entry: Mapping[str, Any]) -> RetryPolicy:
    types = entry.get("ExceptionType") or ()
    minutes = entry.get("ExpireAfterMin")
    return RetryPolicy(
        exception_types=(types,) if isinstance(types, str) else tuple(types),
        interval_seconds=float(entry.get("IntervalSeconds", 1)),
        backoff_rate=float(entry.get("BackoffRate", 2.0)),
        max_attempts=None if minutes is not None else int(entry.get("MaxAttempts", 5)),
        expire_after_seconds=None if minutes is None else float(minutes) * 60,
    )


def wait_before_retry(
    policies: Iterable[RetryPolicy], exception_type: str | None, *, failures: int, elapsed_seconds: float
) -> float | None:
    """Seconds until the next attempt, or None where the failure is final.

    `failures` counts the attempts of this step that failed for a cause of the matching policy, this one
    included. MaxAttempts counts the retries: the documentation calls it "the maximum number of retries".
    """
    policy = next((policy for policy in policies if exception_type in policy.exception_types), None)
    if policy is None:
        return None
    if policy.max_attempts is not None and failures > policy.max_attempts:
        return None
    wait = policy.interval_seconds * policy.backoff_rate ** (failures - 1)
    if policy.expire_after_seconds is not None and elapsed_seconds + wait > policy.expire_after_seconds:
        return None
    return wait
