"""The mean of every metric with a 95 % interval by bootstrap, seeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RESAMPLES = 2000
CONFIDENCE = 0.95
_CHUNK = 1 << 22  # draws held in memory at once


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds between which 95 % of resampled means lie."""

    mean: float
    low: float
    high: float

    def document(self) -> dict[str, float]:
        """As the property file holds it."""
        return {"mean": round(self.mean, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


def intervals(scores: Sequence[Mapping[str, float]], seed: int) -> dict[str, Interval]:
    """Mean and interval by metric over rows of scores; each draw of rows serves all metrics."""
    import numpy as np

    if not scores:
        return {}
    names = list(scores[0])
    values = np.array([[row[name] for name in names] for row in scores], dtype=np.float64)
    rows = len(values)
    generator = np.random.default_rng(seed)
    means = np.empty((RESAMPLES, len(names)))
    step = max(1, _CHUNK // rows)
    for start in range(0, RESAMPLES, step):
        draws = generator.integers(0, rows, (min(step, RESAMPLES - start), rows))
        for index, draw in enumerate(draws, start=start):
            means[index] = np.bincount(draw, minlength=rows) @ values / rows
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    mean = values.mean(axis=0)
    return {
        name: Interval(float(mean[place]), float(low[place]), float(high[place]))
        for place, name in enumerate(names)
    }
