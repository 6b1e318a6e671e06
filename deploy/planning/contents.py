"""What is different in the code, settings and data behind two addresses that carry their content's hash.

The new content is at hand; the old one is asked of the bucket. Where it is not there, or not for these
credentials, that is what is said.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from definition.comparison import Change, Detail
from definition.difference import ABSENT, differences
from definition.expressions import shown
from deploy import objects
from deploy.actions import size_of
from deploy.errors import DENIED, code_of, is_missing
from deploy.session import Aws

if TYPE_CHECKING:
    from pipelines.assets import Asset

ARCHIVE, ENTRYPOINT, SETTINGS = "source.tar.gz", "entrypoint.py", "settings.json"
# Files of a bundle are compared in memory: code is small, and an archive that is not ours may not be.
LARGEST = 64 * 1024 * 1024
GONE = Detail("", "what it was before is not in the bucket any more")
NOT_READABLE = Detail("", "these credentials may not read what it was before")
DAMAGED = Detail("", "what it was before cannot be read")
Files = Mapping[str, bytes]


def details_of(aws: Aws, bucket: str, change: Change, assets: Mapping[str, Asset]) -> tuple[Detail, ...]:
    """What is known of a change of code, settings or data; nothing of any other change.

    ``assets``: what the new definition ships, by key.
    """
    before, after = (str(value).removeprefix(f"s3://{bucket}/") for value in change.values)
    if change.kind not in READERS:
        return ()
    try:
        return tuple(READERS[change.kind](aws, bucket, before, after, assets))
    except ClientError as error:
        if is_missing(error):
            return (GONE,)
        if code_of(error) in DENIED:
            return (NOT_READABLE,)
        raise
    except (OSError, EOFError, ValueError, tarfile.TarError, zipfile.BadZipFile, zlib.error):
        return (DAMAGED,)


def function_details(aws: Aws, bucket: str, key: str, body: bytes) -> tuple[Detail, ...]:
    """The files of a function's archive that differ from those of the archive at ``key``."""
    try:
        return tuple(_files(unzipped(_read(aws, bucket, key)), unzipped(body)))
    except ClientError as error:
        if is_missing(error):
            return (GONE,)
        if code_of(error) in DENIED:
            return (NOT_READABLE,)
        raise
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error):
        return (DAMAGED,)


def _code(aws: Aws, bucket: str, before: str, after: str, assets: Mapping[str, Asset]) -> Iterator[Detail]:
    old = {**unpacked(_read(aws, bucket, f"{before}/{ARCHIVE}")), **_entrypoint(aws, bucket, before)}
    new = dict(unpacked(assets[f"{after}/{ARCHIVE}"].read()))
    entrypoint = assets.get(f"{after}/{ENTRYPOINT}")
    if entrypoint is not None:
        new[f"steps/runtime/{ENTRYPOINT}"] = entrypoint.read()
    yield from _files(old, new)


def _entrypoint(aws: Aws, bucket: str, before: str) -> dict[str, bytes]:
    return {f"steps/runtime/{ENTRYPOINT}": _read(aws, bucket, f"{before}/{ENTRYPOINT}")}


def _settings(
    aws: Aws, bucket: str, before: str, after: str, assets: Mapping[str, Asset]
) -> Iterator[Detail]:
    old = json.loads(_read(aws, bucket, f"{before}/{SETTINGS}"))
    new = json.loads(assets[f"{after}/{SETTINGS}"].read())
    for each in differences(old, new):
        yield Detail(".".join(each.path).replace(".[", "["), f"{_value(each.before)} -> {_value(each.after)}")


def _value(value: Any) -> str:
    return "nothing" if value is ABSENT else shown(value)


def _data(aws: Aws, bucket: str, before: str, after: str, assets: Mapping[str, Asset]) -> Iterator[Detail]:
    """By name and size: data may be large, and their hash is known to differ."""
    new = {
        key.removeprefix(f"{after}/"): asset.size
        for key, asset in assets.items()
        if key.startswith(f"{after}/")
    }
    old = {key.removeprefix(f"{before}/"): size for key, size in _listed(aws, bucket, f"{before}/")}
    if not old:
        yield GONE
        return
    for name in sorted({*old, *new}):
        if name not in old:
            yield Detail(name, f"added ({size_of(new[name])})")
        elif name not in new:
            yield Detail(name, "removed")
        elif old[name] != new[name]:
            yield Detail(name, f"{size_of(old[name])} -> {size_of(new[name])}")
    if old == new:
        yield Detail("", f"other content of the same size ({size_of(sum(new.values()))})")


def _listed(aws: Aws, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    for each in objects.below(aws, f"s3://{bucket}/{prefix}"):
        yield each.uri.removeprefix(f"s3://{bucket}/"), each.size


def _files(old: Files, new: Files) -> Iterator[Detail]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield Detail(name, "added")
        elif name not in new:
            yield Detail(name, "removed")
        elif old[name] != new[name]:
            yield Detail(name, _lines(old[name], new[name]))


def _lines(old: bytes, new: bytes) -> str:
    """``+3 -1 lines``; for what is no text, that it changed."""
    try:
        before, after = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        return "changed"
    added = removed = 0
    for kind, begin, end, begin_after, end_after in SequenceMatcher(
        a=before, b=after, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            added, removed = added + end_after - begin_after, removed + end - begin
    return f"+{added} -{removed} lines" if added or removed else "line ends changed"


def unpacked(archive: bytes, *, largest: int = LARGEST) -> dict[str, bytes]:
    """The files of a tar.gz; ValueError where they are too large to compare."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            _require_small(sum(map(len, found.values())) + member.size, largest)
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                found[member.name] = content.read()
    return found


def unzipped(archive: bytes, *, largest: int = LARGEST) -> dict[str, bytes]:
    """The files of a zip; ValueError where they are too large to compare."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        _require_small(sum(member.file_size for member in opened.infolist()), largest)
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}


def _require_small(size: int, largest: int) -> None:
    if size > largest:
        raise ValueError(f"over {largest} bytes")


def _read(aws: Aws, bucket: str, key: str) -> bytes:
    body: bytes = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


READERS = {"code": _code, "settings": _settings, "data": _data}
