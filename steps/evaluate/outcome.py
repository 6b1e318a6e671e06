"""Everything an evaluation found out, and the documents that are made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steps.evaluate.asking import Outcome
from steps.evaluate.bootstrap import Interval
from steps.evaluate.compared import Comparison
from steps.evaluate.dataset import EvaluationRow
from steps.evaluate.settings import EvaluateSettings, Gate
from steps.runtime.errors import StepError

VERSION = 1
_OVERLAP = ("rows", "training_rows")


@dataclass(frozen=True)
class ScoredRow:
    """A row with its answer and scores; a row without an answer scores 0 everywhere."""

    row: EvaluationRow
    outcome: Outcome
    answer: str
    scores: Mapping[str, float]
    unicode_scores: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        """As results.jsonl holds it."""
        document: dict[str, Any] = {
            "id": self.row.id,
            "model_input": self.row.model_input,
            "model_output": None if self.outcome.failed else self.answer,
            "target_output": self.row.target_output,
        }
        if not self.outcome.failed and self.outcome.output != self.answer:
            document["raw_output"] = self.outcome.output
        if self.row.group:
            document["group"] = self.row.group
        return {
            **document,
            "scores": dict(self.scores),
            "unicode_scores": dict(self.unicode_scores),
            "seconds": round(self.outcome.seconds, 3),
            "attempts": self.outcome.attempts,
        }

    def failure(self) -> dict[str, Any]:
        """As failed.jsonl holds it."""
        return {
            "id": self.row.id,
            "reason": self.outcome.reason,
            "detail": self.outcome.detail,
            "attempts": self.outcome.attempts,
            "model_input": self.row.model_input,
            "target_output": self.row.target_output,
        }


@dataclass(frozen=True)
class Evaluation:
    """The rows and the figures over all of them."""

    settings: EvaluateSettings
    rows: Sequence[ScoredRow]
    metrics: Mapping[str, Interval]
    unicode_metrics: Mapping[str, Interval]
    algorithms: Mapping[str, Interval] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)  # hash and number of the rows asked
    overlap: Mapping[str, Any] | None = None  # as preprocess counted it; None where it was not told
    comparisons: Sequence[Comparison] = ()  # one for each gate that compares

    @property
    def failed(self) -> list[ScoredRow]:
        """Rows without an answer."""
        return [row for row in self.rows if row.outcome.failed]

    @property
    def read_by_gates(self) -> Mapping[str, Interval]:
        """The set of figures that the gates look at."""
        return self.unicode_metrics if self.settings.normalization == "unicode" else self.metrics

    def gates(self) -> list[tuple[Gate, float | None, bool]]:
        """Each gate with the mean it reads and whether it holds; None for a metric that was not computed."""
        compared = {each.gate: each.passed for each in self.comparisons}
        found = []
        for gate in self.settings.gates:
            interval = self.read_by_gates.get(gate.metric)
            mean = None if interval is None else interval.document()["mean"]
            holds = compared.get(gate, False) if gate.compares else mean is not None and gate.holds(mean)
            found.append((gate, mean, holds))
        return found

    def property_file(self) -> dict[str, Any]:
        """evaluation_metrics.json, which the gate of the pipeline reads."""
        return {
            "version": VERSION,
            "task": self.settings.task,
            "rows": len(self.rows),
            "failed": len(self.failed),
            "normalization": self.settings.normalization,
            "metrics": {name: interval.document() for name, interval in self.metrics.items()},
            "unicode_metrics": {name: interval.document() for name, interval in self.unicode_metrics.items()},
            "algorithms": {name: interval.document() for name, interval in self.algorithms.items()},
            "data": dict(self.data),
            "training_overlap": self.overlap and {name: self.overlap[name] for name in _OVERLAP},
            "comparisons": {each.gate.metric: each.document() for each in self.comparisons},
        }

    def problem(self) -> StepError | None:
        """Why the figures must not be used; None where they may."""
        failed = self.failed
        if len(failed) <= self.settings.max_failed_share * len(self.rows):
            return None
        asked = [row.outcome for row in failed if row.outcome.attempts] or [failed[0].outcome]
        reason, count = Counter(outcome.reason for outcome in asked).most_common(1)[0]
        detail = next(outcome.detail for outcome in asked if outcome.reason == reason)
        return StepError(
            f"{len(failed)} of {len(self.rows)} rows got no answer, more than evaluation.max_failed_share ="
            f" {self.settings.max_failed_share:g} allows; most often ({count}): {reason}: {detail}",
            hint="failed.jsonl names every one of them",
        )
