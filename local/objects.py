"""S3 in-process: bytes, files and folders in and out of buckets without a request."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, BinaryIO

from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends
from moto.utilities.utils import get_partition

from local.api import ApiError
from local.s3_bodies import Bodies
from local.s3_journal import Journal

Listing = list[tuple[str, int]]  # (uri, bytes)
Uris = list[str]


def split(uri: str) -> tuple[str, str]:
    """The bucket and the key (or key prefix) of "s3://bucket/a/b"."""
    if not uri.startswith("s3://"):
        raise ApiError("ValidationException", f"not an S3 URI: {uri!r}")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class Objects:
    """Every method takes s3:// URIs and raises ApiError (NoSuchKey, NoSuchBucket) as the service would."""

    def __init__(self, *, account: str, region: str, bodies: Bodies, journal: Journal) -> None:
        self._account = account
        self._partition = get_partition(region)
        self._bodies = bodies
        self._journal = journal

    def read(self, uri: str) -> bytes:
        return self.path(uri).read_bytes()

    def open(self, uri: str) -> BinaryIO:
        return self.path(uri).open("rb")

    def path(self, uri: str) -> Path:
        """The file that holds the object's bytes: to be read only, and soon (it goes when replaced)."""
        body = self._key(uri).body_file
        return self._bodies.path(body)

    def exists(self, uri: str) -> bool:
        try:
            self._key(uri)
        except ApiError:
            return False
        return True

    def list(self, uri_prefix: str) -> Listing:
        """(uri, bytes) of every object whose key starts with the prefix, in the order of keys."""
        bucket, prefix = split(uri_prefix)
        keys = self._bucket(bucket).keys
        names = sorted(name for name in list(keys) if name.startswith(prefix))
        found = ((name, keys.get(name)) for name in names)
        return [(f"s3://{bucket}/{name}", key.size) for name, key in found if isinstance(key, FakeKey)]

    def write(self, uri: str, body: bytes) -> None:
        self._put(uri, self._bodies.stage_bytes(body))

    def put_file(self, path: Path, uri: str) -> None:
        """Copies the file; where the file system can, without copying its bytes."""
        self._put(uri, self._bodies.stage_file(path))

    def delete(self, uri: str) -> None:
        bucket, name = split(uri)
        with self._journal.changing(bucket, name):
            self._backend().delete_object(bucket, name)

    def download(self, uri_prefix: str, folder: Path) -> int:
        """An object, or everything below a prefix, as files in `folder`; returns how many.

        As SageMaker does for an S3Prefix: an exact key becomes a file of its last name; below a prefix the
        rest of the key is the path.
        """
        folder.mkdir(parents=True, exist_ok=True)
        _, prefix = split(uri_prefix)
        found = self.list(uri_prefix)
        below = len(prefix) if prefix.endswith("/") or not prefix else len(prefix.rpartition("/")[0]) + 1
        if not prefix.endswith("/") and any(split(uri)[1].startswith(f"{prefix}/") for uri, _ in found):
            below = len(prefix) + 1
            found = [(uri, size) for uri, size in found if split(uri)[1].startswith(f"{prefix}/")]
        for uri, _ in found:
            relative = split(uri)[1][below:]
            if relative and not relative.endswith("/"):
                self._copy(uri, _inside(folder, relative))
        return len(found)

    def upload(self, folder: Path, uri_prefix: str) -> Uris:
        """Every file below the folder, at the prefix plus its path; returns the URIs in order."""
        base = uri_prefix.rstrip("/")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        uris = [f"{base}/{path.relative_to(folder).as_posix()}" for path in files]
        for path, uri in zip(files, uris, strict=True):
            self.put_file(path, uri)
        return uris

    def _copy(self, uri: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.open(uri) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1024 * 1024)

    def _put(self, uri: str, staged: bytes) -> None:
        bucket, name = split(uri)
        self._bucket(bucket)
        with self._journal.changing(bucket, name):
            self._backend().put_object(bucket, name, staged)

    def _backend(self) -> Any:
        return s3_backends[self._account][self._partition]

    def _bucket(self, name: str) -> Any:
        try:
            return self._backend().get_bucket(name)
        except MissingBucket as error:
            raise ApiError("NoSuchBucket", f"The specified bucket does not exist: {name!r}", 404) from error

    def _key(self, uri: str) -> FakeKey:
        bucket, name = split(uri)
        key = self._bucket(bucket).keys.get(name)
        if key is None or isinstance(key, FakeDeleteMarker):
            raise ApiError("NoSuchKey", f"The specified key does not exist: {uri!r}", 404)
        return key


def _inside(folder: Path, relative: str) -> Path:
    target = (folder / relative).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ApiError(
            "ValidationException", f"the key {relative!r} points outside the folder it is copied to"
        )
    return target
