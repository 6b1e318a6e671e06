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
from functools import lru_cache
from operator import sub, truediv
from typing import Any

from steps.segments.model import Answer, Moment, Segment, columns, in_turn, of_track

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
        if (paired := _paired(left, right, min(thresholds))) is not None:
            overlaps, starts, ends = paired
        else:
            found = matches(left, right, min(thresholds))
            overlaps = [each[0] for each in found]
            starts = [abs(a[2] - b[2]) for _, a, b in found]
            ends = [abs(a[3] - b[3]) for _, a, b in found]
        for threshold in thresholds:
            self.matched[f"{threshold:g}"] += sum(each >= threshold for each in overlaps)
        self.near += len(overlaps)
        self.start_error += sum(starts)
        self.end_error += sum(ends)

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


Paired = tuple[list[float], list[float], list[float]]  # overlaps, distances of starts, distances of ends


def _paired(left: Marks, right: Marks, least: float) -> Paired | None:
    """The overlaps of sides whose segments lie in pairs, the first with the first and so on; else None.

    Of segments that do not overlap their neighbours none has more than half in common with two others: so
    pairs above half are those that `matches` finds, by column at a quarter of the cost.
    """
    if len(left) != len(right) or not left:
        return None
    a, b = columns(left), columns(right)
    if a[1] != b[1] or not (in_turn(left) and in_turn(right)):
        return None
    common = map(sub, map(min, a[3], b[3]), map(max, a[2], b[2]))
    covered = map(sub, map(max, a[3], b[3]), map(min, a[2], b[2]))
    overlaps = list(map(truediv, common, covered))
    lowest = min(overlaps)
    if lowest <= 0.5 or lowest < least:
        return None
    return overlaps, list(map(abs, map(sub, a[2], b[2]))), list(map(abs, map(sub, a[3], b[3])))


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
            agreed = of_track(moments, name)
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
    last = (
        duration if duration is not None else max((each[3] for side in sides for each in side), default=0.0)
    )
    frames = max(0, math.ceil(last / frame - 0.5))
    labels, borders = _borders(sides, frame, frames)
    said, place = [NOBODY] * len(sides), 0
    begun: list[list[int]] = [[] for _ in sides]  # of each worker, the one that began last on top
    ended = bytearray(len(labels))
    lengths: dict[tuple[str, ...], int] = {}
    for border, begins, worker, mark in borders:
        if border != place:
            now = tuple(said)
            lengths[now] = lengths.get(now, 0) + border - place
            place = border
        mine = begun[worker]
        if begins:
            mine.append(mark)
        else:
            ended[mark] = True
            while mine and ended[mine[-1]]:
                mine.pop()
        said[worker] = labels[mine[-1]] if mine else NOBODY
    if frames > place:
        lengths[tuple(said)] = lengths.get(tuple(said), 0) + frames - place
    for together, length in lengths.items():
        for pair, times in _coincident(together):
            sums[pair] += times * length / (len(sides) - 1)


Border = tuple[int, bool, int, int]  # frame, whether a segment begins there or ends, worker, which segment


def _borders(sides: Sequence[Marks], frame: float, frames: int) -> tuple[list[str], list[Border]]:
    """The labels of all segments, and their borders in order of time; a segment has the frames whose centre
    it covers, and ends before another begins.
    """
    labels: list[str] = []
    borders: list[Border] = []
    for worker, side in enumerate(sides):
        if not side:
            continue
        _, said, starts, ends, *_ = columns(side)
        for mark, (start, end) in enumerate(zip(starts, ends, strict=True), start=len(labels)):
            first, after = math.ceil(start / frame - 0.5), math.ceil(end / frame - 0.5)
            if first < after and first < frames:
                borders.append((first, True, worker, mark))
                borders.append((min(after, frames), False, worker, mark))
        labels += said
    borders.sort()
    return labels, borders


@lru_cache(maxsize=1024)
def _coincident(together: tuple[str, ...]) -> tuple[tuple[tuple[str, str], int], ...]:
    """How often two workers say each pair of labels, either way round, where all say these."""
    counts = Counter(itertools.permutations(together, 2))
    return tuple(counts.items())


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
