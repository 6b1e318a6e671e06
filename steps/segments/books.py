"""The books of one instance: what came in, what became of it, and what the report shows of it.

Everything that came in is either converted or set aside with a reason; `balance` says whether that is so.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import sub
from typing import Any

from steps.segments.model import Converted, Moment, columns

VERSION = 1
# Lengths of moments are counted by whole seconds up to a minute; the report puts anything longer in one bar.
LONGEST = 60
TIMELINES = 6
_AT_ONCE = 4096


class Waiting:
    """Moments of a track that are not counted yet: labels, and lengths in seconds."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.spans: list[float] = []

    def add(self, labels: Sequence[str], spans: Sequence[float]) -> None:
        """Lets some more wait."""
        self.labels += labels
        self.spans += spans

    def seconds(self) -> dict[str, float]:
        """How long all of a label are together."""
        sums: dict[str, float] = dict.fromkeys(self.labels, 0.0)
        for label, span in zip(self.labels, self.spans, strict=True):
            sums[label] += span
        return sums


@dataclass
class Books:
    """Counts; those of things set aside are by what they are, then by reason."""

    objects: int = 0
    converted: int = 0
    answers: int = 0
    answers_used: int = 0
    segments: int = 0
    segments_used: int = 0
    wholes: int = 0
    wholes_used: int = 0
    moments: int = 0
    unchecked_durations: int = 0
    aside: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sets: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rows: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    lengths: Counter[int] = field(default_factory=Counter)
    supports: Counter[tuple[int, int]] = field(default_factory=Counter)
    questions: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    timelines: list[dict[str, Any]] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("Q"))
    recordings: array[int] = field(default_factory=lambda: array("Q"))
    files: array[int] = field(default_factory=lambda: array("Q"))
    _waiting: dict[str, Waiting] = field(default_factory=lambda: defaultdict(Waiting))
    _votes: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _counted: int = 0

    def add(self, converted: Converted) -> None:
        """Notes an object that was converted."""
        self.converted += 1
        self.moments += len(converted.moments)
        of_set = self.sets[converted.split]
        of_set["objects"] += 1
        of_set["segments"] += len(converted.moments)
        if converted.moments:
            self._count(converted.moments, converted.workers)
        for name, whole in converted.whole.items():
            if whole.kind != "text":
                for value in whole.value if isinstance(whole.value, tuple) else (whole.value,):
                    self.questions[name][str(value)] += 1
        if len(self.timelines) < TIMELINES and len(converted.answers) > 1 and converted.moments:
            self.timelines.append(timeline(converted))

    def _count(self, moments: Sequence[Moment], workers: int) -> None:
        """Labels, lengths and votes wait by column: to count a few at a time costs more than the counting."""
        tracks, labels, starts, ends, _, _, _, votes, _ = columns(moments)
        spans = list(map(sub, ends, starts))
        self._votes[workers] += votes
        if tracks.count(tracks[0]) == len(tracks):
            self._waiting[tracks[0]].add(labels, spans)
        else:
            for track, label, span in zip(tracks, labels, spans, strict=True):
                self._waiting[track].add((label,), (span,))
        self._counted += len(spans)
        if self._counted >= _AT_ONCE:
            self._settle()

    def _settle(self) -> None:
        """Counts what waits."""
        for track, waiting in self._waiting.items():
            self.lengths.update(map(int, waiting.spans))
            for label, count in Counter(waiting.labels).items():
                self.labels[track, label] += count
            for label, seconds in waiting.seconds().items():
                self.seconds[track, label] += seconds
        for workers, votes in self._votes.items():
            for number, count in Counter(votes).items():
                self.supports[number, workers] += count
        self._counted = 0
        self._waiting.clear()
        self._votes.clear()

    def faults(self) -> list[str]:
        """Where the books do not balance; empty where they do."""
        sums = (
            ("object", self.objects, self.converted),
            ("answer", self.answers, self.answers_used),
            ("segment", self.segments, self.segments_used),
            ("whole", self.wholes, self.wholes_used),
        )
        return [
            f"{came} {what}s came in, {used} are converted and {self.aside[what].total()} set aside"
            for what, came, used in sums
            if came != used + self.aside[what].total()
        ]

    def plain(self) -> dict[str, Any]:
        """As JSON, without the arrays."""
        self._settle()
        kept = {name: value for name, value in self.__dict__.items() if name not in _NOT_PLAIN}
        kept["supports"] = [[votes, of, count] for (votes, of), count in self.supports.items()]
        kept["labels"] = [
            [track, label, count, self.seconds[track, label]] for (track, label), count in self.labels.items()
        ]
        kept["lengths"] = list(self.lengths.items())
        del kept["seconds"]
        return {"version": VERSION, **kept}

    def merge(self, other: Mapping[str, Any]) -> None:
        """Adds the books of another instance."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + other[name])
        for name in ("aside", "sets", "rows", "questions"):
            for key, counts in other[name].items():
                getattr(self, name)[key].update(counts)
        for track, label, count, seconds in other["labels"]:
            self.labels[track, label] += count
            self.seconds[track, label] += seconds
        for length, count in other["lengths"]:
            self.lengths[length] += count
        for votes, of, count in other["supports"]:
            self.supports[votes, of] += count
        self.timelines = (self.timelines + other["timelines"])[:TIMELINES]


_NOT_PLAIN = frozenset({"lines", "recordings", "files", "_waiting", "_votes", "_counted"})
_SUMS = (
    "objects",
    "converted",
    "answers",
    "answers_used",
    "segments",
    "segments_used",
    "wholes",
    "wholes_used",
    "moments",
    "unchecked_durations",
)


def timeline(converted: Converted) -> dict[str, Any]:
    """An object for the report: what each worker marked, and what was agreed."""
    item = converted.item
    rows = [
        (answer.worker, [[s[0], s[1], s[2], s[3]] for marks in answer.tracks.values() for s in marks])
        for answer in converted.answers
    ]
    agreed = [[m[0], m[1], m[2], m[3]] for m in converted.moments]
    return {"object": item.id, "duration": item.duration, "rows": [*rows, ("agreed", agreed)]}
