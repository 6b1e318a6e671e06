"""Media that the job was given, by names that files of the same bytes share."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from xxhash import xxh3_128

from steps.segments.writers.folders import media_file

_BLOCK = 1 << 20


class KnownMedia:
    """A folder of media; only files of one size are read, as others cannot be the same."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._same = {} if folder is None else _same(folder)

    def name(self, source: str) -> bytes | None:
        """What the file of a source is known by; None where it is not there."""
        path = media_file(self._folder, source)
        return None if path is None else self._same.get(path) or str(path).encode("utf-8", "surrogateescape")


def _same(folder: Path) -> dict[Path, bytes]:
    """The hashes of files that have the size of another."""
    sizes: dict[int, list[Path]] = defaultdict(list)
    for path in folder.rglob("*"):
        if path.is_file():
            sizes[path.stat().st_size].append(path)
    return {path: _hash(path) for paths in sizes.values() if len(paths) > 1 for path in paths}


def _hash(path: Path) -> bytes:
    digest = xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()
