"""A data folder or a data set of the Hugging Face hub as blocks of rows, columns checked first.

Files are read with orjson, csv and pyarrow, data sets of the hub with `datasets`. Reading a file through
`datasets` costs five times the processor time and a copy of the data on disk, streaming it costs eighteen
times, and either way one line that is no JSON, or a column whose type changes half-way, ends it all
(measured in docs/adr/0003-reading-rows.md).
"""

from __future__ import annotations

import csv
import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steps.runtime.errors import StepError
from steps.runtime.rows.blocks import MAX_ROW_BYTES, Block, JsonLines, ParquetRows, ParsedCsv, ParsedRows
from steps.runtime.rows.columns import has_column

# The first kind of name that a folder has; .json is taken for JSON Lines only where nothing else is.
SUFFIXES = {
    "csv": ((".csv",),),
    "jsonl": ((".jsonl", ".ndjson"), (".json",)),
    "parquet": ((".parquet", ".pq"),),
}
BLOCK_BYTES = 4 << 20
BLOCK_ROWS = 4096
PEEKED_ROWS = 1000
_UTF8_BOM = b"\xef\xbb\xbf"
_OTHER_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
# How files begin that hold no text, whatever they are called, and what to do with them.
_NO_TEXT = {
    b"\x1f\x8b": ("compressed with gzip", "gunzip it"),
    b"PK\x03\x04": ("a ZIP archive", "unzip it"),
    b"PAR1": ("a Parquet file", "write format: parquet"),
}
# Stands behind the last line of a CSV file: a row of its own, unless a quote is still open there.
_CSV_END = "\0end\0"
_LINE_END = re.compile(r"\r\n|\r|\n")


class ColumnsError(StepError):
    """The columns are not what the settings name. `place`: where; the fact lists the columns that are there.

    Where a file has no header line, they are its first row: a step whose data may go into no log tells the
    place alone.
    """

    def __init__(self, place: str, fact: str, *, hint: str | None = None) -> None:
        super().__init__(f"{place} {fact}", hint=hint)
        self.place = place


@dataclass(frozen=True)
class HubSource:
    """A data set of the hub: which part of it, at which revision."""

    name: str
    split: str
    revision: str | None = None
    subset: str | None = None


def folder_blocks(
    folder: Path, kind: str, columns: Sequence[str], *, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """The rows of every file of the folder, in the order of their names."""
    for path in data_files(folder, kind):
        name = path.relative_to(folder).as_posix()
        if kind == "jsonl":
            yield from _json_blocks(name, path, block_bytes)
        elif kind == "csv":
            yield from _csv_blocks(name, path)
        else:
            yield from _parquet_blocks(name, path, columns)


def data_files(folder: Path, kind: str) -> list[Path]:
    """The data files below a folder; a single file may have any name."""
    if not folder.is_dir():
        raise StepError(f"the data folder {folder} does not exist")
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))
    )
    by_name = ([path for path in files if path.suffix.lower() in names] for names in SUFFIXES[kind])
    chosen = files if len(files) == 1 else next(filter(None, by_name), [])
    if not chosen:
        # Endings alone: files of texts may be named after people.
        names = ", ".join(sorted({f"*{path.suffix}" for path in files})[:5]) or "nothing"
        raise StepError(
            f"the data folder holds no {kind} file (it holds: {names})",
            hint="check data.source and data.format",
        )
    if not any(path.stat().st_size for path in chosen):
        raise StepError(f"the data set is empty: {chosen[0].name} has no bytes")
    return chosen


def hub_blocks(source: HubSource, columns: Sequence[str]) -> Iterator[Block]:
    """The rows of a data set of the hub, through the library's own cache on disk."""
    import datasets

    datasets.disable_progress_bars()
    try:
        rows = datasets.load_dataset(source.name, source.subset, split=source.split, revision=source.revision)
    except Exception as error:  # the library raises whatever its file systems, readers and the hub raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StepError(
            f'the data set "{source.name}" (split {source.split}) could not be loaded: {reason}',
            hint="check its name and split, and that the job reaches the hub; else let data.source be a"
            " file or an S3 URI",
        ) from error
    present = list(rows.column_names)
    for column in columns:
        if column not in present and column.partition(".")[0] not in present:
            raise missing_column(column, present, f'data set "{source.name}"')
    tops = sorted({column if column in present else column.partition(".")[0] for column in columns})
    for batch in rows.select_columns(tops).with_format("arrow").iter(batch_size=BLOCK_ROWS):
        yield ParsedRows(f"hf://{source.name}", batch.to_pylist())


