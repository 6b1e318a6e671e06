"""How many of the rows that are asked stand in the training set: by question, and by the whole prompt.

Questions are compared as prepare compares them, folded and without marks at their ends, as 64-bit hashes.
Sixteen bytes of memory a training row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from xxhash import xxh3_64_intdigest

from steps.preprocess.rows import EvaluationRow
from steps.runtime.errors import StepError
from steps.runtime.rows.text import question_key

FILE = "overlap.json"
QUESTIONS = "training_questions.csv"  # as prepare writes it
VERSION = 1
EXAMPLES = 20
_HEADER = "question,prompt\n"
_LINES = 1 << 16


class Overlap:
    """Looks every row up that it is told of."""

    def __init__(self, questions: Any, prompts: Any) -> None:
        """Hashes of the training set, numpy uint64 both."""
        self._questions, self._prompts = np.sort(questions), np.sort(prompts)
        self._asked, self._found = 0, 0
        self._examples: list[str] = []

    def look(self, row: EvaluationRow) -> None:
        """Notes a row that is asked."""
        self._asked += 1
        known = row.question is not None and _holds(self._questions, row.question)
        if known or _holds(self._prompts, xxh3_64_intdigest(question_key(row.model_input))):
            self._found += 1
            if len(self._examples) < EXAMPLES:
                self._examples.append(row.id)

    def told(self) -> str:
        """One line for the log."""
        return f"{self._found:,} of {self._asked:,} rows stand in the training set of {len(self._prompts):,}"

    def document(self) -> dict[str, Any]:
        """As overlap.json holds it; `examples` are ids of rows."""
        return {
            "version": VERSION,
            "rows": self._found,
            "asked": self._asked,
            "training_rows": len(self._prompts),
            "examples": self._examples,
        }


def read(folder: Path) -> Overlap | None:
    """The training set's questions; None where the job was given none."""
    path = folder / QUESTIONS
    if not path.is_file():
        return None
    parts = list(_parts(path))
    hashes = np.concatenate(parts) if parts else np.empty((0, 2), np.uint64)
    return Overlap(hashes[:, 0], hashes[:, 1])


def _parts(path: Path) -> Iterator[Any]:
    """Arrays of two columns, a block of lines each."""
    with path.open(encoding="ascii", errors="replace", newline="\n") as file:
        if file.readline() != _HEADER:
            raise StepError(f'{path.name} does not begin with "question,prompt"')
        while lines := list(itertools.islice(file, _LINES)):
            try:
                values = [int(text, 16) for line in lines for text in line.split(",")]
                yield np.array(values, dtype=np.uint64).reshape(-1, 2)
            except (ValueError, OverflowError) as error:
                raise StepError(f"{path.name} holds something else than hashes: {error}") from error


def _holds(hashes: Any, wanted: int) -> bool:
    place = int(np.searchsorted(hashes, np.uint64(wanted)))
    return place < len(hashes) and int(hashes[place]) == wanted
