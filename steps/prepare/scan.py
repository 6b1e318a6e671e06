"""One pass over all rows: what was read, what is set aside and why, and the candidates for the sets."""

from __future__ import annotations

import bisect
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from steps.prepare.duplicates import Duplicates
from steps.prepare.examine import LENGTH_BINS, REASONS, Findings
from steps.prepare.sample import Candidate, Candidates, capacity
from steps.prepare.settings import Budgets, Rules
from steps.prepare.workers import findings
from steps.runtime.outputs import json_line, text_file
from steps.runtime.rows.blocks import Block


@dataclass
class SourceFile:
    """A file as the report names it; `first` is the number of its first line among all lines."""

    name: str
    first: int
    lines: int = 0
    rows: int = 0


@dataclass
class Scan:
    """What one pass found."""

    files: list[SourceFile] = field(default_factory=list)
    read: int = 0
    rejected: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    input_lengths: Any = field(default_factory=lambda: np.zeros(LENGTH_BINS, np.int64))
    output_lengths: Any = field(default_factory=lambda: np.zeros(LENGTH_BINS, np.int64))
    candidates: list[Candidate] = field(default_factory=list)
    dropped: int = 0

    @property
    def rejected_rows(self) -> int:
        """Rows set aside, for whatever reason."""
        return sum(self.rejected.values())

    @property
    def usable(self) -> int:
        """Rows that could be drawn."""
        return self.read - self.rejected_rows

    @property
    def rejected_share(self) -> float:
        """Share of the rows that are set aside; 0 where there are none."""
        return self.rejected_rows / self.read if self.read else 0.0

    def place(self, line: int) -> dict[str, Any]:
        """File and row of a line, counted from 1."""
        file = self.files[bisect.bisect_right(self.files, line, key=lambda item: item.first) - 1]
        return {"file": file.name, "row": line - file.first + 1}


def scan(
    blocks: Callable[[], Iterator[Block]],
    rules: Rules,
    budgets: Budgets,
    *,
    rejected: Path,
    workers: int,
    growth: int = 0,
) -> Scan:
    """Reads everything once; writes the rows set aside to `rejected`, one JSON object a line."""
    result = Scan()
    wanted, per_unit = capacity(budgets, growth)
    sample = Candidates(wanted, per_unit)
    with (
        tempfile.TemporaryDirectory(prefix="prepare-") as folder,
        Duplicates(Path(folder)) as duplicates,
        text_file(rejected) as file,
    ):
        for found in findings(
            blocks(),
            rules,
            wanted=wanted,
            per_unit=per_unit,
            threshold=lambda: sample.threshold,
            workers=workers,
        ):
            _merge(result, found, sample, duplicates, file)
        for row, first in duplicates.found():
            result.rejected["duplicate"] += 1
            line = {"reason": "duplicate", **result.place(row), "detail": "equal to an earlier row"}
            file.write(json_line({**line, "first": result.place(first)}))
    result.candidates, result.dropped = sample.rows(), result.dropped + sample.dropped
    return result


def _merge(result: Scan, found: Findings, sample: Candidates, duplicates: Duplicates, file: TextIO) -> None:
    """Adds a block's findings; blocks come in the order of the data, so lines are counted here."""
    if not result.files or result.files[-1].name != found.file:
        last = result.files[-1] if result.files else None
        result.files.append(SourceFile(found.file, last.first + last.lines if last else 0))
    source = result.files[-1]
    base = source.first + source.lines
    source.lines += found.lines
    source.rows += found.read
    result.read += found.read
    result.dropped += found.dropped
    for item in found.rejected:
        result.rejected[item.reason] += 1
        row = item.index + base - source.first + 1
        line = {"reason": item.reason, "file": source.name, "row": row, "detail": item.detail}
        file.write(json_line({**line, "content": printable(item.row)}))
    for total, counts in (
        (result.input_lengths, found.input_lengths),
        (result.output_lengths, found.output_lengths),
    ):
        total[: len(counts)] += counts
    duplicates.add(found.keys, found.positions.astype(np.uint64) + np.uint64(base))
    sample.offer(row._replace(position=row.position + base) for row in found.candidates)


def printable(text: str) -> str:
    """The text with what UTF-8 cannot hold shown as an escape."""
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")
