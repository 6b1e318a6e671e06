"""Plain segments: JSON Lines or a JSON array, one object each, as the target `segments` writes them.

    {"id": "call-7", "source": "s3://...", "duration": 93.4,
     "segments": [{"track": "speaker", "label": "Customer", "start": 0.0, "end": 4.2, "text": "..."}]}

Several workers stand under `answers`: `[{"worker": "a", "segments": [...], "whole": {...}}]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steps.runtime.errors import StepError
from steps.segments.answers import by_track
from steps.segments.model import Given, Item, Key
from steps.segments.readers.catalog import Source
from steps.segments.readers.fields import duration_of, fields_of, text_of
from steps.segments.readers.lines import elements_of


class Plain:
    """Reads every .json and .jsonl of a folder."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def keys(self) -> Iterator[tuple[int, Key | None]]:
        """The id of each object."""
        for item in self.items():
            key = Key(item.id, item.id, item.recording, item.source) if item.problem is None else None
            yield item.line, key

    def items(self) -> Iterator[Item]:
        """The objects in the order of files and lines."""
        number = -1
        for path in data_files(self._source.manifest):
            for _, element in elements_of(path):
                number += 1
                yield (
                    self._item(number, element)
                    if isinstance(element, dict)
                    else Item(number, problem=element)
                )

    def _item(self, number: int, element: dict[str, Any]) -> Item:
        source = text_of(element, "source") or text_of(element, "source-ref") or ""
        identity = text_of(element, self._source.id_key or "id") or source or f"line-{number}"
        given = element.get("answers")
        listed = given if isinstance(given, list) else [element]
        # What was consolidated once keeps how many were behind it in `votes`, not as workers of their own.
        answers = tuple(_given(each, place) for place, each in enumerate(listed, start=1))
        own = element.get("fields")
        named = {**element, **own} if isinstance(own, dict) else element
        return Item(
            line=number,
            id=identity,
            recording=text_of(element, self._source.recording_key or "recording") or source or identity,
            source=source,
            duration=duration_of(element, self._source.duration_key or "duration"),
            fields=fields_of(named, self._source.fields),
            answers=answers,
        )


def _given(answer: Any, place: int) -> Given:
    segments = answer.get("segments") if isinstance(answer, dict) else None
    if not isinstance(segments, list):
        return Given(f"worker-{place}", None, {}, None, ("unreadable_answer", 'lacks a list "segments"'))
    whole = answer.get("whole")
    values = {name: _value(each) for name, each in whole.items()} if isinstance(whole, dict) else {}
    return Given(str(answer.get("worker") or f"worker-{place}"), by_track(segments), values)


def _value(whole: Any) -> Any:
    return whole.get("value") if isinstance(whole, dict) and "kind" in whole else whole


def data_files(place: Path) -> list[Path]:
    """The JSON files of a folder in the order of their names, or the file itself; raises StepError for links.

    A link that leads out of the folder is whatever its maker wanted to be read.
    """
    if place.is_file():
        return [place]
    found = sorted(
        path for path in place.rglob("*") if path.is_file() and path.suffix in {".json", ".jsonl", ".ndjson"}
    )
    for path in found:
        if path.is_symlink() and not path.resolve().is_relative_to(place.resolve()):
            raise StepError(f"{path} is a link that leads out of {place}", hint="put the file itself there")
    return found
