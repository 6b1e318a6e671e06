"""SageMaker AutoML, text generation: CSV or Parquet with exactly the columns `input` and `output`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from steps.runtime.settings import Section
from steps.segments.model import Converted
from steps.segments.writers.catalog import Place
from steps.segments.writers.files import SetFiles, finish
from steps.segments.writers.prompts import Rows

COLUMNS = ("input", "output")
_BATCH = 4096


class AutoML:
    """One row an object or a segment, by templates."""

    def __init__(self, settings: Section, place: Place) -> None:
        self._rows = Rows(settings, place.fields, ("prompt", "output"))
        kind = settings.choice("format", ("csv", "parquet"), "csv")
        self._table: _Csv | _Parquet = _Csv(place) if kind == "csv" else _Parquet(place)

    def write(self, converted: Converted) -> int:
        """Adds the rows of an object."""
        rows = self._rows.tuples(converted)
        if rows:
            self._table.add(converted.split, rows)
        return len(rows)

    def close(self, *, whole: bool) -> None:
        """Ends the files."""
        self._table.close(whole=whole)


class _Csv:
    def __init__(self, place: Place) -> None:
        self._files = SetFiles(lambda split: place.file(split, "csv"))
        self._writers: dict[str, Any] = {}

    def add(self, split: str, rows: list[tuple[str, ...]]) -> None:
        if split not in self._writers:
            self._writers[split] = csv.writer(self._files.of(split), lineterminator="\n")
            self._writers[split].writerow(COLUMNS)
        text = "".join([f"{prompt},{output}\n" for prompt, output in rows])
        if text.count(",") == len(rows) == text.count("\n") and not ('"' in text or "\r" in text):
            self._files.of(split).write(text)  # nothing to quote
            return
        # The csv module leaves a lone carriage return unquoted, which its own reader takes for a line's end.
        if "\r" in text:
            csv.writer(self._files.of(split), lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        else:
            self._writers[split].writerows(rows)

    def close(self, *, whole: bool) -> None:
        self._files.close(whole=whole)


class _Parquet:
    """Row groups of a few thousand rows, so that memory stays flat."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._open: dict[str, tuple[Any, Path, Path]] = {}
        self._waiting: dict[str, list[tuple[str, ...]]] = {}

    def add(self, split: str, rows: list[tuple[str, ...]]) -> None:
        waiting = self._waiting.setdefault(split, [])
        waiting += rows
        if len(waiting) >= _BATCH:
            self._flush(split)

    def _flush(self, split: str) -> None:
        import pyarrow
        import pyarrow.parquet

        schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
        if split not in self._open:
            path = self._place.file(split, "parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part")
            try:
                self._open[split] = (pyarrow.parquet.ParquetWriter(part, schema), part, path)
            except OSError:
                part.unlink(missing_ok=True)
                raise
        columns = list(zip(*self._waiting[split], strict=True))
        self._open[split][0].write_table(pyarrow.table([list(each) for each in columns], schema=schema))
        self._waiting[split] = []

    def close(self, *, whole: bool) -> None:
        try:
            for split, rows in self._waiting.items():
                if rows and whole:
                    self._flush(split)
        except OSError:
            finish(list(self._open.values()), whole=False)
            raise
        finish(list(self._open.values()), whole=whole)
