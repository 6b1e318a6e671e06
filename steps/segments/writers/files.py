"""Open files of a target, one a set: all appear under their names at the end, or none does."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

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
        """Gives the files their names, or removes them; one that cannot be ended takes the others along."""
        opened, self._open = list(self._open.values()), {}
        finish(opened, whole=whole)


def finish(opened: Sequence[tuple[Any, Path, Path]], *, whole: bool) -> None:
    """Ends files (open file, its path, the name that it gets): all get their names, or none is left."""
    try:
        if whole:
            for file, _, _ in opened:
                file.close()  # writes what is left, for which the disk may be too full
            for _, part, path in opened:
                os.replace(part, path)
    finally:
        for file, part, _ in opened:
            with contextlib.suppress(OSError):
                file.close()
            part.unlink(missing_ok=True)


class ObjectFiles:
    """A file an object, in the folder of its set; until the end they wait in a hidden folder."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder, self._suffix = folder, suffix
        self._waiting = folder / ".part"
        shutil.rmtree(self._waiting, ignore_errors=True)  # of a run that was killed

    def path(self, below: str | Path, name: str) -> Path:
        """Where a file waits whose place is below a set's folder; the folder is there."""
        path = self._waiting / below / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, split: str, name: str, text: str) -> None:
        """Writes one file."""
        self.path(split, f"{name}.{self._suffix}").write_text(text, encoding="utf-8", newline="")

    def close(self, *, whole: bool) -> None:
        """Gives the files their places, or removes them."""
        if whole:
            for folder, _, names in os.walk(self._waiting):
                target = self._folder / Path(folder).relative_to(self._waiting)
                target.mkdir(exist_ok=True)
                for name in names:
                    os.replace(f"{folder}/{name}", f"{target}/{name}")
        shutil.rmtree(self._waiting, ignore_errors=True)


def safe_name(name: str) -> str:
    """A name for files and formats without spaces: itself where it is one, else with a hash of it."""
    if _UNSAFE.search(name) is None and 0 < len(name) <= _LONGEST_NAME and not name.startswith("."):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    tail = _UNSAFE.sub("-", name.rpartition("/")[2]).strip("-.")[:_LONGEST_NAME]
    return f"{tail}-{digest}" if tail else digest
