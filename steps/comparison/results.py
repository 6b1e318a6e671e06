"""The scores in results.jsonl, read line by line: eight bytes a row and metric, and the rows' ids."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["scores", "unicode_scores"]


class ResultsError(Exception):
    """A file that is not what an evaluation writes."""


@dataclass(frozen=True)
class Scores:
    """One score a row by metric, in the order of the file; `sha256` is of the file's bytes."""

    ids: list[str]
    values: Mapping[str, array[float]]
    sha256: str

    def __len__(self) -> int:
        return len(self.ids)


def read_scores(lines: Iterable[bytes], kind: Kind) -> Scores:
    """Scores of one kind from lines with their ends. Raises ResultsError where a line is no result."""
    ids: list[str] = []
    values: dict[str, array[float]] = {}
    digest = hashlib.sha256()
    for number, line in enumerate(lines, start=1):
        digest.update(line)
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            ids.append(str(row["id"]))
            _add(values, row[kind], len(ids))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultsError(f"line {number} is no result: {type(error).__name__}: {error}") from error
    return Scores(ids, values, digest.hexdigest())


def _add(values: dict[str, array[float]], scores: Mapping[str, Any], count: int) -> None:
    """One row's scores; every row has the metrics of the first."""
    if count == 1:
        values.update({name: array("d") for name in scores})
    if scores.keys() != values.keys():
        raise ValueError("its metrics are not those of the first row")
    for name, value in scores.items():
        values[name].append(float(value))
