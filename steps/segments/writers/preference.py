"""Human feedback: pairs (`prompt`, `chosen`, `rejected`), ratings (`prompt`, `completion`, `label`).

A pair needs two different answers to one prompt and a choice between them by the workers; an object without
that gives none. A rating between the two thresholds says neither good nor bad and gives no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steps.runtime.outputs import json_line
from steps.runtime.settings import Section
from steps.segments.model import Converted
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import SetFiles
from steps.segments.writers.prompts import Rows


class Preference:
    """RLHF and DPO: the answers `a` and `b` are templates, the question's value names the better one."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._question = settings.text("question")
        self._values = {"a": settings.text("a_is", "a"), "b": settings.text("b_is", "b")}
        self._prompt = Rows(_per_object(settings), place.fields, ("prompt",))
        self._answers = {key: Rows(_per_object(settings), place.fields, (key,)) for key in ("a", "b")}
        self._files = SetFiles(lambda split: place.file(split, "jsonl"))

    def write(self, converted: Converted) -> int:
        """Adds the pair of an object."""
        whole = converted.whole.get(self._question)
        prompt = next(self._prompt.of(converted), None)
        answers = {key: next(rows.of(converted), {}).get(key) for key, rows in self._answers.items()}
        if whole is None or prompt is None or None in answers.values() or answers["a"] == answers["b"]:
            return 0
        better = next((key for key, value in self._values.items() if whole.value == value), None)
        if better is None:
            return 0
        row = {"prompt": prompt["prompt"], "chosen": answers[better]}
        row["rejected"] = answers["b" if better == "a" else "a"]
        self._files.of(converted.split).write(json_line(row))
        return 1

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)


class Rated:
    """KTO: a completion with a verdict."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._question = settings.text("question")
        self._good, self._bad = settings.number("good_from"), settings.number("bad_to")
        self._rows = Rows(_per_object(settings), place.fields, ("prompt", "completion"))
        self._files = SetFiles(lambda split: place.file(split, "jsonl"))

    def write(self, converted: Converted) -> int:
        """Adds the verdict of an object."""
        whole = converted.whole.get(self._question)
        row: Mapping[str, Any] | None = next(self._rows.of(converted), None)
        if whole is None or row is None or not isinstance(whole.value, float):
            return 0
        if self._bad < whole.value < self._good:
            return 0
        line = {"prompt": row["prompt"], "completion": row["completion"], "label": whole.value >= self._good}
        self._files.of(converted.split).write(json_line(line))
        return 1

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._files.close(whole=whole)


def _per_object(settings: Section) -> Section:
    return Section({**settings.values, "rows": "object"}, settings.place)
