"""Why a labeling job is not created, not found, or not converted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from config.errors import PlatformError


class LabelingError(PlatformError):
    """Something about a labeling job that a person can mend."""


class ManifestError(LabelingError):
    """An input manifest that Ground Truth would not take; all problems at once."""

    def __init__(self, name: str, problems: Sequence[str], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{name}: {each}" for each in problems), hint=hint)


class PreflightError(LabelingError):
    """What would make a job fail, found before it is created; all problems at once."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        if len(problems) == 1:
            super().__init__(problems[0][0], hint=problems[0][1])
        else:
            super().__init__("\n".join(f"{fact}\n  hint: {hint}" for fact, hint in problems))


class RefusedJobError(LabelingError):
    """Ground Truth would not make the job, or an account cannot have one."""

    exit_code: ClassVar[int] = 3


class JobEndedError(LabelingError):
    """A labeling job that ended in another way than completed."""

    exit_code: ClassVar[int] = 1


# It is in maintenance: accounts that never used it are refused (pages sms, sms-create-labeling-job-api).
CLOSED = (
    "Ground Truth takes no new customers: where an account never ran a labeling job, labels are made with"
    " another tool (Label Studio) and its export is converted (data.format: label_studio)"
)
