"""moto's S3 with bodies in files: what it keeps in memory is replaced where it is kept, method by method.

Object bodies are `Body` (a file), requests bring theirs as `Staged` in the WSGI environment, and answers are
sent from the file. Everything else of moto's S3 stays as it is.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

from moto.s3 import models, notifications, responses
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML, NoSuchUpload

from local.s3_bodies import Bodies, Body, FileSlice, Staged

# Set by local/s3_requests.py when it has read the body of a request into a file.
STAGED_KEY = "stand_in.staged"
_MINIMUM_PART = 5 * 1024 * 1024

_lazily = threading.local()


def install(bodies: Bodies, bury: Callable[[str], None]) -> None:
    """Replaces moto's methods for this process; `bury` is given the bodies that objects let go."""
    _install_keys(bodies, bury)
    _install_multipart(bodies)
    _install_responses()
    _install_policies()
    notifications.quote_plus = lambda key: quote_plus(key, safe="/")  # slashes of keys stay as they are


@contextmanager
def _values_as_files() -> Iterator[None]:
    """Inside, a key's value is its file: for code that only slices, sends or copies it."""
    _lazily.on = True
    try:
        yield
    finally:
        _lazily.on = False


class _NoBuffer:
    """Stands where moto's keys open a temporary file: assigned and closed, never written."""

    def __set__(self, key: Any, _buffer: Any) -> None:
        _buffer.close()

    def __get__(self, key: Any, _owner: Any = None) -> Any:
        return self

    def close(self) -> None:
        """Nothing is open."""


def _install_keys(bodies: Bodies, bury: Callable[[str], None]) -> None:
    def get_value(key: Any) -> bytes | FileSlice:
        if key.body_file is None:
            return b""
        if getattr(_lazily, "on", False):
            return bodies.slice(key.body_file)
        return bodies.path(key.body_file).read_bytes()

    def set_value(key: Any, value: bytes | str | FileSlice) -> None:
        body = _staged(bodies, value).body
        key.body_file = body
        key.contentsize = body.size
        if key._etag is None:
            key._etag = body.md5

    def dispose(key: Any, garbage: bool = False) -> None:
        if key.body_file is not None and not garbage:
            bury(key.body_file.name)
            key.body_file = None
        if key.multipart and not garbage:
            key.multipart.dispose()
        key.disposed = True

    def get_state(key: Any) -> dict[str, Any]:
        return {name: value for name, value in key.__dict__.items() if name != "lock"}

    def set_state(key: Any, state: dict[str, Any]) -> None:
        key.__dict__.update(state)
        key.lock = threading.Lock()

    key_class: Any = models.FakeKey
    key_class.body_file = None
    key_class._value_buffer = _NoBuffer()
    key_class.value = property(get_value, set_value)
    key_class.dispose = dispose
    key_class.__getstate__ = get_state
    key_class.__setstate__ = set_state
    key_class.__del__ = lambda _key: None


def _staged(bodies: Bodies, value: bytes | str | FileSlice) -> Staged:
    if isinstance(value, Staged):
        return value
    if isinstance(value, FileSlice):
        return bodies.stage_chunks(value) if value.whole is None else bodies.stage_copy(value.whole)
    return bodies.stage_bytes(value.encode() if isinstance(value, str) else value)


def _install_multipart(bodies: Bodies) -> None:
    def complete(upload: Any, wanted: Iterator[tuple[int, str]]) -> tuple[Any, str, Any]:
        parts = [_part(upload, number, etag) for number, etag in wanted]
        if not parts:
            raise MalformedXML
        if any(part.contentsize < _MINIMUM_PART for part in parts[:-1]):
            raise EntityTooSmall
        joined = bodies.stage_chunks(chunk for part in parts for chunk in bodies.slice(part.body_file))
        digests = b"".join(bytes.fromhex(part.body_file.md5) for part in parts)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        return joined, etag, _checksum(upload, [part.body_file for part in parts], joined.body)

    def missing(_uploads: Any, upload_id: str) -> Any:
        raise NoSuchUpload(upload_id=upload_id)

    upload_class: Any = models.FakeMultipart
    upload_class.complete = complete
    models.MultipartDict.__missing__ = missing


def _part(upload: Any, number: int, etag: str) -> Any:
    part = upload.parts.get(number)
    if part is None or part.body_file is None or part.etag.strip('"') != etag.strip('"'):
        raise InvalidPart
    return part


def _checksum(upload: Any, parts: list[Body], joined: Body) -> tuple[str, str, int] | None:
    """(type, value, parts) where the upload asked for CRC-32; for other kinds none is kept."""
    if upload.metadata.get("x-amz-checksum-algorithm") != "CRC32":
        return None
    if upload.metadata.get("x-amz-checksum-type") == "FULL_OBJECT":
        return "FULL_OBJECT", _base64(joined.crc32.to_bytes(4, "big")), 1
    together = zlib.crc32(b"".join(part.crc32.to_bytes(4, "big") for part in parts))
    return "COMPOSITE", _base64(together.to_bytes(4, "big")), len(parts)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _install_responses() -> None:
    response_class: Any = responses.S3Response
    original_setup = response_class.setup_class
    original_get = response_class.get_object
    backend_class: Any = models.S3Backend
    original_copy = backend_class.copy_object
    original_part_copy = backend_class.upload_part_copy

    def setup_class(response: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        original_setup(response, request, *args, **kwargs)
        staged = request.environ.get(STAGED_KEY)
        if staged is not None:
            response.body = response.raw_body = staged

    def get_object(response: Any) -> Any:
        with _values_as_files():
            return original_get(response)

    def copy_object(backend: Any, *args: Any, **kwargs: Any) -> Any:
        with _values_as_files():
            return original_copy(backend, *args, **kwargs)

    def upload_part_copy(backend: Any, *args: Any, **kwargs: Any) -> Any:
        with _values_as_files():
            return original_part_copy(backend, *args, **kwargs)

    response_class.setup_class = setup_class
    response_class.get_object = get_object
    backend_class.copy_object = copy_object
    backend_class.upload_part_copy = upload_part_copy


def _install_policies() -> None:
    """moto denies by statements whose conditions it has not looked at, such as "only over TLS"."""
    bucket_class: Any = models.FakeBucket
    original = bucket_class.get_permission

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        if bucket.policy is None:
            return original(bucket, action, resource)
        document = json.loads(bucket.policy)
        statements = document.get("Statement", [])
        listed = statements if isinstance(statements, list) else [statements]
        plain = [statement for statement in listed if "Condition" not in statement]
        if len(plain) == len(listed):
            return original(bucket, action, resource)
        shadow = copy.copy(bucket)
        shadow.policy = json.dumps({**document, "Statement": plain}).encode() if plain else None
        return original(shadow, action, resource)

    bucket_class.get_permission = get_permission
