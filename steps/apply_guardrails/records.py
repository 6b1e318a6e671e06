"""Batch output as a stream of records: what each line holds, in bounded memory, by file and line.

A line that is no record keeps its place with the reason. `modelInput`, the raw prompt that every line
repeats, is dropped as soon as the line is parsed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import xxhash

from steps.runtime.errors import StepError
from steps.runtime.guardrail.outputs import Output, output_of
from steps.runtime.rows.blocks import bounded_lines

_MANIFEST = "manifest.json.out"
_PRINTED = 1 << 16
_BOM = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """One line: its number from 0, its id, and its text or why it has none."""

    line: int
    id: str | None
    text: str | None
    reason: str | None = None
    cut_off: bool = False


@dataclass(frozen=True)
class OutputFile:
    """One file of batch output. `name` is relative to the output's folder, with / between."""

    name: str
    path: Path = field(repr=False)
    size: int = 0
    print: str = ""

    @property
    def slug(self) -> str:
        """A short name that no other file shares, for keys in S3."""
        stem = "".join(char if char.isascii() and char.isalnum() else "-" for char in self.name)[-40:]
        return f"{stem.strip('-')}-{xxhash.xxh3_64_hexdigest(self.name.encode())}"

    def records(self) -> Iterator[Record]:
        """Every line that is not blank."""
        with self.path.open("rb") as file:
            for number, line in enumerate(bounded_lines(file, self.size)):
                if line is None:
                    yield Record(number, None, None, "too_large")
                elif line.strip():
                    yield _record(number, line.removeprefix(_BOM))


def files(folder: Path) -> list[OutputFile]:
    """The output files below a folder; the jobs' manifests are none."""
    if not folder.is_dir():
        return []  # a shard without a file
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.name == _MANIFEST or path.name.startswith("."):
            continue
        if path.suffix not in {".out", ".jsonl"}:
            raise StepError(
                f'"{name}" is no batch output (it ends neither in .jsonl.out nor in .jsonl)',
                hint="give a prefix that holds the output of batch jobs and nothing else",
            )
        found.append(OutputFile(name, path, path.stat().st_size, _print(path)))
    return found


def _print(path: Path) -> str:
    """Tells a file from one that took its place: its beginning and its end."""
    digest = xxhash.xxh3_64()
    with path.open("rb") as file:
        digest.update(file.read(_PRINTED))
        file.seek(max(0, path.stat().st_size - _PRINTED))
        digest.update(file.read(_PRINTED))
    return digest.hexdigest()


def _record(number: int, line: bytes) -> Record:
    found = _parsed(line)
    if not isinstance(found, dict):
        return Record(number, None, None, "unreadable_line")
    identity = found.get("recordId")
    if not isinstance(identity, str) or not identity:
        return Record(number, None, None, "no_record_id")
    if found.get("error") is not None:
        return Record(number, identity, None, _error(found["error"]))
    output = output_of(found.get("modelOutput"))
    reason = "unknown_output_shape" if output is None else _unfit(output)
    if output is None or reason is not None:
        return Record(number, identity, None, reason)
    return Record(number, identity, output.text, None, output.cut_off)


def _parsed(line: bytes) -> Any:
    """What the line holds; None where it is no JSON. Half an emoji, where a model was cut off, is some."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(line)
    return None


def _unfit(output: Output) -> str | None:
    if not output.text.strip():
        return output.silent
    return "invalid_text" if "\0" in output.text or not _is_unicode(output.text) else None


def _error(error: Any) -> str:
    """The code alone: the message may quote the prompt."""
    code = str(error.get("errorCode")) if isinstance(error, dict) else ""
    return f"model_error_{code}" if code.isascii() and code.isdecimal() and len(code) <= 4 else "model_error"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
