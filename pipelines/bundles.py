"""The code of a step as an archive whose bytes depend on its files' names and contents alone.

    <prefix>/code/<step>/<sha256>/source.tar.gz   steps/runtime/..., steps/<step>/..., packages of shared.txt
    <prefix>/code/<step>/<sha256>/entrypoint.py   unpacks it, installs the requirements, starts the step

The hash is over names and contents. Files are stored, not deflated: two builds of zlib need not agree on
the bytes, and code is small.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.errors import PlatformError
from pipelines.assets import Asset

ENTRYPOINT: Final = "entrypoint.py"
ARCHIVE: Final = "source.tar.gz"
_RUNTIME: Final = "runtime"
_REQUIREMENTS: Final = "requirements.txt"
# Further packages of step code that the step uses, one a line.
_SHARED: Final = "shared.txt"
# Not code of the step: how its image is built, its tests, what Python and editors leave behind, and what
# its requirements were locked from.
_LEFT_OUT: Final = ("__pycache__", "tests", "Dockerfile", "requirements.in")


class StepCodeError(PlatformError):
    """A step without code."""

    def __init__(self, step: str, missing: str) -> None:
        self.step = step
        self.missing = missing
        super().__init__(
            f'the step "{step}" has no code: "{missing}" is missing',
            hint=f"a step is a folder steps/{step} with __main__.py and requirements.txt",
        )


@dataclass(frozen=True)
class Bundle:
    """The files of one step: path in the archive -> content."""

    step: str
    files: Mapping[str, bytes]
    entrypoint: bytes

    @property
    def sha256(self) -> str:
        """Hash over every name and content."""
        digest = hashlib.sha256()
        for name, content in sorted({**self.files, f"/{ENTRYPOINT}": self.entrypoint}.items()):
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def assets(self, key_prefix: str) -> tuple[Asset, Asset]:
        """The two objects; they lie in one folder, the step's code input."""
        folder = f"{key_prefix}/code/{self.step}/{self.sha256}"
        return (
            Asset(f"{folder}/{ARCHIVE}", body=archive(self.files)),
            Asset(f"{folder}/{ENTRYPOINT}", body=self.entrypoint),
        )


def bundle(root: Path, step: str) -> Bundle:
    """The code of ``step`` in the repository ``root``; StepCodeError where there is none."""
    steps = root / "steps"
    entrypoint = steps / _RUNTIME / ENTRYPOINT
    for needed in (steps / step, entrypoint):
        if not needed.exists():
            raise StepCodeError(step, needed.relative_to(root).as_posix())
    files = {**_files(steps, _RUNTIME), **_files(steps, step)}
    for shared in files.pop(f"steps/{step}/{_SHARED}", b"").decode().split():
        if not (steps / shared).is_dir():
            raise StepCodeError(step, f"steps/{shared}")
        files |= _files(steps, shared)
    files.pop(f"steps/{_RUNTIME}/{ENTRYPOINT}")
    # The requirements stand at the root, where the stand-in and the entrypoint look first.
    requirements = files.pop(f"steps/{step}/{_REQUIREMENTS}", b"")
    package = steps / "__init__.py"
    files["steps/__init__.py"] = package.read_bytes() if package.exists() else b""
    return Bundle(step, {**files, _REQUIREMENTS: requirements}, entrypoint.read_bytes())


def _files(steps: Path, folder: str) -> dict[str, bytes]:
    return {
        f"steps/{path.relative_to(steps).as_posix()}": path.read_bytes()
        for path in (steps / folder).rglob("*")
        if path.is_file() and _belongs(path.relative_to(steps))
    }


def _belongs(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and path.suffix != ".pyc" and not set(path.parts) & set(_LEFT_OUT)


def archive(files: Mapping[str, bytes]) -> bytes:
    """A tar.gz of ``files``: sorted, without times, owners or the packer's name."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=0, fileobj=packed, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o644
            tar.addfile(member, io.BytesIO(files[name]))
    return packed.getvalue()
