"""Why a step fails: one fact for people, with a hint where there is something to do."""

from __future__ import annotations

from typing import ClassVar


class StepError(Exception):
    """The step cannot do its work: the data or a service is not as it must be."""

    exit_code: ClassVar[int] = 1

    def __init__(self, fact: str, *, hint: str | None = None) -> None:
        super().__init__(fact if hint is None else f"{fact}\nhint: {hint}")
        self.fact = fact
        self.hint = hint


class SettingsError(StepError):
    """The step's settings, parameters or arguments are wrong."""

    exit_code: ClassVar[int] = 2
