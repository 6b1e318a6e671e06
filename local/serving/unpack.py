"""Unpacks a model archive that somebody else made: files and folders inside the target, nothing else."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path


class ArchiveError(Exception):
    """The archive cannot be used; the text says which member and why."""


def unpack(archive: Path, target: Path) -> None:
    """Extracts a gzip (or plain) tar. Links, devices and paths that lead out of the target are refused.

    Written out rather than tarfile's data filter: Python 3.11 has that from 3.11.4 on only.
    """
    root = target.resolve()
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                _extract(tar, member, root)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"{archive.name} cannot be unpacked: {error}") from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path) -> None:
    place = (root / member.name).resolve()
    if not place.is_relative_to(root):
        raise ArchiveError(f"member {member.name!r} points outside the folder it is unpacked to")
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    source = tar.extractfile(member) if member.isfile() else None
    if source is None:
        raise ArchiveError(f"member {member.name!r} is neither a file nor a folder")
    place.parent.mkdir(parents=True, exist_ok=True)
    with source, place.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1024 * 1024)
