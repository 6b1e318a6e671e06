"""The segment model: what people said about a stretch of a recording, whoever asked and whatever is written.

Version 1. Readers make it, checks and consolidation work on it, writers take it; nothing else passes
between them. Times are seconds from the start of the recording, floats, `0 <= start < end`. Texts are
Unicode and never None. As JSON (the target `segments`, the format `segments`) one object is one line:

    {"version": 1, "id": "call-7", "recording": "call-7", "source": "s3://...", "line": 6, "split": "train",
     "duration": 93.4 | null, "fields": {...}, "workers": 3,
     "segments": [{"track": "speaker", "label": "Customer", "start": 0.0, "end": 4.2, "text": "...",
                   "emotion": "", "extra": {}, "votes": 3, "support": 1.0}],
     "whole": {"rate": {"kind": "rating", "value": 4.0, "votes": 3, "support": 1.0}}}

They are tuples, not dataclasses: an object of three workers has sixty of them, and a frozen dataclass
takes six times as long to make (0.6 against 0.1 microseconds).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import le
from typing import Any, NamedTuple, TypeVar, overload

VERSION = 1
NOTHING: Mapping[str, Any] = {}
Row = TypeVar("Row", bound=tuple[Any, ...])


class Segment(NamedTuple):
    """A stretch of one track, as one worker marked it. `extra`: custom fields by name."""

    track: str
    label: str
    start: float
    end: float
    text: str = ""
    emotion: str = ""
    extra: Mapping[str, Any] = NOTHING


# Without the checks of arguments that a call would make: readers give all seven.
new_segment = partial(tuple.__new__, Segment)


class Columns(Sequence[Row]):
    """Rows kept by column, and made into tuples by `new` when one is looked at: most are only counted."""

    __slots__ = ("_made", "_new", "columns")

    def __init__(self, new: Callable[[Iterable[Any]], Row], columns: tuple[Sequence[Any], ...]) -> None:
        self.columns = columns
        self._new = new
        self._made: list[Row] | None = None

    def _rows(self) -> list[Row]:
        if self._made is None:
            self._made = list(map(self._new, zip(*self.columns, strict=True)))
        return self._made

    def __len__(self) -> int:
        return len(self.columns[1])

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows()[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows())


def columns(rows: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    """The columns of tuples of one kind, of which there is at least one."""
    return rows.columns if isinstance(rows, Columns) else tuple(zip(*rows, strict=True))


class Marks(Columns[Segment]):
    """Segments in turn, none overlapping the next."""

    __slots__ = ()

    def __init__(self, columns: tuple[Sequence[Any], ...]) -> None:
        super().__init__(new_segment, columns)


def in_turn(marks: Sequence[Any]) -> bool:
    """Whether no segment or moment starts before the one before it has ended."""
    if isinstance(marks, Marks) or not marks:
        return True
    _, _, starts, ends, *_ = columns(marks)
    return all(map(le, ends, starts[1:]))


class Moment(NamedTuple):
    """What the workers of an object agree on: `votes` of them gave this label, a share of `support`."""

    track: str
    label: str
    start: float
    end: float
    text: str
    emotion: str
    extra: Mapping[str, Any]
    votes: int
    support: float


new_moment = partial(tuple.__new__, Moment)


class Whole(NamedTuple):
    """An answer about the whole recording; `value`: text, rating (float), choice (text), choices (texts)."""

    kind: str
    value: Any
    votes: int = 1
    support: float = 1.0


class Aside(NamedTuple):
    """Something that is not converted: what it is (object, answer, segment, whole), why, and where."""

    what: str
    reason: str
    detail: str
    line: int
    object: str
    worker: str = ""
    content: Any = None


class Answer(NamedTuple):
    """What one worker said: segments by track in the order of their start, and whole-file answers.

    Not `timed`: all its times were in another unit. It says nothing about segments, not that there are none.
    """

    worker: str
    tracks: Mapping[str, Sequence[Segment]]
    whole: Mapping[str, Whole]
    seconds: float | None = None
    timed: bool = True


class Given(NamedTuple):
    """An answer as a reader found it: `streams` by category, form fields by name, times unchecked."""

    worker: str
    streams: Any
    fields: Mapping[str, Any]
    seconds: float | None = None
    # Why it cannot be read, and in which way; None where it can.
    problem: tuple[str, str] | None = None


class Key(NamedTuple):
    """What tells an object from others; `object` is None where it is set aside whatever it holds.

    Also of such a line, and of one that is not `labeled`, the source and the recording are one.
    """

    object: str | None
    id: str
    recording: str
    source: str
    labeled: bool = True


new_key = partial(tuple.__new__, Key)


class Item(NamedTuple):
    """One line of a manifest (or task, or document): the object and its answers, or why it has none.

    `line` counts from 0, as the folders of worker responses do. `elsewhere`: another instance may have
    its answers; `held`: they lie in this instance's part of the folder.
    """

    line: int
    id: str = ""
    recording: str = ""
    source: str = ""
    duration: float | None = None
    fields: Mapping[str, str] = NOTHING
    answers: tuple[Given, ...] = ()
    problem: tuple[str, str] | None = None
    elsewhere: bool = False
    held: bool = False


class Converted(NamedTuple):
    """An object as it is written: what its workers agree on."""

    item: Item
    split: str
    workers: int
    moments: Sequence[Moment]
    whole: Mapping[str, Whole]
    answers: tuple[Answer, ...]

    def track(self, name: str | None) -> Sequence[Moment]:
        """The moments of one track, in order of time; of all tracks where `name` is None."""
        return self.moments if name is None else of_track(self.moments, name)


def of_track(moments: Sequence[Moment], name: str) -> Sequence[Moment]:
    """The moments of one track, by column where they are and all are of it."""
    if isinstance(moments, Columns) and set(moments.columns[0]) == {name}:
        return moments
    return [each for each in moments if each.track == name]


def document(converted: Converted) -> dict[str, Any]:
    """The JSON of an object, as the module's docstring shows it."""
    item = converted.item
    return {
        "version": VERSION,
        "id": item.id,
        "recording": item.recording,
        "source": item.source,
        "line": item.line,
        "split": converted.split,
        "duration": item.duration,
        "fields": dict(item.fields),
        "workers": converted.workers,
        "segments": [moment._asdict() for moment in converted.moments],
        "whole": {name: whole._asdict() for name, whole in converted.whole.items()},
    }
