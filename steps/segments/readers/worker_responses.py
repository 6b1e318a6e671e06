"""Worker responses without a manifest: every file is an object, with one answer or many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from steps.segments.answers import UnreadableAnswerError, of_response, parse
from steps.segments.model import Given, Item, Key
from steps.segments.readers.catalog import Source
from steps.segments.readers.fields import fields_of
from steps.segments.readers.plain import data_files


class WorkerResponses:
    """Reads a folder of `{"answers": [...]}`; an object is named by its path below the folder."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def keys(self) -> Iterator[tuple[int, Key | None]]:
        """The paths."""
        for number, path in enumerate(data_files(self._source.manifest)):
            name = self._name(path)
            yield number, Key(name, name, _recording(name), "")

    def items(self) -> Iterator[Item]:
        """One object a file."""
        for number, path in enumerate(data_files(self._source.manifest)):
            yield self._item(number, path)

    def _name(self, path: Path) -> str:
        folder = self._source.manifest
        return path.relative_to(folder).as_posix() if folder.is_dir() else path.name

    def _item(self, number: int, path: Path) -> Item:
        answers: tuple[Given, ...] = ()
        problem: tuple[str, str] | None = None
        if path.stat().st_size > self._source.places.max_bytes:
            problem = "response_too_large", f"{path.stat().st_size / 1e6:,.1f} MB"
        else:
            try:
                answers = of_response(parse(path.read_bytes()), self._source.field)
            except UnreadableAnswerError as error:
                problem = "response_unreadable", str(error)
        name = self._name(path)
        fields = fields_of({}, self._source.fields)  # there are none, and templates find them empty
        return Item(number, name, _recording(name), name, fields=fields, answers=answers, problem=problem)


def _recording(name: str) -> str:
    """The folder of a line's answers: those of all iterations are of one recording."""
    return _ITERATION.sub(r"\1\2", name)


_ITERATION = re.compile(r"(^|.*/)iteration-\d+/(\d+)/[^/]+")
