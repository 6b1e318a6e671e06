"""Pieces of a data set that can be read by themselves, each in bounded memory, by any process.

A row is a mapping of its columns. A blank line is None, a line that is no row is `Unreadable`; both keep
their place, so that the position in a block gives the line's number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from steps.runtime.errors import StepError
from steps.runtime.rows.columns import Row

# A row longer than this is set aside without being held in memory.
MAX_ROW_BYTES = 16 << 20
EXCERPT = 300


@dataclass(frozen=True)
class Unreadable:
    """A line that is no row: why, and how it begins."""

    reason: str
    detail: str
    excerpt: str = ""


class Block(Protocol):
    """Rows of one file, in the file's order."""

    @property
    def file(self) -> str:
        """The file's name, relative to the data folder."""
        ...

    def rows(self) -> Iterator[Row | Unreadable | None]:
        """Reads them."""
        ...


@dataclass(frozen=True)
class JsonLines:
    """The bytes from `start` to `end` of a JSON Lines file; both are ends of lines."""

    file: str
    path: Path
    start: int
    end: int

    def rows(self) -> Iterator[Row | Unreadable | None]:
        """Parses line by line: JSON's own rules, strict UTF-8, only \\n ends a line (U+2028 is text)."""
        import orjson

        loads, error = orjson.loads, orjson.JSONDecodeError
        with self.path.open("rb") as file:
            file.seek(self.start)
            for line in bounded_lines(file, self.end - self.start):
                if line is None:
                    yield Unreadable("too_large", f"more than {MAX_ROW_BYTES >> 20} MiB in one line")
                    continue
                try:
                    row = loads(line)
                except error as problem:
                    yield None if not line.strip() else unreadable_json(line, str(problem))
                    continue
                yield row if isinstance(row, dict) else _excerpt("unreadable", "not a JSON object", line)


def bounded_lines(file: BinaryIO, remaining: int) -> Iterator[bytes | None]:
    """The lines of the next `remaining` bytes; None for one over the limit, which is skipped unread."""
    while remaining > 0:
        line = file.readline(MAX_ROW_BYTES)
        remaining -= len(line)
        if len(line) < MAX_ROW_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while remaining > 0 and not line.endswith(b"\n"):
            line = file.readline(MAX_ROW_BYTES)
            remaining -= len(line)
        yield None


def unreadable_json(line: bytes, problem: str) -> Unreadable:
    """Why a line is no JSON; broken text is told apart from broken JSON."""
    lowered = problem.lower()
    text = any(word in lowered for word in ("utf-8", "surrogate"))
    return _excerpt("invalid_text" if text else "unreadable", problem, line)


def _excerpt(reason: str, detail: str, line: bytes) -> Unreadable:
    return Unreadable(reason, detail, line[:EXCERPT].decode("utf-8", errors="replace"))


@dataclass(frozen=True)
class ParsedCsv:
    """Rows of a CSV file that were split into fields already: only a whole file tells where rows end."""

    file: str
    header: tuple[str, ...]
    fields: Sequence[Sequence[str]]

    def rows(self) -> Iterator[Row | Unreadable | None]:
        """Pairs fields with the header; a row of another length is unreadable."""
        width = len(self.header)
        for fields in self.fields:
            if len(fields) == width:
                yield dict(zip(self.header, fields, strict=True))
            elif not fields:
                yield None
            else:
                detail = f"{len(fields)} fields, the header has {width}"
                yield Unreadable("unreadable", detail, ",".join(fields)[:EXCERPT])


@dataclass(frozen=True)
class ParquetRows:
    """One row group of a Parquet file."""

    file: str
    path: Path
    group: int
    columns: tuple[str, ...]

    def rows(self) -> Iterator[Row | Unreadable | None]:
        """Reads the needed columns a few thousand rows at a time."""
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(self.path) as file:
            batches = file.iter_batches(
                4096, row_groups=[self.group], columns=list(self.columns), use_threads=False
            )
            try:
                for batch in batches:
                    yield from _python_rows(batch)
            except (OSError, pyarrow.ArrowInvalid) as error:
                raise StepError(f"{self.file} cannot be read: {error}") from error


def _python_rows(batch: Any) -> Iterator[Row | Unreadable]:
    """A record batch's rows; a value that Python has no form for makes its own row unreadable."""
    batch = _with_short_numbers(batch)
    try:
        yield from batch.to_pylist()
        return
    except (
        ValueError,
        OverflowError,
        LookupError,
    ):  # nanoseconds, the year 300,000, a zone on Mars, no UTF-8
        pass
    for index in range(batch.num_rows):
        try:
            yield from batch.slice(index, 1).to_pylist()
        except UnicodeDecodeError as error:
            yield Unreadable("invalid_text", str(error))
        except (ValueError, OverflowError, LookupError) as error:
            yield Unreadable("unreadable", str(error))


def _with_short_numbers(batch: Any) -> Any:
    """The batch with 0.1 for what was written as 0.1 in 32 or 16 bits, not 0.10000000149011612."""
    import pyarrow

    narrow = (pyarrow.float16(), pyarrow.float32())
    for index, field in enumerate(batch.schema):
        if field.type in narrow:
            texts = batch.column(index).cast(pyarrow.string())
            batch = batch.set_column(index, field.name, texts.cast(pyarrow.float64()))
    return batch


@dataclass(frozen=True)
class ParsedRows:
    """Rows that are in memory, from a data set of the hub."""

    file: str
    values: Sequence[dict[str, Any]]

    def rows(self) -> Iterator[Row | Unreadable | None]:
        """The rows as they are."""
        return iter(self.values)
