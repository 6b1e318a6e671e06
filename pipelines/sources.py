"""Where a step's rows come from: a URI, a file of this machine (which becomes an upload), or a data hub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from config import names
from config.errors import PlatformError
from pipelines.assets import Asset
from pipelines.context import Context

_BLOCK: Final = 1 << 20


class MissingSourceError(PlatformError):
    """A file or folder that the configuration names and that is not there."""

    def __init__(self, pipeline: str, key: str, path: Path) -> None:
        self.path = path
        super().__init__(
            f'the pipeline "{pipeline}" takes {key} from "{path}", which does not exist',
            hint=f"put the file there, or change {key} in config/pipelines",
        )


class LeadsOutError(PlatformError):
    """A link in a folder that the configuration names, to a file elsewhere, which nobody named."""

    def __init__(self, pipeline: str, key: str, link: Path) -> None:
        self.link = link
        super().__init__(
            f'the pipeline "{pipeline}" takes {key} from a folder with a link that leads out of it: "{link}"',
            hint=f"put the file itself there, or take the link away: it points to {link.resolve()}",
        )


def is_hub(source: str) -> bool:
    """Whether the step itself fetches the rows from the Hugging Face hub."""
    return source.startswith("hf://")


def uri(context: Context[Any], key: str, source: str) -> str:
    """The S3 URI of ``source``, the value of ``key``; a local file or folder is left to be uploaded."""
    if source.startswith("s3://"):
        return source
    path = (context.root / source).resolve()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    if not files or not path.exists():
        raise MissingSourceError(context.config.name, key, path)
    folder = path if path.is_dir() else path.parent
    for file in files:
        if file.is_symlink() and not file.resolve().is_relative_to(folder):
            raise LeadsOutError(context.config.name, key, file)
    prefix = f"{names.key_prefix(context.env)}/data/{_hash(folder, files)}"
    for file in files:
        context.upload(Asset(f"{prefix}/{file.relative_to(folder).as_posix()}", body=file))
    return names.s3_uri(context.env, prefix)


def _hash(folder: Path, files: list[Path]) -> str:
    """Over the content of a file; over names and contents where there are several."""
    digest = hashlib.sha256()
    for file in files:
        if len(files) > 1:
            digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        for block in _blocks(file):
            digest.update(block)
    return digest.hexdigest()


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            yield block
