"""Reads the channels of a fine-tuning job and holds them against Autopilot's dataset rules.

Rules: Developer Guide, page autopilot-llms-finetuning-data-format. Exactly two columns, `input` and `output`,
both strings, with a header; CSV or Parquet; one or more files below a prefix; a limit of rows that counts
every file of both channels.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.training.job import FineTuningError, TrainingJob

COLUMNS = {"input", "output"}


@dataclass(frozen=True)
class Row:
    """A prompt and the answer that is wanted."""

    input: str
    output: str


def read_channels(job: TrainingJob) -> tuple[list[Row], list[Row]]:
    """The training and the validation rows; raises FineTuningError where the dataset breaks a rule."""
    training = read_channel(job.training, parquet=job.parquet)
    validation = read_channel(job.validation, parquet=job.parquet) if job.validation else []
    total = len(training) + len(validation)
    if total > job.largest_rows:
        raise FineTuningError(
            f"The dataset has {total} rows in all channels; the base model takes at most {job.largest_rows}."
        )
    if not job.validation:
        training, validation = split(training, fraction=job.validation_fraction, seed=job.seed)
    if not training or not validation:
        raise FineTuningError(f"The dataset has {total} rows: too few for training and validation.")
    return training, validation


def read_channel(folder: Path, *, parquet: bool) -> list[Row]:
    """Every row of every file below the folder, in the order of their names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise FineTuningError(f"No file was found for the {folder.name} channel.")
    rows: list[Row] = []
    for file in files:
        rows += _parquet_rows(file) if parquet else _csv_rows(file)
    if not rows:
        raise FineTuningError(f"The files of the {folder.name} channel hold no rows.")
    return rows


def split(rows: Sequence[Row], *, fraction: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Training and validation rows, drawn with the seed; each keeps its order."""
    count = max(1, round(len(rows) * fraction))
    chosen = set(random.Random(seed).sample(range(len(rows)), min(count, len(rows))))  # noqa: S311
    validation = [row for position, row in enumerate(rows) if position in chosen]
    return [row for position, row in enumerate(rows) if position not in chosen], validation


def _check_columns(names: Sequence[str], file: Path) -> None:
    if set(names) != COLUMNS or len(names) != len(COLUMNS):
        found = ", ".join(repr(name) for name in names) or "none"
        raise FineTuningError(
            f"{file.name} must have a header with exactly the columns 'input' and 'output'; found: {found}."
        )


def _csv_rows(file: Path) -> list[Row]:
    csv.field_size_limit(sys.maxsize)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(_parsed(csv.reader(lines, strict=True), file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FineTuningError(f"{file.name} cannot be read as UTF-8 CSV: {error}.") from error


def _parsed(table: Iterator[list[str]], file: Path) -> Iterator[Row]:
    header = next(table, [])
    _check_columns(header, file)
    first_is_input = header[0] == "input"
    for number, cells in enumerate(table, start=1):
        if not cells:
            continue
        if len(cells) != len(COLUMNS):
            raise FineTuningError(f"{file.name}, row {number}: {len(cells)} cells where there are 2 columns.")
        prompt, answer = cells if first_is_input else reversed(cells)
        yield _row(prompt, answer, file, number)


def _parquet_rows(file: Path) -> list[Row]:
    import pyarrow  # only Parquet needs it
    from pyarrow import parquet

    try:
        table = parquet.read_table(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise FineTuningError(f"{file.name} cannot be read as Parquet: {error}.") from error
    _check_columns(table.column_names, file)
    for name in table.column_names:
        kind = table.schema.field(name).type
        if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
            raise FineTuningError(f"{file.name}: column {name!r} must hold strings; it holds {kind}.")
    pairs = zip(table.column("input").to_pylist(), table.column("output").to_pylist(), strict=True)
    return [_row(prompt, answer, file, number) for number, (prompt, answer) in enumerate(pairs, start=1)]


def _row(prompt: str | None, answer: str | None, file: Path, number: int) -> Row:
    if not prompt or not answer:
        empty = "output" if prompt else "input"
        raise FineTuningError(f"{file.name}, row {number}: {empty!r} is empty.")
    return Row(prompt, answer)
