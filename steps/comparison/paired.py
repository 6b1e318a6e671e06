"""The difference of two models' means on the same rows, with an interval by paired bootstrap, seeded.

Rows are drawn anew with replacement, and with a row both models' scores of it: what makes a question hard
for both falls out of the difference. Between the bounds lie `confidence` of the resampled differences
(percentile interval; Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

RESAMPLES = 2000
# Below this the resampled means say little about means: one lucky row would be a proof.
FEWEST_ROWS = 20
_CHUNK = 1 << 20  # draws held in memory at once: 8 MB, and as much again as counts

Verdict = Literal["better", "worse", "not enough evidence"]


@dataclass(frozen=True)
class Difference:
    """The mean of new minus old over `rows` rows, and the bounds of its interval."""

    mean: float
    low: float
    high: float
    rows: int
    confidence: float

    def verdict(self, margin: float = 0.0) -> Verdict:
        """Where the whole interval lies: above the margin, below it, or on both sides."""
        if self.rows < FEWEST_ROWS:
            return "not enough evidence"
        if self.low > margin:
            return "better"
        return "worse" if self.high < margin else "not enough evidence"


def differences(
    new: Mapping[str, Any],
    old: Mapping[str, Any],
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    chunk: int = _CHUNK,
) -> dict[str, Difference]:
    """By metric, for those that both have; arrays of one score a row, the same rows in the same order.

    Every resample serves all metrics. The memory is that of `chunk` draws, or of one resample where the rows
    are more; the result does not depend on it.
    """
    import numpy as np

    names = [name for name in new if name in old]
    if not names or not len(new[names[0]]):
        return {}
    values = np.column_stack(
        [np.asarray(new[name], np.float64) - np.asarray(old[name], np.float64) for name in names]
    )
    rows = len(values)
    generator = np.random.default_rng(seed)
    means = np.empty((resamples, len(names)))
    step = max(1, chunk // rows)
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        draws = generator.integers(0, rows, (count, rows))
        draws += rows * np.arange(count)[:, None]  # each resample counts in a range of its own
        drawn = np.bincount(draws.ravel(), minlength=count * rows).reshape(count, rows)
        means[start : start + count] = drawn @ values / rows
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    mean = values.mean(axis=0)
    return {
        name: Difference(float(mean[at]), float(low[at]), float(high[at]), rows, confidence)
        for at, name in enumerate(names)
    }
