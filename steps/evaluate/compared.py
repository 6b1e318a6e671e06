"""What came of a gate that compares with the approved package, as the pipeline's condition reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steps.evaluate.settings import Gate

NOT_COMPARABLE, NOTHING_APPROVED = "not comparable", "nothing approved"


@dataclass(frozen=True)
class Comparison:
    """What a gate reads; the figures are None where nothing could be compared.

    `verdict` is about the two models, `passed` about the margin too.
    """

    gate: Gate
    verdict: str
    told: str
    passed: bool
    approved: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    def document(self) -> dict[str, Any]:
        """As the property file holds it; `passed` is 1 or 0, which a condition compares."""
        figures = {"difference": self.difference, "low": self.low, "high": self.high}
        return {
            "passed": int(self.passed),
            "verdict": self.verdict,
            "told": self.told,
            "approved": self.approved,
            **{name: None if value is None else round(value, 6) for name, value in figures.items()},
            "margin": self.gate.margin,
            "confidence": self.gate.confidence,
        }
