"""Open files of a target, one a set: all appear under their names at the end, or none does."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST_NAME = 80


class SetFiles:
    """Text files by set, opened when first written to."""

    def __init__(self, name: Callable[[str], Path]) -> None:
        self._name = name
        self._open: dict[str, tuple[TextIO, Path, Path]] = {}

    def of(self, split: str) -> TextIO:
        """The file of a set."""
        if split not in self._open:
            path = self._name(split)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part")
            self._open[split] = (part.open("w", encoding="utf-8", newline=""), part, path)
        return self._open[split][0]

    def close(self, *, whole: bool) -> None:
        """Gives the files their names, or removes them."""
        for file, part, path in self._open.values():
            file.close()
            if whole:
                os.replace(part, path)
            else:
                part.unlink(missing_ok=True)
        self._open = {}


class ObjectFiles:
    """A file an object, in the folder of its set; names stay apart whatever the objects are called."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder, self._suffix = folder, suffix
        self._written: list[tuple[Path, Path]] = []

    def write(self, split: str, name: str, text: str) -> None:
        """Writes one file."""
        path = self._folder / split / f"{name}.{self._suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, path)

    def close(self, *, whole: bool) -> None:
        """Each file is whole already; a job that fails uploads none of them."""


def safe_name(name: str) -> str:
    """A name for files and formats without spaces: itself where it is one, else with a hash of it."""
    if _UNSAFE.search(name) is None and 0 < len(name) <= _LONGEST_NAME and not name.startswith("."):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    tail = _UNSAFE.sub("-", name.rpartition("/")[2]).strip("-.")[:_LONGEST_NAME]
    return f"{tail}-{digest}" if tail else digest
