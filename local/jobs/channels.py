"""A job's inputs from S3 into its folder, its outputs from its folder to S3."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from local.api import ApiError
from local.jobs.mounts import MOUNT_POINT
from local.jobs.request import InputChannel, OutputChannel


class ObjectStore(Protocol):
    """local/objects.py"""

    def list(self, uri_prefix: str) -> Sequence[tuple[str, int]]: ...
    def path(self, uri: str) -> Path: ...
    def read(self, uri: str) -> bytes: ...
    def put_file(self, path: Path, uri: str) -> None: ...
    def delete(self, uri: str) -> None: ...


class ChannelError(Exception):
    """An input or output that cannot be brought where it belongs; the text is a job's FailureReason."""


def folder_of(local_path: str, job_folder: Path) -> Path:
    """Where a path below /opt/ml really lies."""
    return job_folder / PurePosixPath(local_path).relative_to(MOUNT_POINT)


def download(
    channel: InputChannel, job_folder: Path, objects: ObjectStore, *, host: int, hosts: int
) -> list[Path]:
    """The channel's files for instance number `host` (from 0) of `hosts`, in the order of their keys.

    ShardedByS3Key gives every instance each `hosts`-th object.
    """
    target = folder_of(channel.local_path, job_folder)
    target.mkdir(parents=True, exist_ok=True)
    places = sorted(_places(channel, objects).items())
    if channel.sharded:
        places = places[host::hosts]
    files = [_inside(target, relative, channel) for _, relative in places]
    for (uri, _), file in zip(places, files, strict=True):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(objects.path(uri), file)
        except ApiError as error:  # a manifest names what is not there
            raise ChannelError(f"ClientError: Input '{channel.name}': {error.message}") from error
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise ChannelError(
                f"ClientError: Input '{channel.name}' has the object {uri}, whose key is a folder of another "
                "object's key or the other way round: files cannot lie so."
            ) from error
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise ChannelError(
                f"ClientError: Input '{channel.name}' has an object whose name is too long for a file: {uri}"
            ) from error
    return files


def _places(channel: InputChannel, objects: ObjectStore) -> dict[str, str]:
    """Object -> its path below the channel's folder; ChannelError where there is nothing."""
    try:
        if channel.manifest:
            return _manifest(json.loads(objects.read(channel.uri)), channel)
        found = layout(channel.uri, [uri for uri, _ in objects.list(channel.uri)])
    except (ApiError, ValueError) as error:
        raise ChannelError(f"ClientError: Input '{channel.name}' ({channel.uri}): {error}") from error
    if not found:
        raise ChannelError(
            f'ClientError: No S3 objects found under S3 URL "{channel.uri}" given in input '
            f"'{channel.name}'. Please ensure that the bucket and the objects exist."
        )
    return found


def layout(prefix: str, uris: Iterable[str]) -> dict[str, str]:
    """Object -> path below the folder, as SageMaker lays out an S3Prefix.

    The object with exactly this key keeps its last name; below a folder the rest of the key is the path; a
    prefix that ends within a name counts from that name's folder. Keys that end in "/" are no files.
    """
    uris = [uri for uri in uris if not uri.endswith("/")]
    folder = prefix if prefix.endswith("/") else f"{prefix}/"
    below = [uri for uri in uris if uri.startswith(folder)]
    if below:
        return {uri: uri.removeprefix(folder) for uri in below}
    parent = prefix.rpartition("/")[0] + "/"
    return {uri: uri.removeprefix(parent) for uri in uris}


def _manifest(document: object, channel: InputChannel) -> dict[str, str]:
    """[{"prefix": "s3://bucket/a/"}, "b", "c"]: the objects a/b and a/c."""
    if not isinstance(document, list) or not document or not isinstance(document[0], Mapping):
        raise ValueError(f"{channel.uri} is no manifest: a list that begins with a prefix")
    prefix, names = document[0].get("prefix"), document[1:]
    if not isinstance(prefix, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{channel.uri} is no manifest: a prefix and the names below it are texts")
    return {f"{prefix}{name}": name for name in names}


def _inside(folder: Path, relative: str, channel: InputChannel) -> Path:
    path = folder / relative
    outside = ".." in PurePosixPath(relative).parts or PurePosixPath(relative).is_absolute()
    if outside or "\0" in relative:
        raise ChannelError(f"ClientError: Input '{channel.name}' has the key '{relative}', which is no path.")
    return path


def upload_whole(outputs: Iterable[tuple[OutputChannel, Path]], objects: ObjectStore) -> None:
    """Every file of these outputs, or none: what was uploaded before a failure is deleted again.

    `outputs` pairs a channel with the job folder of one instance. Raises ChannelError.
    """
    done: list[str] = []
    try:
        for channel, job_folder in outputs:
            for file, uri in _files(channel, job_folder):
                _upload(file, uri, channel, objects)
                done.append(uri)
    except ChannelError:
        for uri in done:
            objects.delete(uri)
        raise


def upload_changed(
    channel: OutputChannel, job_folder: Path, objects: ObjectStore, seen: dict[Path, tuple[int, int]]
) -> None:
    """Of a continuous output, the files that are new or changed since they were `seen`.

    The program goes on meanwhile: what it renames or deletes under our hands is left to the next look.
    """
    try:
        files = _files(channel, job_folder)
    except FileNotFoundError:  # a folder that was being listed
        return
    for file, uri in files:
        try:
            state = (file.stat().st_mtime_ns, file.stat().st_size)
            if seen.get(file) != state:
                _upload(file, uri, channel, objects)
                seen[file] = state
        except (FileNotFoundError, ChannelError):
            if file.exists():
                raise


def _files(channel: OutputChannel, job_folder: Path) -> list[tuple[Path, str]]:
    folder = folder_of(channel.local_path, job_folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    base = channel.uri.rstrip("/")
    return [(file, f"{base}/{_key(file.relative_to(folder), channel)}") for file in files]


def _key(relative: Path, channel: OutputChannel) -> str:
    """ChannelError for a name that is not UTF-8, as every key is."""
    name = relative.as_posix()
    try:
        name.encode()
    except UnicodeEncodeError as error:
        reason = f"Output '{channel.name}' has a file whose name is not UTF-8: {os.fsencode(relative)!r}"
        raise ChannelError(f"ClientError: {reason}") from error
    return name


def _upload(file: Path, uri: str, channel: OutputChannel, objects: ObjectStore) -> None:
    try:
        objects.put_file(file, uri)
    except ApiError as error:
        raise ChannelError(f"ClientError: Output '{channel.name}' ({uri}): {error.message}") from error
    except (OSError, sqlite3.OperationalError) as error:  # a full disk is met by the file or by its entry
        why = error.strerror if isinstance(error, OSError) else error
        reason = f"Output '{channel.name}' ({uri}) cannot be written: {why}"
        raise ChannelError(f"ClientError: {reason}") from error
