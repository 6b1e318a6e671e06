"""What a definition points at in S3 and ``upsert`` has to put there: code, settings, data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asset:
    """One object of the environment's bucket, at a key that names its content; body or path, never both."""

    key: str
    body: bytes | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        if (self.body is None) == (self.path is None):
            raise ValueError(f'asset "{self.key}" needs either a body or a path')

    def read(self) -> bytes:
        """The content; reads the file where it is one."""
        return self.body if self.body is not None else self._file().read_bytes()

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.body) if self.body is not None else self._file().stat().st_size

    def _file(self) -> Path:
        if self.path is None:
            raise ValueError(f'asset "{self.key}" has no file')
        return self.path
