"""What S3 holds, one row per key and per unfinished upload, written before a request is answered.

A killed stand-in has lost no object that it said it had: the rows are read back at the next start. Bodies
that a change left behind are removed only after its row is written.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends
from moto.utilities.utils import get_partition

from local import moto_pickle
from local.s3_bodies import Bodies, Body

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
  bucket TEXT NOT NULL, key TEXT NOT NULL, versions BLOB NOT NULL, PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
  bucket TEXT NOT NULL, key TEXT NOT NULL, upload TEXT NOT NULL, multipart BLOB NOT NULL,
  PRIMARY KEY (bucket, key, upload)
) WITHOUT ROWID;
"""
_STRIPES = 64


class Journal:
    """Locks keys while they change and writes down what became of them."""

    def __init__(self, *, path: Path, account: str, region: str, bodies: Bodies) -> None:
        self._account = account
        self._partition = get_partition(region)
        self._bodies = bodies
        self._stripes = [threading.RLock() for _ in range(_STRIPES)]
        self._database_lock = threading.Lock()
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)

    @contextmanager
    def changing(self, bucket: str, *names: str, uploads: bool = False) -> Iterator[None]:
        """Nobody else touches these keys meanwhile; at the end they are written down and published.

        `uploads`: their unfinished multipart uploads may have changed too.
        """
        with self._locked(bucket, names):
            try:
                yield
            finally:
                self._write(bucket, names, uploads=uploads)

    @contextmanager
    def reading(self, bucket: str, name: str) -> Iterator[None]:
        with self._locked(bucket, (name,)):
            yield

    def bury(self, body_name: str) -> None:
        """The body is no longer wanted; its file goes after this thread's next rows are written."""
        self._trash().append(body_name)

    def refers_to(self, bucket: str, name: str, body: Body) -> bool:
        """Whether a version or a part of the key has this body."""
        holder = self._backend().buckets.get(bucket)
        if holder is None:
            return False
        parts = (
            part
            for upload in list(holder.multiparts.values())
            if upload.key_name == name
            for part in list(upload.parts.values())
        )
        return body.name in _body_names((*holder.keys.getlist(name, []), *parts))

    def restore(self) -> None:
        """Puts keys and uploads back into moto's buckets and clears what nobody has."""
        backend = self._backend()
        wanted: set[str] = set()
        current: dict[tuple[str, str], Body] = {}
        for bucket, key, blob in self._database.execute("SELECT bucket, key, versions FROM keys"):
            if bucket in backend.buckets:
                versions, tags = moto_pickle.loads(blob)
                dict.__setitem__(backend.buckets[bucket].keys, key, versions)
                for arn, values in tags.items():
                    backend.tagger.tag_resource(arn, backend.tagger.convert_dict_to_tags_input(values))
                wanted.update(_body_names(versions))
                newest = body_of(versions[-1])
                if newest is not None:
                    current[bucket, key] = newest
        for bucket, upload, blob in self._database.execute("SELECT bucket, upload, multipart FROM uploads"):
            if bucket in backend.buckets:
                multipart = moto_pickle.loads(blob)
                dict.__setitem__(backend.buckets[bucket].multiparts, upload, multipart)
                wanted.update(_body_names(multipart.parts.values()))
        self._bodies.discard_others(wanted)
        self._bodies.publish_all(current)

    def close(self) -> None:
        with self._database_lock:
            self._database.close()

    @contextmanager
    def _locked(self, bucket: str, names: Iterable[str]) -> Iterator[None]:
        with ExitStack() as stack:
            for stripe in sorted({hash((bucket, name)) % _STRIPES for name in names}):
                stack.enter_context(self._stripes[stripe])
            yield

    def _write(self, bucket: str, names: Iterable[str], *, uploads: bool) -> None:
        holder = self._backend().buckets.get(bucket)
        versions = {name: list(holder.keys.getlist(name, [])) if holder else [] for name in names}
        with self._transaction():
            for name, kept in versions.items():
                self._write_key(bucket, name, kept)
                if uploads:
                    self._write_uploads(bucket, name, holder)
        for name, kept in versions.items():
            self._bodies.publish(bucket, name, body_of(kept[-1]) if kept else None)
        trash = self._trash()
        self._bodies.discard(trash)
        trash.clear()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._database_lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _write_key(self, bucket: str, name: str, versions: list[Any]) -> None:
        if not versions:
            self._database.execute("DELETE FROM keys WHERE bucket = ? AND key = ?", (bucket, name))
            return
        tagger = self._backend().tagger
        tags = {
            key.arn: tagger.get_tag_dict_for_resource(key.arn) for key in versions if isinstance(key, FakeKey)
        }
        blob = moto_pickle.dumps((versions, {arn: values for arn, values in tags.items() if values}))
        self._database.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", (bucket, name, blob))

    def _write_uploads(self, bucket: str, name: str, holder: Any) -> None:
        self._database.execute("DELETE FROM uploads WHERE bucket = ? AND key = ?", (bucket, name))
        for upload, multipart in list(holder.multiparts.items()) if holder else ():
            if multipart.key_name == name:
                row = (bucket, name, upload, moto_pickle.dumps(multipart))
                self._database.execute("INSERT INTO uploads VALUES (?, ?, ?, ?)", row)

    def _backend(self) -> Any:
        return s3_backends[self._account][self._partition]

    def _trash(self) -> list[str]:
        if not hasattr(self._local, "trash"):
            self._local.trash = []
        trash: list[str] = self._local.trash
        return trash


def body_of(version: Any) -> Body | None:
    """The body of one version of a key; a delete marker has none."""
    return None if isinstance(version, FakeDeleteMarker) else getattr(version, "body_file", None)


def _body_names(versions: Iterable[Any]) -> Iterator[str]:
    for version in versions:
        body = body_of(version)
        if body is not None:
            yield body.name