def checked(blocks: Iterator[Block], columns: Sequence[str]) -> Iterator[Block]:
    """The same blocks, after the first one was looked into: a column that no row there has is an error."""
    first = next(blocks, None)
    if first is None:
        return
    seen: dict[str, Any] = {}
    for row in itertools.islice(first.rows(), PEEKED_ROWS):
        if isinstance(row, dict):
            seen.update(row)
    for column in columns if seen else ():
        if not has_column(seen, column):
            raise missing_column(column, list(seen), first.file)
    yield first
    yield from blocks


def missing_column(column: str, present: Sequence[str], place: str) -> ColumnsError:
    """The error for a column that the data has not, with the nearest one that it has."""
    near = difflib.get_close_matches(column, present, n=1)
    return ColumnsError(
        place,
        f'has no column "{column}" (its columns: {", ".join(map(str, present))})',
        hint=f'did you mean "{near[0]}"? See data.columns and data.group_by'
        if near
        else "see data.columns and data.group_by",
    )


def _json_blocks(name: str, path: Path, block_bytes: int) -> Iterator[Block]:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = _text_start(name, file.read(4))
        file.seek(start)
        if file.read(256).lstrip().startswith(b"["):
            raise StepError(
                f"{name} is one JSON array, not JSON Lines", hint=f"jq -c '.[]' {path.name} > rows.jsonl"
            )
        while start < size:
            file.seek(start + block_bytes)
            while (line := file.readline(1 << 20)) and not line.endswith(b"\n"):
                pass  # a line longer than the buffer goes on
            end = file.tell() if line else size
            yield JsonLines(name, path, start, min(end, size))
            start = end


def _text_start(name: str, head: bytes) -> int:
    """Where the text of a file begins whose first four bytes are `head`; an error where it is none."""
    for magic, (what, remedy) in _NO_TEXT.items():
        if head.startswith(magic):
            raise StepError(f"{name} is {what}, not text", hint=remedy)
    if head[:2] in _OTHER_BOMS:
        raise StepError(
            f"{name} is {_OTHER_BOMS[head[:2]]}, not UTF-8", hint=f"iconv -f UTF-16 -t UTF-8 {name}"
        )
    return len(_UTF8_BOM) if head.startswith(_UTF8_BOM) else 0


def _csv_blocks(name: str, path: Path) -> Iterator[Block]:
    with path.open("rb") as raw:
        _text_start(name, raw.read(4))
    csv.field_size_limit(MAX_ROW_BYTES)
    # Bytes that are no UTF-8 come as lone surrogates, so that the row, not the file, is set aside.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(itertools.chain(file, (_CSV_END,)))
        try:
            header = _header(name, _to_the_end(name, reader, [next(reader)]))
            while fields := _to_the_end(name, reader, list(itertools.islice(reader, BLOCK_ROWS))):
                yield ParsedCsv(name, header, fields)
        except csv.Error as error:
            raise StepError(f"{name}, line {reader.line_num}, is not CSV: {error}") from error


def _to_the_end(name: str, reader: Any, rows: list[list[str]]) -> list[list[str]]:
    """The rows without what stands behind the last; an error where the file ends within quotes.

    Else all that follows such a quote would be one row, or be cut off.
    """
    if rows and rows[-1] == [_CSV_END]:
        rows.pop()
    elif rows and rows[-1] and rows[-1][-1].endswith(_CSV_END):
        text = "".join(rows[-1]).removesuffix(_CSV_END)
        lines = len(_LINE_END.findall(text)) + (not text.endswith(("\r", "\n")))
        raise StepError(
            f"{name}: a quote in the row of line {reader.line_num - lines} is never closed",
            hint='close it, or double it ("") where it is text',
        )
    return rows


def _header(name: str, rows: list[list[str]]) -> tuple[str, ...]:
    if not rows or not rows[0]:
        raise StepError(f"{name} has no header line", hint="the first line must name the columns")
    names = [column.strip() for column in rows[0]]
    # Columns without a name, such as a spreadsheet leaves at the end, cannot be meant.
    twice = sorted({column for column in names if column and names.count(column) > 1})
    if twice:
        raise ColumnsError(name, f'has the column "{twice[0]}" twice')
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise ColumnsError(name, f"is not separated by commas (its header: {names[0][:80]})")
    return tuple(names)


def _parquet_blocks(name: str, path: Path, columns: Sequence[str]) -> Iterator[Block]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            present, groups = file.schema_arrow.names, file.num_row_groups
    except pyarrow.ArrowInvalid as error:
        raise StepError(f"{name} is not a Parquet file: {error}") from error
    for column in columns:
        if column not in present and column.partition(".")[0] not in present:
            raise missing_column(column, present, name)
    tops = tuple(sorted({column if column in present else column.partition(".")[0] for column in columns}))
    for group in range(groups):
        yield ParquetRows(name, path, group, tops)
