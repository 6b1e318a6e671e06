"""The targets, as a table: a further one is one file and a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from steps.runtime.settings import Section
from steps.segments.model import Converted


@dataclass(frozen=True)
class Place:
    """Where a target writes. `part` names its files; `several`: other instances write there too."""

    folder: Path
    part: str
    several: bool
    fields: tuple[str, ...]
    media: Path | None = None

    def file(self, split: str, suffix: str) -> Path:
        """The file of a set: `train/<part>.<suffix>`."""
        return self.folder / split / f"{self.part}.{suffix}"


class Writer(Protocol):
    """One target. What was written appears under its name when `close` is told that all went well."""

    def write(self, converted: Converted) -> int:
        """Writes an object; returns how many rows (or files) that made."""
        ...

    def close(self, *, whole: bool) -> None:
        """Ends the files: they appear, or nothing does."""
        ...


TARGETS: Final[Mapping[str, str]] = {
    "automl": "steps.segments.writers.automl:AutoML",
    "sft": "steps.segments.writers.chat:Messages",
    "preference": "steps.segments.writers.preference:Preference",
    "kto": "steps.segments.writers.preference:Rated",
    "audiofolder": "steps.segments.writers.folders:MediaFolder",
    "videofolder": "steps.segments.writers.folders:MediaFolder",
    "rttm": "steps.segments.writers.rttm:Rttm",
    "webvtt": "steps.segments.writers.subtitles:WebVtt",
    "srt": "steps.segments.writers.subtitles:Srt",
    "nemo": "steps.segments.writers.nemo:Nemo",
    "moments": "steps.segments.writers.moments:Moments",
    "segments": "steps.segments.writers.plain:Plain",
}


def writer(name: str, settings: Section, place: Place) -> Writer:
    """The writer of a target."""
    module, _, attribute = TARGETS[name].partition(":")
    make: Any = getattr(import_module(module), attribute)
    found: Writer = make(settings, place)
    return found
