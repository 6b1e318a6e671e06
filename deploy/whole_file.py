"""A file of this machine that somebody asked for: written whole, or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from config.errors import PlatformError


class UnwritableError(PlatformError):
    """A place where a file cannot be written."""


def write(path: Path, content: bytes, *, what: str, option: str) -> None:
    """Makes the file and the folders it lies in; `what` it is, and the `option` that names its place.

    Raises UnwritableError.
    """
    try:
        target = path.resolve()  # of a link what it leads to is meant
        # A device or a pipe (/dev/stdout) would be replaced by the file.
        if target.exists() and not target.is_file():
            raise OSError(None, "Is a directory" if target.is_dir() else "it is no file")
        _replace(target, content)
    except OSError as error:
        raise UnwritableError(
            f'{what} cannot be written to "{path}": {error.strerror}',
            hint=f"name another place: {option}",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
