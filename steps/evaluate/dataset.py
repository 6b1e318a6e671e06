"""The rows to ask, and how many of them were learned: as preprocess wrote both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steps.runtime.errors import StepError

FILE = "evaluation_dataset.jsonl"
OVERLAP = "overlap.json"


@dataclass(frozen=True)
class EvaluationRow:
    """A prompt and the right answer to it."""

    id: str
    model_input: str
    target_output: str
    group: str = ""


def read(folder: Path) -> list[EvaluationRow]:
    """Every row; a line that is none is an error, since preprocess wrote the file."""
    path = folder / FILE
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            rows = [_row(number, line) for number, line in enumerate(file, start=1) if line.strip()]
    except FileNotFoundError:
        raise StepError(f"the evaluation set is missing: no {FILE} in {folder}") from None
    except UnicodeDecodeError as error:
        raise StepError(f"{FILE} is not UTF-8: {error}") from error
    if not rows:
        raise StepError(f"the evaluation set is empty: {FILE} has no rows")
    return rows


def overlap(folder: Path) -> dict[str, Any] | None:
    """What preprocess found of these rows in the training set; None where it was given none."""
    path = folder / OVERLAP
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        counts = {name: int(found[name]) for name in ("rows", "asked", "training_rows")}
        return {**counts, "examples": [str(each) for each in found.get("examples", ())]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StepError(f"{OVERLAP} does not count the rows that were learned: {error}") from error


def _row(number: int, line: str) -> EvaluationRow:
    try:
        row = json.loads(line)
        texts = [row["id"], row["model_input"], row["target_output"], row.get("group") or ""]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StepError(
            f"{FILE}, line {number}, has no id, model_input and target_output: {error}"
        ) from error
    if not all(isinstance(text, str) for text in texts):
        raise StepError(f"{FILE}, line {number}: id, model_input and target_output must be texts")
    return EvaluationRow(*texts)
