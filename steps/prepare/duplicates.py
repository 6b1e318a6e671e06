"""Finds every row that came before, on data of any size: hashes go to files by prefix, each sorted alone.

Sixteen bytes a row on disk; in memory one part at a time, a 64th of the rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

_PARTS = 64
_SHIFT = np.uint64(58)
_RECORD = np.dtype([("key", "<u8"), ("row", "<u8")])


class Duplicates:
    """Takes the hash and number of every usable row, then tells which repeat an earlier one."""

    def __init__(self, folder: Path) -> None:
        self._paths = [folder / f"keys-{part:02d}" for part in range(_PARTS)]
        self._stack = contextlib.ExitStack()
        self._files: list[BinaryIO] = [self._stack.enter_context(path.open("wb")) for path in self._paths]

    def __enter__(self) -> Duplicates:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, keys: Any, rows: Any) -> None:
        """Notes rows (numpy uint64 both); row numbers must grow from call to call."""
        records: Any = np.empty(len(keys), dtype=_RECORD)
        records["key"], records["row"] = keys, rows
        parts = (keys >> _SHIFT).astype(np.uint8)
        order: Any = np.argsort(parts, kind="stable")
        bounds: Any = np.searchsorted(parts[order], np.arange(_PARTS + 1))
        ordered = records[order]
        for part, file in enumerate(self._files):
            file.write(ordered[bounds[part] : bounds[part + 1]].tobytes())

    def found(self) -> Iterator[tuple[int, int]]:
        """Pairs (row, the first row that is equal), in the order of the parts."""
        self._stack.close()
        for path in self._paths:
            records: Any = np.fromfile(path, dtype=_RECORD)
            path.unlink()
            order = np.argsort(records["key"], kind="stable")  # stable: equal keys stay in the data's order
            keys, rows = records["key"][order], records["row"][order]
            starts: Any = (
                np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else keys
            )
            sizes: Any = np.diff(np.append(starts, len(keys)))
            for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
                for position in range(start + 1, start + size):
                    yield int(rows[position]), int(rows[start])
