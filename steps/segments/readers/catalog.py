"""The formats that are read, as a table: a further one is one file and a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from steps.segments.model import Item, Key
from steps.segments.places import Places


@dataclass(frozen=True)
class Source:
    """Where objects are and what their parts are called.

    A line that holds its answers itself is for the instance `part` of `parts`, by its number.
    """

    manifest: Path
    places: Places
    attribute: str | None
    field: str
    id_key: str | None
    recording_key: str | None
    duration_key: str | None
    fields: Mapping[str, str]
    part: int = 0
    parts: int = 1


class Reader(Protocol):
    """One format."""

    def keys(self) -> Iterator[tuple[int, Key | None]]:
        """(line, what identifies the object in it), in order; None for what says nothing of one."""
        ...

    def items(self) -> Iterator[Item]:
        """The objects with their answers, in the same order."""
        ...


FORMATS: Final[Mapping[str, str]] = {
    "ground_truth": "steps.segments.readers.ground_truth:GroundTruth",
    "worker_responses": "steps.segments.readers.worker_responses:WorkerResponses",
    "label_studio": "steps.segments.readers.label_studio:LabelStudio",
    "segments": "steps.segments.readers.plain:Plain",
}


def reader(name: str, source: Source) -> Reader:
    """The reader of a format."""
    module, _, attribute = FORMATS[name].partition(":")
    make: Callable[[Source], Any] = getattr(import_module(module), attribute)
    found: Reader = make(source)
    return found
