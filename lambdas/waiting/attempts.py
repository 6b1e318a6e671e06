"""The attempts of an execution at its AutoML job: named `<execution id>-<attempt>`.

The name makes starting idempotent (CreateAutoMLJobV2 takes no client token): whoever comes second finds the
job. Execution ids have 12 characters, job names at most 32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from waiting.failures import AWS_ERRORS, is_in_use, is_missing

NAME = re.compile(r"(?P<execution>[a-z0-9]{1,25})-(?P<number>[1-9][0-9]{0,4})")
ENDED = frozenset({"Failed", "Stopped", "Stopping"})


class Attempt(NamedTuple):
    number: int
    description: dict[str, Any]

    @property
    def ended(self) -> bool:
        """A job that is Stopping will be Stopped: nothing more comes of it."""
        return self.description["AutoMLJobStatus"] in ENDED


def describe(sagemaker: Any, name: str) -> dict[str, Any] | None:
    """The job's description, None when there is no such job."""
    try:
        description: dict[str, Any] = sagemaker.describe_auto_ml_job_v2(AutoMLJobName=name)
    except AWS_ERRORS as error:
        if is_missing(error):
            return None
        raise
    return description


def attempts(sagemaker: Any, execution_id: str, *, first: int = 1) -> Iterator[Attempt]:
    """The execution's attempts in their order, from `first` to the latest."""
    number = first
    while description := describe(sagemaker, f"{execution_id}-{number}"):
        yield Attempt(number, description)
        number += 1


def latest(sagemaker: Any, execution_id: str, *, first: int = 1) -> Attempt | None:
    """The execution's latest attempt."""
    return max(attempts(sagemaker, execution_id, first=first), key=lambda each: each.number, default=None)


def create(sagemaker: Any, request: dict[str, Any]) -> None:
    """Starts the job; a job of that name that somebody else started meanwhile is as good."""
    try:
        sagemaker.create_auto_ml_job_v2(**request)
    except AWS_ERRORS as error:
        if not is_in_use(error):
            raise
