"""The gate: every metric against its threshold, read from the property file of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipelines.context import Context
from pipelines.sdk import (
    ConditionGreaterThanOrEqualTo,
    ConditionLessThanOrEqualTo,
    ConditionStep,
    FailStep,
    Join,
    JsonGet,
    PropertyFile,
    Step,
)

# Where evaluation_metrics.json keeps the mean of a metric, by the normalization whose scores gates read.
SCORES: Final = {"none": "metrics", "unicode": "unicode_metrics"}


@dataclass(frozen=True)
class Bound:
    """One side of a gate: the metric's mean, the threshold, and the words between them."""

    metric: str
    figure: JsonGet
    words: str
    threshold: Any
    condition: Any


def gate_step(
    context: Context[Any], evaluate: Step, metrics: PropertyFile, passed: Sequence[Step], *, scores: str
) -> ConditionStep:
    """Runs ``passed`` when all gates hold; else fails and says the figures, or ends, as configured.

    ``scores``: the mapping of the property file that has the metrics.
    """
    gates = context.config.gates
    bounds = [bound for gate in gates for bound in _bounds(context, gate, evaluate, metrics, scores)]
    failing = context.config.on_missed_gate == "fail"
    return ConditionStep(
        name="gate",
        conditions=[bound.condition for bound in bounds],
        if_steps=list(passed),
        else_steps=[FailStep(name="gate-missed", error_message=_message(bounds))] if failing else [],
    )


def _bounds(
    context: Context[Any], gate: Any, evaluate: Step, metrics: PropertyFile, scores: str
) -> Iterator[Bound]:
    path = f"{scores}.{gate.metric}.mean"
    figure = JsonGet(step_name=evaluate.name, property_file=metrics, json_path=path)
    sides = (
        (gate.at_least, "needs at least", ConditionGreaterThanOrEqualTo),
        (gate.at_most, "may be at most", ConditionLessThanOrEqualTo),
    )
    for configured, words, condition in sides:
        if configured is not None:
            threshold = context.value(configured)
            yield Bound(gate.metric, figure, words, threshold, condition(left=figure, right=threshold))


def _message(bounds: Sequence[Bound]) -> Join:
    """``Gate missed: f1 = 0.43, needs at least 0.5``; all of them where there are several."""
    values: list[Any] = []
    for bound in bounds:
        before = "; " if values else "Gate missed: "
        values += [f"{before}{bound.metric} = ", bound.figure, f", {bound.words} ", bound.threshold]
    return Join(on="", values=values)
