"""How far workers agree: sums that add up over objects and instances, and the figures made of them.

- F1 of segments between every two workers of an object, and of each worker against what was agreed: a pair
  counts when its label is the same and its intersection over union reaches the threshold; pairs are taken
  by falling overlap, each segment once. Counts are summed over objects (micro average).
- Boundary error: mean distance in seconds of the starts and of the ends of pairs at the lowest threshold.
- Krippendorff's alpha (nominal) over frames: a frame has a worker's label at its centre (the later start
  where his own overlap), or none. What is kept is the coincidence matrix, which adds up over objects, so
  that no data set is too large; `krippendorff.alpha` of the frames themselves is the same number (a test).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steps.segments.model import Answer, Moment, Segment

NOBODY = ""
Marks = Sequence[Segment | Moment]
Coincidences = defaultdict[tuple[str, str], float]


@dataclass(frozen=True)
class Measure:
    """What is measured: thresholds of intersection over union, and the length of a frame."""

    thresholds: tuple[float, ...] = (0.5, 0.7)
    frame_seconds: float = 0.1


@dataclass
class Pairs:
    """Matches of segments of two sides: `matched` by threshold, sizes of both sides, distances in seconds."""

    matched: Counter[str] = field(default_factory=Counter)
    sizes: int = 0
    near: int = 0
    start_error: float = 0.0
    end_error: float = 0.0

    def add(self, left: Marks, right: Marks, thresholds: Sequence[float]) -> None:
        """Compares two sides of one track of one object."""
        self.sizes += len(left) + len(right)
        overlaps = matches(left, right, min(thresholds))
        for threshold in thresholds:
            self.matched[f"{threshold:g}"] += sum(each[0] >= threshold for each in overlaps)
        for _, a, b in overlaps:
            self.near += 1
            self.start_error += abs(a[2] - b[2])
            self.end_error += abs(a[3] - b[3])

    def merge(self, other: Mapping[str, Any]) -> None:
        """Adds the sums of another instance, as `plain` gave them."""
        self.matched.update(other["matched"])
        self.sizes += other["sizes"]
        self.near += other["near"]
        self.start_error += other["start_error"]
        self.end_error += other["end_error"]

    def plain(self) -> dict[str, Any]:
        """The sums as JSON."""
        return {**self.__dict__, "matched": dict(self.matched)}

    def figures(self) -> dict[str, Any]:
        """F1 by threshold and mean boundary errors; None where nothing was compared."""
        return {
            "f1": {
                threshold: round(2 * count / self.sizes, 6) if self.sizes else None
                for threshold, count in self.matched.items()
            },
            "start_error_seconds": round(self.start_error / self.near, 6) if self.near else None,
            "end_error_seconds": round(self.end_error / self.near, 6) if self.near else None,
            "pairs": self.near,
        }


def matches(left: Marks, right: Marks, least: float) -> list[tuple[float, Any, Any]]:
    """(overlap, left, right) of segments with one label, by falling overlap, each once."""
    found = []
    first = 0
    for i, a in enumerate(left):
        start, end = a[2], a[3]
        while first < len(right) and right[first][3] <= start and _ordered(right, first):
            first += 1
        for j in range(first, len(right)):
            b = right[j]
            if b[2] >= end:
                break
            common = min(end, b[3]) - max(start, b[2])
            if a[1] == b[1] and common > 0:
                overlap = common / (max(end, b[3]) - min(start, b[2]))
                if overlap >= least:
                    found.append((-overlap, i, j))
    found.sort()
    used_left: set[int] = set()
    used_right: set[int] = set()
    chosen = []
    for overlap, i, j in found:
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            chosen.append((-overlap, left[i], right[j]))
    return chosen


def _ordered(marks: Marks, index: int) -> bool:
    """Whether what ended before this start cannot be followed by an earlier one that ends later."""
    return index + 1 >= len(marks) or marks[index][3] <= marks[index + 1][3]


@dataclass
class Worker:
    """What one worker did, and how well."""

    answers: int = 0
    segments: int = 0
    set_aside: int = 0
    seconds: float = 0.0
    timed: int = 0
    pairs: Pairs = field(default_factory=Pairs)


class Agreement:
    """The sums of one instance."""

    def __init__(self, measure: Measure | None) -> None:
        self.measure = measure
        self.between: dict[str, Pairs] = defaultdict(Pairs)
        self.coincidences: dict[str, Coincidences] = defaultdict(lambda: defaultdict(float))
        self.workers: dict[str, Worker] = defaultdict(Worker)
        self.compared = 0

    def count(self, worker: str, segments: int, refused: int, seconds: float | None) -> None:
        """Notes an answer, compared or not."""
        known = self.workers[worker]
        known.answers += 1
        known.segments += segments
        known.set_aside += refused
        if seconds is not None:
            known.seconds += seconds
            known.timed += 1

    def add(self, answers: Sequence[Answer], moments: Sequence[Moment], duration: float | None) -> None:
        """Compares the workers of one object among themselves and with what was agreed."""
        if self.measure is None or len(answers) < 2:
            return
        self.compared += 1
        for name in dict.fromkeys(name for answer in answers for name in answer.tracks):
            sides = [answer.tracks.get(name, []) for answer in answers]
            for left, right in itertools.combinations(sides, 2):
                self.between[name].add(left, right, self.measure.thresholds)
            agreed = [moment for moment in moments if moment[0] == name]
            for answer, side in zip(answers, sides, strict=True):
                self.workers[answer.worker].pairs.add(side, agreed, self.measure.thresholds)
            add_frames(self.coincidences[name], sides, duration, self.measure.frame_seconds)

    def plain(self) -> dict[str, Any]:
        """The sums as JSON."""
        return {
            "compared": self.compared,
            "between": {name: pairs.plain() for name, pairs in self.between.items()},
            "coincidences": {
                name: [[a, b, weight] for (a, b), weight in sums.items()]
                for name, sums in self.coincidences.items()
            },
            "workers": {
                name: {**worker.__dict__, "pairs": worker.pairs.plain()}
                for name, worker in self.workers.items()
            },
        }

    def merge(self, other: Mapping[str, Any]) -> None:
        """Adds the sums of another instance."""
        self.compared += other["compared"]
        for name, pairs in other["between"].items():
            self.between[name].merge(pairs)
        for name, sums in other["coincidences"].items():
            for a, b, weight in sums:
                self.coincidences[name][a, b] += weight
        for name, worker in other["workers"].items():
            known = self.workers[name]
            for key in ("answers", "segments", "set_aside", "seconds", "timed"):
                setattr(known, key, getattr(known, key) + worker[key])
            known.pairs.merge(worker["pairs"])

    def figures(self) -> dict[str, Any]:
        """F1, boundary errors and alpha by track; quality by worker."""
        return {
            "compared_objects": self.compared,
            "tracks": {
                name: {**pairs.figures(), "alpha": alpha(self.coincidences[name])}
                for name, pairs in sorted(self.between.items())
            },
            "workers": {name: _quality(worker) for name, worker in sorted(self.workers.items())},
        }


def _quality(worker: Worker) -> dict[str, Any]:
    return {
        "answers": worker.answers,
        "segments": worker.segments,
        "set_aside": worker.set_aside,
        "mean_seconds": round(worker.seconds / worker.timed, 3) if worker.timed else None,
        **worker.pairs.figures(),
    }


def add_frames(sums: Coincidences, sides: Sequence[Marks], duration: float | None, frame: float) -> None:
    """Adds one object's frames to a coincidence matrix: every worker's label of every frame is one value.

    Frames in a row that no border parts are counted at once, so that a day costs no more than a minute.
    """
    import numpy as np

    last = (
        duration if duration is not None else max((each[3] for side in sides for each in side), default=0.0)
    )
    frames = max(0, math.ceil(last / frame - 0.5))
    spans = [[_frames(each, frame, frames) for each in side] for side in sides]
    borders = sorted({0, frames, *(border for side in spans for span in side for border in span)})
    place = {border: number for number, border in enumerate(borders)}
    lengths: Any = np.diff(np.array(borders, np.int64))
    labels = [NOBODY, *sorted({each[1] for side in sides for each in side})]
    code = {label: number for number, label in enumerate(labels)}
    values: Any = np.zeros((len(sides), len(lengths)), np.int32)
    for row, (side, found) in enumerate(zip(sides, spans, strict=True)):
        for each, (first, end) in zip(side, found, strict=True):
            values[row, place[first] : place[end]] = code[each[1]]
    counts: Any = np.stack([(values == number).sum(axis=0) for number in range(len(labels))]).astype(np.int64)
    weighted: Any = counts * lengths
    pairs: Any = weighted @ counts.T - np.diag(weighted.sum(axis=1))
    for i, j in zip(*np.nonzero(pairs), strict=True):
        sums[labels[i], labels[j]] += int(pairs[i, j]) / (len(sides) - 1)


def _frames(each: Segment | Moment, frame: float, frames: int) -> tuple[int, int]:
    """The first frame whose centre a segment covers, and the one after the last."""
    first, end = math.ceil(each[2] / frame - 0.5), math.ceil(each[3] / frame - 0.5)
    return min(first, frames), min(end, frames)


def alpha(sums: Mapping[tuple[str, str], float]) -> float | None:
    """Krippendorff's alpha of a nominal coincidence matrix (Krippendorff 2011); None where nothing varies."""
    totals: dict[str, float] = {}
    for (a, _), weight in sums.items():
        totals[a] = totals.get(a, 0.0) + weight
    n = sum(totals.values())
    expected = n * n - sum(weight * weight for weight in totals.values())
    if not expected:
        return None
    observed = sum(weight for (a, b), weight in sums.items() if a != b)
    return round(1 - (n - 1) * observed / expected, 6)
