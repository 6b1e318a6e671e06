"""Bodies of S3 objects as files: each under a name of its own, published as <bucket>/<key> by a hard link.

A body never changes once it is complete. A reader holds the file open, so that a body which is replaced or
deleted meanwhile is read to its end: nobody gets the old headers with the new bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1024 * 1024
_READ_ONLY = 0o444  # also tells our files in the tree from others
_OTHER = ".other"  # for keys that cannot be file names


@dataclass(frozen=True)
class Body:
    """A complete body: its file (below the folder of bodies), size, MD5 and CRC-32."""

    name: str
    size: int
    md5: str
    crc32: int


class Staged(bytes):
    """A body on its way into an object, where moto expects bytes: the bytes are in the file, not in here."""

    body: Body

    def __bool__(self) -> bool:
        return True


class FileSlice:
    """Part of a body, read when it is sent: what moto's range code and Flask need of bytes, without them."""

    def __init__(self, path: Path, start: int, stop: int, whole: Body | None = None) -> None:
        self.whole = whole  # the body, where this is all of it
        self._path = path
        self._start = start
        self._stop = stop
        self._file: BinaryIO | None = path.open("rb")

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, part: slice) -> FileSlice:
        start, stop, _ = part.indices(len(self))
        return FileSlice(self._path, self._start + start, self._start + max(start, stop))

    def __iter__(self) -> Iterator[bytes]:
        file = self._file
        if file is None:
            return
        try:
            file.seek(self._start)
            left = len(self)
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()


class Bodies:
    """The folder of bodies (unique names) and the readable tree beside it, on one file system."""

    def __init__(self, *, folder: Path, tree: Path) -> None:
        self.folder = folder
        self.tree = tree
        folder.mkdir(parents=True, exist_ok=True)
        tree.mkdir(parents=True, exist_ok=True)

    # -- in

    def stage_bytes(self, content: bytes) -> Staged:
        return self.stage_chunks((content,))

    def stage_file(self, path: Path) -> Staged:
        with path.open("rb") as file:
            return self.stage_chunks(iter(lambda: file.read(_CHUNK), b""))

    def stage_chunks(self, chunks: Iterable[bytes]) -> Staged:
        """Writes a new body; nothing of it stays when that fails (a full disk, a client that went away)."""
        name = self._new_name()
        path = self.folder / name
        size, md5, crc32 = 0, hashlib.md5(usedforsecurity=False), 0
        try:
            with path.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    size, crc32 = size + len(chunk), zlib.crc32(chunk, crc32)
                    md5.update(chunk)
            path.chmod(_READ_ONLY)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return staged(Body(name, size, md5.hexdigest(), crc32))

    def stage_copy(self, body: Body) -> Staged:
        """Another name for the same bytes."""
        name = self._new_name()
        os.link(self.folder / body.name, self.folder / name)
        return staged(Body(name, body.size, body.md5, body.crc32))

    # -- out

    def path(self, body: Body) -> Path:
        return self.folder / body.name

    def slice(self, body: Body) -> FileSlice:
        return FileSlice(self.path(body), 0, body.size, whole=body)

    def discard(self, names: Iterable[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def discard_others(self, wanted: set[str]) -> None:
        """After a start: bodies that no object has (a kill between writing one and naming it)."""
        for path in self.folder.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)

    # -- the readable tree

    def publish_all(self, current: Mapping[tuple[str, str], Body]) -> None:
        """After a start: makes the tree what the keys say, where a kill came between row and link."""
        wanted: set[Path] = set()
        for (bucket, key), body in current.items():
            place = self._published(bucket, key, body)
            if place is None:
                self.publish(bucket, key, body)
                place = self._published(bucket, key, body)
            if place is not None:
                wanted.add(place)
        for path in list(self.tree.rglob("*")):
            if path not in wanted and path.is_file() and path.stat().st_mode & 0o777 == _READ_ONLY:
                self._unpublish(path, self.tree)

    def _published(self, bucket: str, key: str, body: Body) -> Path | None:
        for target in self._names(bucket, key):
            try:
                if target.samefile(self.path(body)):
                    return target
            except OSError:
                continue
        return None

    def publish(self, bucket: str, key: str, body: Body | None) -> None:
        """Makes <bucket>/<key> the newest body of the key, or removes it."""
        for target in self._names(bucket, key):
            try:
                if body is None:
                    self._unpublish(target, self.tree / bucket)
                else:
                    self._link(self.path(body), target)
                return
            except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError):
                continue  # the key is another's folder, or the other way round: take the second place

    def forget_bucket(self, bucket: str) -> None:
        shutil.rmtree(self.tree / bucket, ignore_errors=True)

    def _names(self, bucket: str, key: str) -> Iterator[Path]:
        parts = key.split("/")
        plain = all(part not in ("", ".", "..", _OTHER) and len(part.encode()) <= 240 for part in parts)
        if plain and "\0" not in key and "\\" not in key:
            yield self.tree.joinpath(bucket, *parts)
        yield self.tree / bucket / _OTHER / hashlib.sha256(key.encode()).hexdigest()

    def _link(self, body: Path, target: Path) -> None:
        temporary = self.folder.parent / f"link-{uuid.uuid4().hex}"
        os.link(body, temporary)
        try:
            for _ in range(3):  # a neighbour's removal may take the folder away in between
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    temporary.replace(target)
                    break
                except FileNotFoundError:
                    continue
        finally:
            temporary.unlink(missing_ok=True)

    def _unpublish(self, target: Path, top: Path) -> None:
        target.unlink(missing_ok=True)
        folder = target.parent
        while folder != top and folder.is_relative_to(top):
            try:
                folder.rmdir()
            except OSError:
                return  # not empty
            folder = folder.parent

    def _new_name(self) -> str:
        return uuid.uuid4().hex


def staged(body: Body) -> Staged:
    made = Staged()
    made.body = body
    return made
