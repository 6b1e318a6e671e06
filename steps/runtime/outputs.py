"""Files that are either whole or not there: written to a temporary name beside, then renamed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

_BLOCK = 1 << 20


@contextlib.contextmanager
def text_file(path: Path) -> Iterator[TextIO]:
    """An open UTF-8 file with \\n line ends, that appears under its name when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes a whole text file."""
    with text_file(path) as file:
        file.write(text)


def write_json(path: Path, document: Any) -> None:
    """Writes indented JSON, readable in every script; refuses NaN, which is no JSON."""
    write_text(path, json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def json_line(document: Any) -> str:
    """One line of JSON Lines."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def sha256(*paths: Path) -> str:
    """The hash of the files' bytes, one after the other, as hex digits."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
