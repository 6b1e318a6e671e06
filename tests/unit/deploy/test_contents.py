"""What is different in bundles, settings and data, as far as the bucket still tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from definition.comparison import Change, Detail
from deploy.planning.contents import (
    DAMAGED,
    GONE,
    NOT_READABLE,
    details_of,
    function_details,
    unpacked,
    unzipped,
)
from pipelines.assets import Asset
from pipelines.bundles import archive
from tests.unit.deploy.fakes import BUCKET, FakeAws, refusal
from tests.unit.deploy.zips import zipped

OLD, NEW = "a" * 64, "b" * 64


def change(kind: str, folder: str) -> Change:
    """Of an address in the bucket, from the old hash to the new one."""
    before, after = (f"s3://{BUCKET}/{folder}/{digest}" for digest in (OLD, NEW))
    return Change(kind, "prepare", "what", before, after, values=(before, after))


def details(fake: FakeAws, kind: str, folder: str, *assets: Asset) -> list[Detail]:
    """What is known of it."""
    return list(details_of(fake.aws, BUCKET, change(kind, folder), {asset.key: asset for asset in assets}))


def code(**files: str) -> bytes:
    return archive({f"steps/prepare/{name}.py": text.encode() for name, text in files.items()})


def shipped(digest: str, body: bytes, entrypoint: bytes = b"start") -> dict[str, bytes]:
    folder = f"local/code/prepare/{digest}"
    return {f"{folder}/source.tar.gz": body, f"{folder}/entrypoint.py": entrypoint}


def new_code(body: bytes, entrypoint: bytes = b"start") -> list[Asset]:
    return [Asset(key, body=content) for key, content in shipped(NEW, body, entrypoint).items()]


def keep(fake: FakeAws, objects: dict[str, bytes]) -> None:
    fake.s3.objects |= {(BUCKET, key): body for key, body in objects.items()}


def test_the_files_of_a_bundle_that_differ_are_named() -> None:
    """Added, removed and changed ones with their lines; those that are the same are not."""
    fake = FakeAws()
    keep(fake, shipped(OLD, code(same="x", gone="x", rows="one\ntwo\n")))
    body = code(same="x", come="x", rows="one\n2\nthree\n")
    assert details(fake, "code", "local/code/prepare", *new_code(body, b"other")) == [
        Detail("steps/prepare/come.py", "added"),
        Detail("steps/prepare/gone.py", "removed"),
        Detail("steps/prepare/rows.py", "+2 -1 lines"),
        Detail("steps/runtime/entrypoint.py", "+1 -1 lines"),
    ]


def test_settings_are_compared_by_meaning() -> None:
    """The setting's path, before and after."""
    fake = FakeAws()
    old = {"data": {"rows": {"training": 10}, "columns": ["a"]}}
    new = {"data": {"rows": {"training": 20}, "columns": ["a", "b"]}}
    keep(fake, {f"local/settings/{OLD}/settings.json": json.dumps(old).encode()})
    asset = Asset(f"local/settings/{NEW}/settings.json", body=json.dumps(new).encode())
    assert details(fake, "settings", "local/settings", asset) == [
        Detail("data.rows.training", "10 -> 20"),
        Detail("data.columns[1]", "nothing -> b"),
    ]


def test_data_are_compared_by_name_and_size() -> None:
    """Data may be large: they are not read."""
    fake = FakeAws()
    fake.s3.page = 1
    keep(fake, {f"local/data/{OLD}/{name}": b"12" for name in ("a", "b", "c")})
    assets = [
        Asset(f"local/data/{NEW}/{name}", body=b) for name, b in {"a": b"12", "b": b"3", "d": b"4"}.items()
    ]
    assert details(fake, "data", "local/data", *assets) == [
        Detail("b", "2 B -> 1 B"),
        Detail("c", "removed"),
        Detail("d", "added (1 B)"),
    ]
    same_size = Asset(f"local/data/{NEW}/a", body=b"21")
    fake.s3.objects = {(BUCKET, f"local/data/{OLD}/a"): b"12"}
    assert details(fake, "data", "local/data", same_size) == [
        Detail("", "other content of the same size (2 B)")
    ]


@pytest.mark.parametrize(("kind", "folder"), [("code", "local/code/prepare"), ("settings", "local/settings")])
def test_what_is_gone_is_said_to_be(kind: str, folder: str) -> None:
    """The old object was cleaned up: one line, no error."""
    assert details(FakeAws(), kind, folder, *new_code(code(a="x"))) == [GONE]
    assert details(FakeAws(), "data", "local/data") == [GONE]


def test_what_may_not_be_read_is_said_to_be() -> None:
    """A role that plans need not read code; any other refusal is raised."""

    class Closed(FakeAws):
        code = "AccessDenied"

    fake = Closed()

    def get_object(**_: Any) -> Any:
        raise refusal("GetObject", fake.code, "no", 403)

    fake.s3.get_object = get_object  # type: ignore[method-assign]
    assert details(fake, "code", "local/code/prepare") == [NOT_READABLE]
    fake.code = "SlowDown"
    with pytest.raises(type(refusal("x", "y", "z")), match="SlowDown"):
        details(fake, "code", "local/code/prepare")


@pytest.mark.parametrize("body", [b"", b"no archive", code(a="x")[:300], b"\x1f\x8b\x08" + b"\x00" * 20])
def test_a_damaged_archive_is_said_to_be(body: bytes) -> None:
    """What lies in a bucket may be anything."""
    fake = FakeAws()
    keep(fake, shipped(OLD, body))
    assert details(fake, "code", "local/code/prepare", *new_code(code(a="x"))) == [DAMAGED]


def test_an_archive_that_is_too_large_is_not_unpacked() -> None:
    """By what its members say, before they are read."""
    with pytest.raises(ValueError, match="over 3 bytes"):
        unpacked(code(a="xx", b="xx"), largest=3)
    with pytest.raises(ValueError, match="over 3 bytes"):
        unzipped(zipped({"a": b"xx", "b": b"xx"}), largest=3)


def test_functions_are_compared_file_by_file() -> None:
    """As bundles are; a binary file is said to have changed."""
    fake = FakeAws()
    keep(fake, {"local/functions/wait/old.zip": zipped({"poll.py": b"a\n", "blob": b"\xff"})})
    new = zipped({"poll.py": b"a\nb\n", "blob": b"\xfe"})
    assert function_details(fake.aws, BUCKET, "local/functions/wait/old.zip", new) == (
        Detail("blob", "changed"),
        Detail("poll.py", "+1 -0 lines"),
    )
    assert function_details(fake.aws, BUCKET, "local/functions/gone.zip", new) == (GONE,)
