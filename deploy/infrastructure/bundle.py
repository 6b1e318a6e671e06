"""Code and data on their way to the bucket: under the hash of their content, sent when it is not there."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from config.models import Environment, Project
from deploy.actions import Upload
from deploy.errors import NotDeployedError, WrongCallerError, code_of, is_missing
from deploy.hints import typed
from deploy.session import Aws

if TYPE_CHECKING:
    from pipelines.assets import Asset

# What every function's archive holds beside its own files (lambdas/waiting/ as waiting/).
SHARED = "waiting"
# Names further folders of the repository that a function is shipped with, one a line, at their own paths.
SHARED_LIST = "shared.txt"
# The earliest date that a zip archive can hold; one date for all, so that time does not change the bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
AT_ONCE = 8


class BundleError(PlatformError):
    """A function that cannot be packed."""


@dataclass(frozen=True)
class FunctionBundle:
    """The archive of one Lambda function; `digest` is over names and contents (hex SHA-256)."""

    function: str
    digest: str
    key: str
    body: bytes = field(repr=False)


def function_bundles(project: Project) -> tuple[FunctionBundle, ...]:
    """The archives of all functions under lambdas/, by name; the same bytes from any folder on any day."""
    room = project.root / "lambdas"
    return tuple(
        _function_bundle(room, function, project.environment) for function in function_names(project)
    )


def function_names(project: Project) -> tuple[str, ...]:
    """The functions there are: folders of lambdas/ with a handler."""
    room = project.root / "lambdas"
    return tuple(sorted(path.parent.name for path in room.glob("*/handler.py")))


def missing_uploads(aws: Aws, environment: Environment, assets: Iterable[Asset]) -> tuple[Upload, ...]:
    """The assets that the environment's bucket does not hold, asked eight at once, each key once."""
    return _not_there(aws, environment, {asset.key: asset.body for asset in assets})


def function_uploads(
    aws: Aws, environment: Environment, bundles: Sequence[FunctionBundle]
) -> tuple[Upload, ...]:
    """The function archives that the bucket does not hold."""
    return _not_there(aws, environment, {bundle.key: bundle.body for bundle in bundles})


def check_bucket(aws: Aws, environment: Environment) -> None:
    """Raises when the environment's bucket is not there, or is somebody else's."""
    bucket = names.bucket(environment)
    try:
        aws.client("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=environment.account)
    except ClientError as error:
        if is_missing(error):
            raise NotDeployedError(
                f'environment "{environment.name}" has no bucket "{bucket}"',
                hint=typed("bootstrap", environment.name),
            ) from error
        if code_of(error) in {"403", "AccessDenied"}:
            raise WrongCallerError(
                f'bucket "{bucket}" belongs to another account than "{environment.account}", '
                "or these credentials may not use it",
                hint=f"name a bucket of your own: bucket: ... in config/environments/{environment.name}.yaml",
            ) from error
        raise


def _function_bundle(room: Path, function: str, environment: Environment) -> FunctionBundle:
    members = dict(_members(room / function, prefix="")) | dict(_members(room / SHARED, prefix=f"{SHARED}/"))
    for folder in shared_folders(room / function):
        if not (room.parent / folder).is_dir():
            raise BundleError(
                f"lambdas/{function}/{SHARED_LIST} names {folder}, which is not there",
                hint=f"ls {folder}",
            )
        members |= dict(_members(room.parent / folder, prefix=f"{folder}/"))
    digest = _digest(members)
    return FunctionBundle(
        function=function,
        digest=digest,
        key=f"{names.key_prefix(environment)}/functions/{function}/{digest}.zip",
        body=_archive(members),
    )


def shared_folders(function: Path) -> tuple[str, ...]:
    """The folders that a function's shared.txt names."""
    listed = function / SHARED_LIST
    return tuple(listed.read_text(encoding="utf-8").split()) if listed.is_file() else ()


def _members(folder: Path, *, prefix: str) -> Iterable[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield prefix + path.relative_to(folder).as_posix(), path.read_bytes()


def _digest(members: dict[str, bytes]) -> str:
    """Over names, lengths and contents, so that no two different sets of files run together."""
    digest = hashlib.sha256()
    for name, content in sorted(members.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _archive(members: dict[str, bytes]) -> bytes:
    """Stored, not deflated: two builds of zlib need not agree on the bytes, and the files are small."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(members.items()):
            member = zipfile.ZipInfo(name, EPOCH)
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return buffer.getvalue()


def _not_there(aws: Aws, environment: Environment, wanted: Mapping[str, bytes | Path]) -> tuple[Upload, ...]:
    bucket = names.bucket(environment)
    uploads = [Upload(bucket, key, body, environment.account) for key, body in sorted(wanted.items())]
    return not_there(aws, environment, uploads)


def not_there(aws: Aws, environment: Environment, uploads: Sequence[Upload]) -> tuple[Upload, ...]:
    """The uploads that the bucket does not hold, asked eight at once, each key once."""
    check_bucket(aws, environment)
    uploads = list({upload.key: upload for upload in uploads}.values())
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        present = list(pool.map(lambda upload: _is_there(aws, upload), uploads))
    return tuple(upload for upload, there in zip(uploads, present, strict=True) if not there)


def _is_there(aws: Aws, upload: Upload) -> bool:
    try:
        aws.client("s3").head_object(Bucket=upload.bucket, Key=upload.key, ExpectedBucketOwner=upload.owner)
    except ClientError as error:
        if is_missing(error):
            return False
        raise
    return True
