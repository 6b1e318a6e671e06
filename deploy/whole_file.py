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
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise UnwritableError(
            f'{what} cannot be written to "{path}": {error.strerror}',
            hint=f"name another place: {option}",
        ) from error
