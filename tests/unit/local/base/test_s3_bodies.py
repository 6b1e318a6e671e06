"""Bodies of objects: complete or not there, read to the end whatever happens, published under plain names."""

from __future__ import annotations

import base64
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.api import ApiError
from local.s3_bodies import Bodies, FileSlice
from local.s3_intake import stage


@pytest.fixture
def bodies(tmp_path: Path) -> Bodies:
    return Bodies(folder=tmp_path / "bodies", tree=tmp_path / "tree")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_body_knows_its_digests(bodies: Bodies) -> None:
    """Size, MD5 and CRC-32 are computed while it is written; the file cannot be changed by accident."""
    body = bodies.stage_chunks([b"hello ", b"world"]).body
    assert (body.size, body.md5, body.crc32) == (11, hashlib.md5(b"hello world").hexdigest(), 0x0D4A1185)
    assert bodies.path(body).read_bytes() == b"hello world"
    assert bodies.path(body).stat().st_mode & 0o777 == 0o444


def test_a_body_that_ends_early_leaves_nothing(bodies: Bodies) -> None:
    """A client that goes away, a full disk: no half file."""

    def broken() -> Iterator[bytes]:
        yield b"some"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        bodies.stage_chunks(broken())
    assert files(bodies.folder) == {}


@given(start=st.integers(-15, 15), stop=st.integers(-15, 15))
def test_a_slice_of_a_file_is_a_slice_of_its_bytes(tmp_path_factory: Any, start: int, stop: int) -> None:
    """For every range that Python knows."""
    path = tmp_path_factory.mktemp("slice") / "file"
    path.write_bytes(b"0123456789")
    part = FileSlice(path, 0, 10)[start:stop]
    assert b"".join(part) == b"0123456789"[start:stop]
    assert len(part) == len(b"0123456789"[start:stop])


def test_a_reader_keeps_what_it_began(bodies: Bodies) -> None:
    """Deleting the file does not disturb who reads it."""
    body = bodies.stage_bytes(b"old").body
    reader = bodies.slice(body)
    bodies.discard([body.name])
    assert b"".join(reader) == b"old"


def test_a_copy_shares_the_bytes_and_outlives_the_original(bodies: Bodies) -> None:
    """A hard link under a name of its own."""
    first = bodies.stage_bytes(b"same").body
    second = bodies.stage_copy(first).body
    assert bodies.path(first).stat().st_ino == bodies.path(second).stat().st_ino
    bodies.discard([first.name])
    assert bodies.path(second).read_bytes() == b"same"


def test_keys_are_plain_files_where_they_can_be(bodies: Bodies) -> None:
    """Published, replaced and removed with the folders they needed."""
    for key, content in (("a/b/c", b"1"), ("a/b/d", b"2"), ("a/b/c", b"3")):
        bodies.publish("bucket", key, bodies.stage_bytes(content).body)
    assert files(bodies.tree) == {"bucket/a/b/c": b"3", "bucket/a/b/d": b"2"}
    bodies.publish("bucket", "a/b/c", None)
    bodies.publish("bucket", "a/b/d", None)
    assert list((bodies.tree / "bucket").iterdir()) == []


@pytest.mark.parametrize(
    "key", ["", "/", "a//b", "../x", "a/..", "./a", "x/", "n" * 300, "a\0b", "a\\b", ".other/x"]
)
def test_other_keys_have_a_second_place(bodies: Bodies, key: str) -> None:
    """Inside the bucket's folder, never outside."""
    bodies.publish("bucket", key, bodies.stage_bytes(b"x").body)
    name = hashlib.sha256(key.encode()).hexdigest()
    assert files(bodies.tree) == {f"bucket/.other/{name}": b"x"}
    bodies.publish("bucket", key, None)
    assert files(bodies.tree) == {}


def test_a_key_that_is_anothers_folder(bodies: Bodies) -> None:
    """Both are published, in either order."""
    for first, second in (("a", "a/b"), ("c/d", "c")):
        bodies.publish("bucket", first, bodies.stage_bytes(first.encode()).body)
        bodies.publish("bucket", second, bodies.stage_bytes(second.encode()).body)
    assert sorted(files(bodies.tree).values()) == [b"a", b"a/b", b"c", b"c/d"]


