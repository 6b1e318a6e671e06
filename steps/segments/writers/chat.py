"""Supervised fine-tuning: JSON Lines of `{"messages": [system?, user, assistant]}` (SageMaker, TRL)."""

from __future__ import annotations

from steps.runtime.outputs import json_line
from steps.runtime.settings import Section
from steps.segments.model import Converted
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import SetFiles
from steps.segments.writers.prompts import Rows


class Messages:
    """One conversation an object or a segment."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._rows = Rows(settings, place.fields, ("prompt", "output"))
        self._system = settings.optional_text("system")
        self._files = SetFiles(lambda split: place.file(split, "jsonl"))

    def write(self, converted: Converted) -> int:
        """Adds the conversations of an object."""
        count = 0
        for count, row in enumerate(self._rows.of(converted), start=1):  # noqa: B007 - the result
            system = [{"role": "system", "content": self._system}] if self._system else []
            turns = [
                {"role": "user", "content": row["prompt"]},
                {"role": "assistant", "content": row["output"]},
            ]
            self._files.of(converted.split).write(json_line({"messages": [*system, *turns]}))
        return count

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)
