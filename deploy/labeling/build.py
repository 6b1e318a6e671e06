"""Input manifests made of a folder of recordings, or of a table; long texts become objects in S3.

A value that is longer than a line takes, or of a column that is asked for, is uploaded under the hash of its
content, and its key gets the ending `-ref`: `transcription` becomes `transcription-ref`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from config import names
from config.models import Environment
from deploy import objects
from deploy.actions import Upload
from deploy.labeling.errors import LabelingError, ManifestError
from deploy.labeling.manifest import SOURCES, VALUE_CHARACTERS, Line, line_problems, set_problems, told
from deploy.session import Aws

AUDIO: Final = frozenset({".wav", ".mp3", ".flac", ".ogg", ".m4a", ".aac", ".opus"})
VIDEO: Final = frozenset({".mp4", ".webm", ".mov", ".m4v", ".ogv"})
_TEXT: Final = ".txt"
_ENDING: Final = "-ref"


@dataclass(frozen=True)
class Wanted:
    """How lines are made. `media`: S3 folder that names of files in a table are below."""

    source: str | None = None
    media: str | None = None
    texts: Collection[str] = ()
    numbers: Collection[str] = ()


@dataclass
class Built:
    """The lines, and the texts and recordings that have to lie in S3 for them."""

    lines: list[Line] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)


def of_table(path: Path, wanted: Wanted, environment: Environment) -> Built:
    """One line a row of a CSV or JSON Lines file; empty cells are left out. Raises LabelingError."""
    built, problems, columns, rows = Built(), list[str](), dict[str, None](), list[str]()
    hints: dict[str, None] = {}
    for number, row in _rows(path):
        columns |= dict.fromkeys(row)
        try:
            line = _with_texts(_with_source(row, wanted, path.name), wanted, environment, built)
            problems += [f"row {number}: {each}" for each in line_problems(line)]
            built.lines.append(line)
            rows.append(f"row {number}")
        except LabelingError as error:
            problems.append(f"row {number}: {error.fact}")
            hints |= {error.hint: None} if error.hint else {}
    for column in (*wanted.texts, *wanted.numbers):
        if built.lines and column not in columns:
            problems.append(f'has no column "{column}"; columns: {", ".join(columns)}')
    if not problems:
        problems += set_problems(built.lines, rows)
    if problems or not built.lines:
        raise ManifestError(path.name, told(problems) or ["has no rows"], hint="\n".join(hints) or None)
    return built


def of_folder(place: str, aws: Aws | None, environment: Environment, wanted: Wanted | None = None) -> Built:
    """One line a recording; a text of the same name beside it is its transcription.

    A folder has no columns: whoever names one in `wanted` meant a table, and is told so.
    """
    if not place.startswith("s3://") and not Path(place).exists():
        raise LabelingError(
            f'there is no folder or table "{place}"',
            hint="name a folder, a CSV or JSON Lines file, or s3://bucket/prefix",
        )
    if wanted is not None and wanted != Wanted():
        raise LabelingError(
            f'"{place}" is a folder and has no columns',
            hint="--source, --media, --text, --number: of a table",
        )
    built = Built()
    found = _in_s3(aws, place) if place.startswith("s3://") and aws else _here(Path(place))
    texts = {_stem(name): text for name, text in found.items() if _ending(name) == _TEXT}
    recordings = {name: what for name, what in found.items() if _ending(name) != _TEXT}
    stems = Counter(map(_stem, recordings))
    for name, what in recordings.items():
        stem = _stem(name)
        # An object's id is the name of its files later on: a.wav and a.mp4 are two.
        line: dict[str, Any] = {"call-id": stem if stems[stem] == 1 else name}
        if stem in texts:
            line["transcription-ref"] = _placed(texts[stem], environment, built)
        built.lines.append({"source-ref": _placed(what, environment, built), **line})
    if not built.lines:
        known = ", ".join(sorted(AUDIO | VIDEO))
        raise LabelingError(f'no recordings in "{place}"', hint=f"files that end in {known} are taken")
    problems = [problem for line in built.lines for problem in line_problems(line)]
    problems += set_problems(built.lines, list(recordings))
    if problems:
        raise ManifestError(place, told(problems))
    return built


def _stem(name: str) -> str:
    return name.removesuffix(PurePosixPath(name).suffix)


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_taken(name: str) -> bool:
    """Recordings and texts; nothing hidden, such as the `._call.wav` that macOS puts beside a recording."""
    hidden = any(part.startswith(".") for part in PurePosixPath(name).parts)
    return _ending(name) in AUDIO | VIDEO | {_TEXT} and not hidden


def _in_s3(aws: Aws, place: str) -> dict[str, str | Path]:
    """Path below the place: URI, of every object that is taken."""
    base = place.rstrip("/") + "/"
    found = ((each.uri.removeprefix(base), each.uri) for each in objects.below(aws, base))
    return {name: uri for name, uri in found if _is_taken(name)}


def _here(folder: Path) -> dict[str, str | Path]:
    """The same for a folder of this machine: its files."""
    if not folder.is_dir():
        raise LabelingError(f'there is no folder "{folder}"', hint="name a folder, or s3://bucket/prefix")
    found: dict[str, str | Path] = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_dir() or not _is_taken(relative):
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise LabelingError(
                f'"{relative}" is a link that leads out of "{folder}"', hint="put the file itself there"
            )
        if not path.is_file():
            raise LabelingError(f'"{relative}" in "{folder}" cannot be read', hint="take it out")
        found[relative] = path
    return found


def _placed(what: str | Path, environment: Environment, built: Built) -> str:
    """The URI of a file, which is uploaded where it is one of this machine."""
    if isinstance(what, str):
        return what
    key = f"{names.key_prefix(environment)}/labeling/media/{_digest(what)}/{what.name}"
    built.uploads.append(Upload(names.bucket(environment), key, what, environment.account))
    return names.s3_uri(environment, key)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_source(row: Line, wanted: Wanted, table: str) -> dict[str, Any]:
    """The row with its source under `source-ref`, made a URI where it is the name of a file."""
    column = wanted.source or next((key for key in SOURCES if row.get(key)), None)
    value = row.get(column) if column else None
    if not column or not isinstance(value, str) or not value.strip():
        raise LabelingError(
            f"has no {column or ' or '.join(SOURCES)}", hint=f"--source COLUMN names the column of {table}"
        )
    if column != SOURCES[0] and row.get(SOURCES[0]):
        raise LabelingError(f"has {SOURCES[0]} beside {column}, and there is one source", hint="take one out")
    uri = value.strip()
    if not uri.startswith("s3://"):
        if wanted.media is None:
            raise LabelingError(
                f'"{uri}" is no S3 URI', hint="--media s3://bucket/folder says where files lie"
            )
        if ".." in PurePosixPath(uri).parts or uri.startswith("/"):
            raise LabelingError(f'"{uri}" leads out of the folder of the recordings')
        uri = f"{wanted.media.rstrip('/')}/{uri}"
    rest = {key: _number(key, each, wanted) for key, each in row.items() if key != column and each != ""}
    return {"source-ref": uri, **rest}


def _number(key: str, value: Any, wanted: Wanted) -> Any:
    if key not in wanted.numbers or not isinstance(value, str):
        return value
    try:
        number = json.loads(value, parse_constant=_no_number)
        if type(number) not in {int, float}:
            raise ValueError(value)
    except (ValueError, RecursionError) as error:
        raise LabelingError(f'"{key}" is "{value[:40]}", which is no number') from error
    return number


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _with_texts(line: dict[str, Any], wanted: Wanted, environment: Environment, built: Built) -> Line:
    made: dict[str, Any] = {}
    for key, value in line.items():
        is_long = isinstance(value, str) and len(value) > VALUE_CHARACTERS and key not in SOURCES
        if isinstance(value, str) and (is_long or key in wanted.texts):
            body = _body(key, value)
            digest = hashlib.sha256(body).hexdigest()
            object_key = f"{names.key_prefix(environment)}/labeling/texts/{digest}.txt"
            upload = Upload(names.bucket(environment), object_key, body, environment.account)
            built.uploads.append(upload)
            if f"{key}{_ENDING}" in line:
                raise LabelingError(f'"{key}" would become "{key}{_ENDING}", which it has as well')
            made[f"{key}{_ENDING}"] = names.s3_uri(environment, object_key)
        else:
            made[key] = value
    return made


def _body(key: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise LabelingError(f'"{key}" holds half of a surrogate pair, which is no text') from error


def _rows(path: Path) -> Iterator[tuple[int, Line]]:
    """(number from 1, row) of a table."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelingError(
            f'"{path}" cannot be read: {error}', hint="a CSV or JSON Lines file in UTF-8"
        ) from error
    if path.suffix.lower() in {".jsonl", ".ndjson", ".manifest"}:
        yield from _json_rows(text, path.name)
        return
    csv.field_size_limit(1 << 30)
    yield from _csv_rows(csv.DictReader(io.StringIO(text, newline=""), strict=True), path.name)


def _csv_rows(reader: csv.DictReader[Any], name: str) -> Iterator[tuple[int, Line]]:
    try:
        columns = list(reader.fieldnames or ())
        if len(columns) == 1 and (found := next((each for each in ";\t|" if each in columns[0]), None)):
            raise ManifestError(name, [f"has its cells apart by {found!r}"], hint="save it with commas")
        if "" in columns:
            hint = "name it, or leave it out (pandas: index=False)"
            raise ManifestError(name, [f"has no name above column {columns.index('') + 1}"], hint=hint)
        twice = [column for column, count in Counter(columns).items() if count > 1]
        if twice:
            raise ManifestError(name, [f'has the column "{column}" twice' for column in twice])
        for number, row in enumerate(reader, start=1):
            if None in row or None in row.values():
                raise ManifestError(name, [f"row {number}: has another number of cells than the heading"])
            yield number, row
    except csv.Error as error:
        raise ManifestError(name, [f"is no CSV: {error}"]) from error


def _json_rows(text: str, name: str) -> Iterator[tuple[int, Line]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ManifestError(name, [f"row {number}: is no JSON"]) from error
            if not isinstance(row, dict):
                raise ManifestError(name, [f"row {number}: is no JSON object"])
            yield number, row
