"""What a definition points at in S3 and ``upsert`` has to put there: code, settings, data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asset:
    """One object of the environment's bucket, at a key that names its content: bytes, or a file's."""

    key: str
    body: bytes | Path

    def read(self) -> bytes:
        """The content."""
        return self.body.read_bytes() if isinstance(self.body, Path) else self.body

    @property
    def size(self) -> int:
        """Bytes."""
        return self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)
