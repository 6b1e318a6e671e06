"""Condition: which of its two branches runs."""

from __future__ import annotations

from local.engine.conditions import ConditionError, evaluate
from local.engine.steps.contract import StepFailedError, StepResult, StepRun


class ConditionStep:
    def run(self, step: StepRun) -> StepResult:
        """The outcome is shown and referred to as the text "True" or "False"."""
        try:
            outcome = evaluate(step.arguments.get("Conditions") or [])
        except ConditionError as error:
            raise StepFailedError(f"ClientError: {error}") from error
        shown = {"Outcome": str(outcome)}
        return StepResult(metadata={"Condition": shown}, properties=shown, outcome=outcome)
