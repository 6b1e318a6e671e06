"""The gate: every metric against its threshold, or against the approved package, as the evaluation found.

What the evaluation found stands in its property file: means, and of each comparison whether it passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


# And where it keeps what came of a gate with better_than, by metric.
COMPARISONS: Final = "comparisons"


@dataclass(frozen=True)
class Bound:
    """One side of a gate: the condition, and the sentence with its figures for the Fail step."""

    condition: Any
    told: Sequence[Any]


def gate_step(
    context: Context[Any],
    evaluate: Step,
    metrics: PropertyFile,
    passed: Sequence[Step],
    *,
    scores: str,
    comparing: Iterable[str] = (),
) -> ConditionStep:
    """Runs ``passed`` when all gates hold; else fails and says the figures, or ends, as configured.

    ``scores``: the mapping of the property file that has the metrics; ``comparing``: metrics that are held
    against the approved package.
    """
    gates = context.config.gates
    bounds = [bound for gate in gates for bound in _bounds(context, gate, evaluate, metrics, scores)]
    bounds += [_comparison(metric, evaluate, metrics) for metric in comparing]
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
            told = (f"{gate.metric} = ", figure, f", {words} ", threshold)
            yield Bound(condition(left=figure, right=threshold), told)


def _comparison(metric: str, evaluate: Step, metrics: PropertyFile) -> Bound:
    """Whether the evaluation found the model better; where nothing is approved it says so, and passes."""

    def read(member: str) -> JsonGet:
        path = f"{COMPARISONS}.{metric}.{member}"
        return JsonGet(step_name=evaluate.name, property_file=metrics, json_path=path)

    passed = ConditionGreaterThanOrEqualTo(left=read("passed"), right=1)
    return Bound(passed, (f"{metric}: ", read("verdict"), ", ", read("told")))


def _message(bounds: Sequence[Bound]) -> Join:
    """``Gate missed: f1 = 0.43, needs at least 0.5``; all of them where there are several."""
    values: list[Any] = []
    for bound in bounds:
        first, *rest = bound.told
        values += [f"{'; ' if values else 'Gate missed: '}{first}", *rest]
    return Join(on="", values=values)
