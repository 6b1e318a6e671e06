"""Where answers lie: in the folder that the job was given, else in S3; never outside of either.

    s3://bucket/labels/calls/annotations/worker-response/iteration-1/0/2026-05-01_10:00:00.json
    |---------------- root ---------------------------|
    <folder>/iteration-1/0/2026-05-01_10:00:00.json

A copy of a job's output keeps the URIs of the original: there the part below the folder of the same name
is the path. A file is found by its whole path below the folder, never by its name alone.
"""

from __future__ import annotations

import contextlib
import errno
import os
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from steps.runtime.errors import StepError
from steps.segments.split import FEW

Fetch = Callable[[str, str, int], bytes]
_LEVELS: Final = 3


class ResponseError(Exception):
    """Answers that cannot be had: `reason` is one of reasons.OBJECTS."""

    def __init__(self, reason: str, detail: str, *, held: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.held = held


class Found(NamedTuple):
    """Answers, and whether they lie in this instance's own part of the folder."""

    content: bytes
    held: bool


class ElsewhereError(Exception):
    """The file would be in the folder, which another instance has another part of."""


@dataclass(frozen=True)
class Places:
    """`folder` is this instance's part of `root` (an S3 URI); `below` its path below the job's output."""

    folder: Path | None
    root: str
    below: str
    max_bytes: int
    shared: bool = False
    fetch: Fetch | None = None

    def read(self, uri: str) -> Found:
        """The bytes behind an S3 URI; raises ResponseError, or ElsewhereError."""
        bucket, key = split_uri(uri)
        path = self._path_below(uri, key)
        if path is not None and self.folder is not None:
            try:
                return Found(self._local(f"{self.folder}/{path}"), True)
            except FileNotFoundError:
                if self.shared:
                    raise ElsewhereError from None
                raise ResponseError("response_missing", f"no {path} in the job's folder") from None
        if self.fetch is None:
            raise ResponseError("response_missing", f"{uri} is not below {self.root or 'the job folder'}")
        return Found(self.fetch(bucket, key, self.max_bytes), False)

    def _path_below(self, uri: str, key: str) -> str | None:
        if self.root and uri.startswith(f"{self.root}/"):
            return uri[len(self.root) + 1 :]
        before, marker, path = f"/{key}".rpartition(f"/{self.below}/") if self.below else ("", "", "")
        return path if marker and before else None

    def _local(self, path: str) -> bytes:
        # iteration-1/<line>/<file>; of what lies deeper the folders were not looked through.
        if path.count("/") > self._deepest:
            path = self._resolved(path)
        try:
            return self._bytes(path)
        except (NotADirectoryError, IsADirectoryError) as error:
            raise ResponseError("response_missing", f"{path} is no file") from error
        except PermissionError as error:
            raise ResponseError("response_denied", f"{path} may not be read", held=True) from error
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            return self._bytes(self._resolved(path))

    def _bytes(self, path: str) -> bytes:
        """The file whole, without the objects that `open` makes for one, which cost more than to read it."""
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            size = os.fstat(file).st_size
            if size > self.max_bytes:
                raise ResponseError("response_too_large", _too_large(size, self.max_bytes), held=True)
            content = os.read(file, size)
            while len(content) < size and (block := os.read(file, size - len(content))):
                content += block  # one read takes no more than 2 GB
            return content
        finally:
            os.close(file)

    def _resolved(self, path: str) -> str:
        """The path without links; raises ResponseError where they lead out."""
        real = os.path.realpath(path)
        if not real.startswith(os.path.join(os.path.realpath(self.folder or "/"), "")):
            raise ResponseError("response_outside", f"{path} is a link that leads out", held=True)
        return real

    @cached_property
    def _deepest(self) -> int:
        """How many slashes a path may have for which no links are looked for; none where folders are links.

        Looked for once: to resolve every path costs as much as to read it.
        """
        folder = str(self.folder)
        return -1 if _has_links(folder, _LEVELS - 1) else folder.count("/") + _LEVELS

    def iteration_of(self, uri: str) -> str:
        """`iteration-<n>` of a file `iteration-<n>/<line>/<file>` in the folder; else nothing."""
        try:
            path = self._path_below(uri, split_uri(uri)[1])
        except ResponseError:
            return ""
        iteration, _, rest = (path or "").partition("/")
        # Where `below` ends in a number it could be that of a line.
        numbered = self.below.rpartition("/")[2].isdecimal()
        return iteration if rest.count("/") == 1 and not numbered else ""

    def folders(self) -> array[int] | None:
        """Hashes of (iteration, line) of the folders that are given; None where they cannot be listed."""
        if self.folder is None:
            return None
        found = array("q")
        try:
            for iteration in (each for each in self.folder.iterdir() if each.is_dir()):
                found.extend(hash((iteration.name, name)) for name in os.listdir(iteration))
        except FileNotFoundError:  # no file in it is for this instance
            return found
        except OSError:
            return None
        return found

    def newest(self, line: int) -> Found | None:
        """The newest answers of a manifest line by its folder, `iteration-*/<line>/`; None for none."""
        if self.folder is None:
            return None
        for iteration in _iterations(self.folder):
            folder = iteration / str(line)
            names = sorted(each.name for each in folder.glob("*.json")) if folder.is_dir() else []
            if names:
                return Found(self._local(f"{folder}/{names[-1]}"), True)
        if self.shared:
            raise ElsewhereError
        return None


class Elsewhere:
    """Which lines' answers another instance has, told by the folders that this one was given.

    Eight bytes a line. To open the file would tell as much and cost twenty times more; what is not sure by
    `iteration-<n>/<line>/<time>.json` is opened.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._folders = array("q")  # hashes of the folders; 0 for what is to be looked at
        self._before, self._iteration = "", ""

    def add(self, line: int, uri: Any) -> None:
        """Notes the reference of a line; lines come in order."""
        found, folders = 0, self._folders
        if line != len(folders):
            folders.extend([0] * (line - len(folders)))
        if isinstance(uri, str) and uri.endswith(".json"):
            before, number, name = uri.rsplit("/", 2) if uri.count("/") > 1 else ("", "", "")
            if before != self._before or not self._iteration:  # mostly as on the line before
                self._before, self._iteration = before, self._places.iteration_of(uri)
            plain = ".." not in name and "\\" not in name and "\0" not in name
            if plain and self._iteration and number.isdecimal():
                found = hash((self._iteration, number))
        folders.append(found)

    def lines(self) -> bytes:
        """A mark for each line whose answers are elsewhere."""
        given = self._places.folders() if self._folders else None
        if given is None:
            return b""
        if len(self._folders) <= FEW:
            held = {0, *given}
            return bytes(each not in held for each in self._folders)
        import numpy as np

        folders: Any = np.frombuffer(self._folders, np.int64)
        marks: Any = ~np.isin(folders, given) & (folders != 0)
        found: bytes = marks.tobytes()
        return found


def _has_links(folder: str, levels: int) -> bool:
    """Whether there is a link in a folder, or in the folders below it down to a level."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as found:
        if levels == 1:
            return any(map(os.DirEntry.is_symlink, found))
        entries = list(found)
        folders = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        links = any(map(os.DirEntry.is_symlink, entries))
        return links or any(_has_links(each, levels - 1) for each in folders)
    return False


def _iterations(folder: Path) -> list[Path]:
    """The folders `iteration-<n>`, the last one first."""
    numbered = [
        (int(each.name.removeprefix("iteration-")), each)
        for each in folder.glob("iteration-*")
        if each.name.removeprefix("iteration-").isdecimal()
    ]
    return [path for _, path in sorted(numbered, reverse=True)]


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key; a key with parts that lead elsewhere is refused, whoever would follow it."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise ResponseError("response_missing", f'"{uri[:200]}" is no S3 URI of a file')
    if ".." in uri or "//" in key or "/." in f"/{key}" or "\\" in key or "\0" in key:
        parts = key.replace("\\", "/").split("/")
        if ".." in parts or "." in parts or "" in parts or "\0" in key:
            raise ResponseError("response_outside", f'"{uri[:200]}" leads out of its folder')
    return bucket, key


def _too_large(size: int, limit: int) -> str:
    return f"{size / 1e6:,.1f} MB, at most {limit / 1e6:,.1f}"


_MISSING: Final = frozenset({"NoSuchKey", "NoSuchBucket", "InvalidBucketName", "404", "PermanentRedirect"})
_DENIED: Final = frozenset({"AccessDenied", "AllAccessDisabled", "InvalidObjectState", "403"})


def s3_fetch(client: Any = None) -> Fetch:
    """Reads objects with the job's own role; the client is made at the first one, where none is given.

    What is wrong with an object is a ResponseError. Where S3 cannot be asked, be it overloaded or the
    credentials have expired, it is a StepError: else what comes out would depend on the hour.
    """
    clients: list[Any] = [] if client is None else [client]

    def fetch(bucket: str, key: str, max_bytes: int) -> bytes:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

        try:
            if not clients:
                clients.append(boto3.client("s3"))
            answer = clients[0].get_object(Bucket=bucket, Key=key)
            if answer["ContentLength"] > max_bytes:
                raise ResponseError("response_too_large", _too_large(answer["ContentLength"], max_bytes))
            content: bytes = answer["Body"].read()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code not in _MISSING | _DENIED and not code.startswith("KMS."):
                raise _unasked(bucket, key, code) from error
            reason = "response_missing" if code in _MISSING else "response_denied"
            raise ResponseError(reason, f"s3://{bucket}/{key}: {code}") from error
        except ParamValidationError as error:
            detail = f"s3://{bucket}/{key}: no name of a bucket"
            raise ResponseError("response_missing", detail) from error
        except BotoCoreError as error:
            raise _unasked(bucket, key, str(error)) from error
        return content

    return fetch


def _unasked(bucket: str, key: str, why: str) -> StepError:
    return StepError(
        f"s3://{bucket}/{key} cannot be asked for: {why}",
        hint="start it again; answers in the folder that data.responses names are not fetched one by one",
    )
