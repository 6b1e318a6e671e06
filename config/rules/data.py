"""Rules about data and templates, shared by the kinds that read a data set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from config.document import KeyPath, Place
from config.models.data import HuggingFace
from config.rules.on_disk import exists, is_file, names_in
from config.rules.rule import Finding, Findings
from config.suggest import did_you_mean, listing, nearest
from config.templates import parse_template

_SUFFIXES: Final = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}
# The step that prepares data reads this name also when no template does: rows are distinct by it.
_QUESTION: Final = "question"


class Source(Protocol):
    """What is read of the data section."""

    @property
    def source(self) -> str: ...
    @property
    def format(self) -> str | None: ...
    @property
    def huggingface(self) -> HuggingFace | None: ...


def is_hub(source: str) -> bool:
    """Whether the source is a Hugging Face data set."""
    return source.startswith("hf://")


def is_local(source: str) -> bool:
    """Whether the source is a path of this machine."""
    return "://" not in source


def format_findings(data: Source) -> Findings:
    """A file has a format that its name does not contradict; a Hugging Face data set has none."""
    if is_hub(data.source):
        if data.format is not None:
            yield Finding(
                ("data", "format"), "a Hugging Face data set has no format", "remove it", at_key=True
            )
        return
    if data.huggingface is not None:
        message = f'only belongs to a source that starts with hf://; the source is "{data.source}"'
        yield Finding(("data", "huggingface"), message, "remove it", at_key=True)
    named = _SUFFIXES.get(Path(data.source).suffix.lower())
    if data.format is None:
        hint = f"write format: {named}" if named else "write format: csv, jsonl or parquet"
        yield Finding(("data", "format"), f'is missing for the source "{data.source}"', hint)
    elif named is not None and named != data.format:
        message = f'found {data.format}, but the source "{data.source}" ends like {named}'
        yield Finding(("data", "format"), message, f"write format: {named}")


def template_findings(columns: Mapping[str, str], templates: Mapping[str, str]) -> Findings:
    """Braces close, every {name} is a column, every column is used, no template is the same for all rows."""
    used: set[str | None] = set()
    for key, text in templates.items():
        parsed = parse_template(text)
        used.update(name if name in columns else nearest(name, columns) for name in parsed.names)
        path = ("data", key)
        for place, mistake in parsed.mistakes:
            yield Finding(path, mistake, "write {{ and }} for braces that are text", within=place)
        yield from _unknown_names(path, parsed.names, columns)
        if not parsed.names and not parsed.mistakes:
            message = "names no column: it would be the same for every row"
            yield Finding(path, message, f"write one of the columns in braces: {listing(columns)}")
    for name in columns:
        if name not in used and name != _QUESTION:
            message = "is used by no template"
            yield Finding(("data", "columns", name), message, f"use {{{name}}} or remove it", at_key=True)


def as_text(name: str) -> str:
    """What to write where a name in braces is no column and like none: it may be meant as it stands."""
    return f"write {{{{{name}}}}} if the braces are text"


def _unknown_names(path: KeyPath, names: Mapping[str, Place], columns: Mapping[str, str]) -> Findings:
    for name, place in names.items():
        if name not in columns:
            message = f"{{{name}}} is not one of the columns; columns: {listing(columns)}"
            yield Finding(path, message, did_you_mean(name, columns) or as_text(name), within=place)


def _elsewhere(source: str) -> str | None:
    """What a path that is none may have been meant as."""
    if re.fullmatch(r"s3:/+[^/].*", source):
        return f"write s3://{source[3:].lstrip('/')}"
    if re.fullmatch(r"[\w.-]+/[\w.-]+", source) and Path(source).suffix not in _SUFFIXES:
        return f"write hf://{source} for a Hugging Face data set"
    return None


def local_file_findings(path: KeyPath, source: str, root: Path) -> Findings:
    """A path of this machine exists and is a file; relative ones start at the repository's root."""
    if not is_local(source):
        return
    file = root / source
    if not exists(file):
        hint = did_you_mean(file.name, names_in(file.parent)) or _elsewhere(source)
        yield Finding(path, f'there is no file "{source}"', hint)
    elif not is_file(file):
        yield Finding(path, f'"{source}" is a folder; one file is needed')
