"""Counts of what calls took, that add up: over threads, over runs, over shards. No texts, no ids."""

from __future__ import annotations

import bisect
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# Upper edges of the bins of latencies, in seconds; the last bin is open.
LATENCY_EDGES = tuple(round(0.01 * 1.25**step, 4) for step in range(40))
# The figures that are counted by second, for the plot of throughput.
CALLS, UNITS = 0, 1

Figures = dict[str, Any]


class Tally:
    """Counts since the last `take`; any thread may count."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._figures = empty()

    def answered(self, seconds: float, usage: Mapping[str, int], texts: int) -> None:
        """A call was answered."""
        with self._lock:
            figures = self._figures
            figures["calls"] += 1
            figures["packed_calls"] += texts > 1
            figures["latency"][bisect.bisect_left(LATENCY_EDGES, seconds)] += 1
            figures["latency_sum"] += seconds
            figures["units"].update({policy: count for policy, count in usage.items() if count})
            second = figures["seconds"].setdefault(str(int(self._now())), [0, 0])
            second[CALLS] += 1
            second[UNITS] += max(usage.values(), default=0)

    def throttled(self, names: Iterable[str]) -> None:
        """A call was refused because of these quotas."""
        with self._lock:
            self._figures["throttled_calls"] += 1
            self._figures["throttled"].update(names)

    def failed_call(self) -> None:
        """A call had no answer for another reason."""
        with self._lock:
            self._figures["failed_calls"] += 1

    def asked_again(self, records: int, usage: Mapping[str, int]) -> None:
        """A packed call told nothing of its single records: it was made in vain."""
        with self._lock:
            self._figures["wasted_calls"] += 1
            self._figures["asked_again"] += records
            self._figures["wasted_units"].update({policy: count for policy, count in usage.items() if count})

    def take(self) -> Figures:
        """The counts so far, which begin anew."""
        with self._lock:
            figures, self._figures = self._figures, empty()
        return figures


def empty() -> Figures:
    """No counts."""
    return {
        "calls": 0,
        "packed_calls": 0,
        "wasted_calls": 0,
        "asked_again": 0,
        "throttled_calls": 0,
        "failed_calls": 0,
        "latency": [0] * (len(LATENCY_EDGES) + 1),
        "latency_sum": 0.0,
        "throttled": Counter(),
        "units": Counter(),
        "wasted_units": Counter(),
        "seconds": {},
    }


def add(into: Figures, more: Mapping[str, Any]) -> None:
    """Adds counts to others."""
    for key, value in more.items():
        if key == "latency":
            into[key] = [left + right for left, right in zip(into[key], value, strict=True)]
        elif key == "seconds":
            for second, figures in value.items():
                own = into[key].setdefault(second, [0, 0])
                into[key][second] = [left + right for left, right in zip(own, figures, strict=True)]
        elif isinstance(value, Mapping):
            into[key].update(value)
        else:
            into[key] += value


def percentile(latency: list[int], share: float) -> float | None:
    """The latency in seconds that this share of the calls did not exceed, to the edge of a bin."""
    total, passed = sum(latency), 0
    for place, count in enumerate(latency):
        passed += count
        if total and passed >= share * total:
            return LATENCY_EDGES[min(place, len(LATENCY_EDGES) - 1)]
    return None
