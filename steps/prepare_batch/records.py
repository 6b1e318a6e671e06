"""Records of the data: an id and the texts of the template, or why a record is set aside."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from xxhash import xxh3_64_intdigest

from steps.prepare_batch.settings import ID, TEXT, BatchSettings
from steps.runtime.errors import StepError
from steps.runtime.rows import sources
from steps.runtime.rows.blocks import Block, Unreadable
from steps.runtime.rows.columns import Row, as_text, is_missing, reader

# Longest id; it stands in every file and in the report of a few.
MAX_ID = 256
# A UTF-8 character takes four bytes at most: a larger file cannot be short enough.
_BYTES_A_CHARACTER = 4


class Record(NamedTuple):
    """A record to ask for, or one to set aside (`reason`)."""

    id: str
    values: dict[str, str]
    reason: str | None = None


@dataclass
class Ids:
    """Ids that were seen, as hashes, and ids for records without one: eleven characters, by place."""

    _seen: set[int] = field(default_factory=set)

    def numbered(self, number: int) -> str:
        """A new id for the record at this place of the data, longer where another record has that one."""
        identity = f"R{number:010d}"
        while not self.is_new(identity):
            identity += "x"
        return identity

    def is_new(self, identity: str) -> bool:
        """Whether no earlier record had it."""
        key = xxh3_64_intdigest(identity.encode("utf-8", "surrogatepass"))
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def records(settings: BatchSettings, folder: Path) -> Iterator[Record]:
    """Every record of the data, in its order; of a sample the first ones.

    A sample is there to be quick, and what follows costs by the record.
    """
    return itertools.islice(_all(settings, folder), settings.sample_rows or None)


def _all(settings: BatchSettings, folder: Path) -> Iterator[Record]:
    if settings.format == "text":
        yield from _texts(settings, folder)
        return
    numbers, reading = itertools.count(1), _Reading(settings)
    for block in _blocks(settings, folder):
        for row in block.rows():
            if row is not None:
                yield reading.record(next(numbers), row)


def _blocks(settings: BatchSettings, folder: Path) -> Iterator[Block]:
    columns = tuple(dict.fromkeys(settings.columns.values()))
    try:
        yield from sources.checked(sources.folder_blocks(folder, settings.format, columns), columns)
    except sources.ColumnsError as error:
        wanted = ", ".join(f'"{column}"' for column in columns)
        raise StepError(
            f"{error.place} does not name the columns {wanted}, each once and separated by commas",
            hint="see data.columns and the first line of the file; it is not shown here, for it may be a row",
        ) from None


class _Reading:
    """How a row becomes a record, and the ids that were seen on the way."""

    def __init__(self, settings: BatchSettings) -> None:
        columns = {name: reader(column) for name, column in settings.columns.items()}
        self._read_id = columns.get(ID)
        if ID not in settings.template.names:
            columns.pop(ID, None)
        self._columns, self._longest, self._ids = columns, settings.max_characters, Ids()

    def record(self, number: int, row: Row | Unreadable) -> Record:
        """The row at this place of the data."""
        # A record that is set aside for its id is named by its place, which is unique and tells nothing.
        if isinstance(row, Unreadable):
            return Record(self._ids.numbered(number), {}, row.reason)
        identity, reason = ("", None) if self._read_id is None else self._identity(self._read_id(row))
        if reason is not None or not identity:
            identity = self._ids.numbered(number)
        if reason is not None:
            return Record(identity, {}, reason)
        values: dict[str, str] = {}
        for name, read in self._columns.items():
            reason, values[name] = _text(read(row), self._longest if name == TEXT else None)
            if reason is not None:
                return Record(identity, {}, reason)
        return Record(identity, values)

    def _identity(self, value: Any) -> tuple[str, str | None]:
        text = None if is_missing(value) else as_text(value)
        if text is None or not text.strip():
            return "", "no_id"
        if len(text) > MAX_ID or not text.isprintable():
            return "", "unusable_id"
        return text, None if self._ids.is_new(text) else "duplicate_id"


def _text(value: Any, longest: int | None) -> tuple[str | None, str]:
    if is_missing(value):
        return "missing", ""
    text = as_text(value)
    if text is None:
        return "not_text", ""
    if not text or text.isspace():
        return "empty", ""
    if longest is not None and len(text) > longest:
        return "too_long", ""
    if "\0" in text or not (text.isascii() or _is_unicode(text)):
        return "invalid_text", ""
    return None, text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _texts(settings: BatchSettings, folder: Path) -> Iterator[Record]:
    """Every file is a record, named by its path below the folder."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))
    )
    if not files:
        raise StepError(f"the data folder {folder} holds no file", hint="check data.source")
    ids = Ids()
    for number, path in enumerate(files, start=1):
        name = path.relative_to(folder).as_posix()
        if len(name) > MAX_ID or not name.isprintable():
            yield Record(ids.numbered(number), {}, "unusable_id")
        elif path.stat().st_size > _BYTES_A_CHARACTER * settings.max_characters:
            yield Record(name, {}, "too_long")
        else:
            yield _text_file(settings, name, path)


def _text_file(settings: BatchSettings, name: str, path: Path) -> Record:
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return Record(name, {}, "invalid_text")
    reason, text = _text(content, settings.max_characters)
    return Record(name, {} if reason else {TEXT: text}, reason)
