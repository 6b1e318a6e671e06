"""Documents that must survive anything: one SQLite file, one row per document, one transaction per change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  kind TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""


class Store:
    """JSON documents by kind and key, for any number of threads of one process.

    Write-ahead logging without a sync per commit: a killed process loses nothing, a power cut may lose
    the last changes but leaves the file whole.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(_SCHEMA)

    def put(self, kind: str, key: str, document: Document) -> None:
        text = json.dumps(document)  # escaped: JSON of other programs may hold half a surrogate, UTF-8 cannot
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, text))

    def get(self, kind: str, key: str) -> Document | None:
        query = "SELECT document FROM documents WHERE kind = ? AND key = ?"
        with self._lock:
            row = self._connection.execute(query, (kind, key)).fetchone()
        return None if row is None else json.loads(row[0])

    def delete(self, kind: str, key: str) -> bool:
        """Whether there was one to delete."""
        with self._lock:
            cursor = self._connection.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
            return cursor.rowcount > 0

    def list(self, kind: str, prefix: str = "") -> list[tuple[str, Document]]:
        """Every document of a kind whose key starts with `prefix`, in the order of their keys."""
        query = "SELECT key, document FROM documents WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY key"
        with self._lock:
            rows = self._connection.execute(query, (kind, len(prefix), prefix)).fetchall()
        return [(key, json.loads(text)) for key, text in rows]

    def update(self, kind: str, key: str, change: Callable[[Document | None], Document]) -> Document:
        """`change` is given what is there (or None) and returns what shall be; nothing comes between."""
        with self._lock:
            document = change(self.get(kind, key))
            self.put(kind, key, document)
            return document

    def close(self) -> None:
        with self._lock:
            self._connection.close()
