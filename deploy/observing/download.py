"""Files of an execution on this machine: streamed, each whole or not there at all, and nowhere but below the
folder that was named, whatever a key says."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from config.errors import PlatformError
from deploy import objects
from deploy.errors import is_missing
from deploy.observing.outputs import File
from deploy.session import Aws

CHUNK = 1 << 20
# Where things lie that are not in the execution's own folder: below the bucket's name.
ELSEWHERE = "elsewhere"
# What no file name may hold anywhere: it would be a path, or end the name.
FORBIDDEN = frozenset("\\:\0\n\r")
LONGEST_NAME = 255


class DownloadError(PlatformError):
    """Files that could not be written here."""

    exit_code = 1


@dataclass(frozen=True)
class Saved:
    """A file that lies here now; or `problem`, why it does not."""

    file: File
    path: Path | None
    problem: str = ""


def download(
    aws: Aws, files: Sequence[File], folder: Path, *, base: str, say: Callable[[str], None] = lambda _: None
) -> tuple[Saved, ...]:
    """Writes the files below `folder`; `base` is the execution's own prefix, which the paths begin after.

    A file is overwritten by a newer one of the same name at once, never in part. Raises DownloadError where
    the folder itself cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(
            f'"{folder}" cannot be made: {error.strerror}', hint="name another folder with --to"
        ) from error
    return tuple(_saved(aws, files, folder.resolve(), base, say))


def place_of(uri: str, base: str) -> Path | None:
    """Where a file goes, relative to the folder; None for a key that is no path, or leads out of it."""
    if uri.startswith(base):
        parts = uri.removeprefix(base).split("/")
    else:
        bucket, key = objects.split(uri)
        parts = [ELSEWHERE, bucket, *key.split("/")]
    fine = all(
        part not in {"", ".", ".."} and not FORBIDDEN & set(part) and len(part.encode()) <= LONGEST_NAME
        for part in parts
    )
    return Path(*parts) if fine else None


def _saved(
    aws: Aws, files: Sequence[File], folder: Path, base: str, say: Callable[[str], None]
) -> Iterator[Saved]:
    for file in files:
        if file.uri.endswith("/") and not file.size:  # the console's marker of an empty folder
            continue
        place = place_of(file.uri, base)
        if place is None:
            yield Saved(file, None, "its key is no path that can be used here")
            continue
        say(str(place))
        yield _one(aws, file, folder, place)


def _one(aws: Aws, file: File, folder: Path, place: Path) -> Saved:
    target = folder / place
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A link that stands there already must not lead out.
        if not target.parent.resolve().is_relative_to(folder):
            return Saved(file, None, f'"{place.parent}" leads out of the folder')
        stream(aws, file.uri, target)
    except OSError as error:
        return Saved(file, None, error.strerror or str(error))
    except ClientError as error:
        if not is_missing(error):
            raise
        return Saved(file, None, "it is gone from S3")
    return Saved(file, target)


def stream(aws: Aws, uri: str, target: Path) -> None:
    """One object to one file, through a neighbour that is renamed when all of it is there."""
    bucket, key = objects.split(uri)
    answer = aws.client("s3").get_object(Bucket=bucket, Key=key)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            while chunk := answer["Body"].read(CHUNK):
                file.write(chunk)
            size = file.tell()
        wanted = answer.get("ContentLength", size)
        if size != wanted:
            raise OSError(None, f"{size} of {wanted} bytes came")
        os.chmod(name, 0o644)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
