"""The segment model itself, one object a line: what the format `segments` reads."""

from __future__ import annotations

from steps.runtime.outputs import json_line
from steps.runtime.settings import Section
from steps.segments.model import Converted, document
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import SetFiles


class Plain:
    """Everything that is known of an object."""

    def __init__(self, settings: Section, place: Place) -> None:
        del settings
        self._files = SetFiles(lambda split: place.file(split, "jsonl"))

    def write(self, converted: Converted) -> int:
        """Adds an object."""
        self._files.of(converted.split).write(json_line(document(converted)))
        return 1

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)
