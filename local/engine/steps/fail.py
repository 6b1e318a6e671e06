"""Fail: ends its branch, and with it the execution, with a message."""

from __future__ import annotations

from local.engine.steps.contract import StepFailedError, StepResult, StepRun

MAX_MESSAGE_LENGTH = 3072  # API shape FailStepMetadata


class FailStep:
    def run(self, step: StepRun) -> StepResult:
        message = str(step.arguments.get("ErrorMessage", ""))[:MAX_MESSAGE_LENGTH]
        raise StepFailedError(message, metadata={"Fail": {"ErrorMessage": message}})
