"""The body of an S3 request, read from the socket into a file: decoded, checked, never whole in memory.

aws-chunked bodies (signed or not, with or without trailing checksum):
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from local.api import ApiError
from local.s3_bodies import Bodies, Staged

_CHUNK = 256 * 1024
_CHECKSUM = "HTTP_X_AMZ_CHECKSUM_"


def stage(environ: dict[str, Any], bodies: Bodies) -> Staged:
    """Reads the body; afterwards `environ` describes a plain body whose checksum is in a header."""
    checks = _Checks(environ)
    trailers: dict[str, str] = {}
    chunks = _decoded(environ, trailers)
    staged = bodies.stage_chunks(checks.watch(chunks))
    for name, value in trailers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    try:
        _refuse_short(environ, staged.body.size)
        checks.verify(environ, staged)
    except BaseException:
        bodies.discard([staged.body.name])
        raise
    return staged


def _decoded(environ: dict[str, Any], trailers: dict[str, str]) -> Iterator[bytes]:
    stream: BinaryIO = environ["wsgi.input"]
    if str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")).startswith("STREAMING-"):
        yield from _aws_chunks(stream, trailers)
        environ["HTTP_X_AMZ_CONTENT_SHA256"] = "UNSIGNED-PAYLOAD"
    elif environ.get("wsgi.input_terminated"):
        while chunk := stream.read(_CHUNK):
            yield chunk
    else:
        yield from _exactly(stream, int(environ.get("CONTENT_LENGTH") or 0))


def _exactly(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (chunk := stream.read(min(_CHUNK, size))):
        size -= len(chunk)
        yield chunk


def _aws_chunks(stream: BinaryIO, trailers: dict[str, str]) -> Iterator[bytes]:
    while True:
        try:
            size = int(stream.readline().split(b";", 1)[0].strip(), 16)
        except ValueError as error:
            raise ApiError("IncompleteBody", "the chunked body ends too early", 400) from error
        if size == 0:
            break
        yield from _exactly(stream, size)
        stream.readline()
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(":")
        trailers[name.strip()] = value.strip()


def _refuse_short(environ: Mapping[str, Any], size: int) -> None:
    stated = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH") or environ.get("CONTENT_LENGTH")
    if stated and not environ.get("wsgi.input_terminated") and int(stated) != size:
        message = (
            f"You did not provide the number of bytes specified by the Content-Length HTTP header: {size}"
        )
        raise ApiError("IncompleteBody", message, 400)


class _Checks:
    """Digests that the client named, computed while the body passes by."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        named = {name.removeprefix(_CHECKSUM) for name in environ if name.startswith(_CHECKSUM)}
        named |= {part.rpartition("-")[2].upper() for part in (environ.get("HTTP_X_AMZ_TRAILER"),) if part}
        self._hashes: dict[str, Any] = {
            name: hashlib.new(name.lower(), usedforsecurity=False) for name in named & {"SHA1", "SHA256"}
        }
        content = str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", ""))
        self._content_hash = content if len(content) == 64 else None
        if self._content_hash is not None:
            self._hashes["CONTENT"] = hashlib.sha256()

    def watch(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            for digest in self._hashes.values():
                digest.update(chunk)
            yield chunk

    def verify(self, environ: dict[str, Any], staged: Staged) -> None:
        stated_md5 = environ.get("HTTP_CONTENT_MD5")
        if stated_md5 and stated_md5 != _text(bytes.fromhex(staged.body.md5)):
            raise ApiError("BadDigest", "The Content-MD5 you specified did not match what we received.", 400)
        if self._content_hash and self._hashes["CONTENT"].hexdigest() != self._content_hash:
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            raise ApiError("XAmzContentSHA256Mismatch", message, 400)
        for name, compute in self._computed(staged).items():
            stated = environ.get(_CHECKSUM + name)
            if stated and stated != compute():
                message = f"The {name} you specified did not match the calculated checksum."
                raise ApiError("BadDigest", message, 400)
        self._fill_in(environ, staged)

    def _computed(self, staged: Staged) -> dict[str, Callable[[], str]]:
        """CRC-32C and CRC-64 are kept as stated: the standard library does not compute them."""
        digests = {n: (lambda d=d: _text(d.digest())) for n, d in self._hashes.items() if n != "CONTENT"}
        return {"CRC32": lambda: _text(staged.body.crc32.to_bytes(4, "big")), **digests}

    def _fill_in(self, environ: dict[str, Any], staged: Staged) -> None:
        """Where a checksum was asked for but none sent, S3 computes one."""
        algorithm = str(environ.get("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", "")).upper()
        if algorithm and f"{_CHECKSUM}{algorithm}" not in environ:
            environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = "CRC32"
            environ[f"{_CHECKSUM}CRC32"] = self._computed(staged)["CRC32"]()


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