def test_what_nobody_has_is_cleared(bodies: Bodies) -> None:
    """After a kill between writing a body and naming it."""
    kept, lost = bodies.stage_bytes(b"kept").body, bodies.stage_bytes(b"lost").body
    bodies.discard_others({kept.name})
    assert set(files(bodies.folder)) == {kept.name}
    assert lost.name not in files(bodies.folder)


def test_the_tree_is_made_to_fit_the_keys(bodies: Bodies) -> None:
    """After a kill between row and link: missing files appear, left-over ones go, other people's stay."""
    new, old = bodies.stage_bytes(b"new").body, bodies.stage_bytes(b"old").body
    bodies.publish("bucket", "replaced", old)
    bodies.publish("bucket", "deleted/key", old)
    (bodies.tree / "bucket" / "note.txt").write_bytes(b"mine")
    bodies.publish_all({("bucket", "replaced"): new, ("bucket", "missing"): new, ("bucket", "a//b"): new})
    found = files(bodies.tree)
    other = f"bucket/.other/{hashlib.sha256(b'a//b').hexdigest()}"
    expected = {
        "bucket/replaced": b"new",
        "bucket/missing": b"new",
        other: b"new",
        "bucket/note.txt": b"mine",
    }
    assert found == expected


# -- bodies of requests


def request(body: bytes, **headers: str) -> dict[str, Any]:
    made: dict[str, Any] = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return made | {f"HTTP_{name}": value for name, value in headers.items()}


def crc(content: bytes) -> str:
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


def chunked(*chunks: bytes, signature: str = "", trailer: str = "") -> bytes:
    parts = [f"{len(chunk):x}{signature}\r\n".encode() + chunk + b"\r\n" for chunk in chunks]
    return b"".join(parts) + f"0{signature}\r\n{trailer}\r\n".encode()


def test_a_plain_body_is_taken_as_it_is(bodies: Bodies) -> None:
    """With its checksums, all of them right."""
    sha256 = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    environ = request(
        b"hello",
        CONTENT_MD5=base64.b64encode(hashlib.md5(b"hello").digest()).decode(),
        X_AMZ_CHECKSUM_CRC32=crc(b"hello"),
        X_AMZ_CHECKSUM_SHA256=sha256,
        X_AMZ_CONTENT_SHA256=hashlib.sha256(b"hello").hexdigest(),
    )
    assert bodies.path(stage(environ, bodies).body).read_bytes() == b"hello"


@pytest.mark.parametrize("signature", ["", ";chunk-signature=" + "0" * 64])
def test_a_chunked_body_is_put_together(bodies: Bodies, signature: str) -> None:
    """Its trailing checksum is checked and becomes a header."""
    trailer = f"x-amz-checksum-crc32:{crc(b'hello world')}\r\n"
    body = chunked(b"hello ", b"world", signature=signature, trailer=trailer)
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" if signature else "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    environ = request(body, X_AMZ_CONTENT_SHA256=kind, X_AMZ_DECODED_CONTENT_LENGTH="11")
    staged = stage(environ, bodies)
    assert bodies.path(staged.body).read_bytes() == b"hello world"
    assert environ["HTTP_X_AMZ_CHECKSUM_CRC32"] == crc(b"hello world")
    assert environ["HTTP_X_AMZ_CONTENT_SHA256"] == "UNSIGNED-PAYLOAD"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"CONTENT_MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest"),
        ({"X_AMZ_CHECKSUM_CRC32": "AAAAAA=="}, "BadDigest: The CRC32"),
        ({"X_AMZ_CHECKSUM_SHA1": "AAAA"}, "BadDigest: The SHA1"),
        ({"X_AMZ_CONTENT_SHA256": "0" * 64}, "XAmzContentSHA256Mismatch"),
        ({"X_AMZ_DECODED_CONTENT_LENGTH": "99"}, "IncompleteBody"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    bodies: Bodies, headers: dict[str, str], message: str
) -> None:
    """And leaves no file."""
    with pytest.raises(ApiError, match=message):
        stage(request(b"hello", **headers), bodies)
    assert files(bodies.folder) == {}


def test_a_chunked_body_that_breaks_off_is_refused(bodies: Bodies) -> None:
    """As an incomplete one."""
    environ = request(b"5\r\nhel", X_AMZ_CONTENT_SHA256="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    with pytest.raises(ApiError, match="IncompleteBody"):
        stage(environ, bodies)
