"""Downloads: whole or not there, below the folder and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.observing.download import DownloadError, download, place_of
from deploy.observing.outputs import File
from tests.unit.deploy.fakes import BUCKET, FakeAws

BASE = f"s3://{BUCKET}/local/executions/p/x/"


def files(fake: FakeAws, *keys: str, body: bytes = b"content") -> list[File]:
    """Objects below the execution's folder."""
    found = []
    for key in keys:
        uri = BASE + key
        fake.s3.objects[BUCKET, uri.removeprefix(f"s3://{BUCKET}/")] = body
        found.append(File("step", uri, uri, len(body)))
    return found


def listed(folder: Path) -> list[str]:
    """What lies there."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_lie_as_the_execution_wrote_them(tmp_path: Path) -> None:
    """Paths begin after the execution's folder; names in any script; others below their bucket."""
    fake = FakeAws()
    wanted = files(fake, "prepare/report.html", "prepare/übersicht 报告.txt")
    fake.s3.objects["other", "a/b"] = b"x"
    wanted.append(File("", "s3://other/a/b", "", 1))
    saved = download(fake.aws, wanted, tmp_path / "to", base=BASE)
    assert all(each.path and not each.problem for each in saved)
    assert listed(tmp_path / "to") == [
        "elsewhere/other/a/b",
        "prepare/report.html",
        "prepare/übersicht 报告.txt",
    ]
    assert (tmp_path / "to/prepare/report.html").read_bytes() == b"content"


@pytest.mark.parametrize(
    "key", ["../out", "a/../../out", "a//b", "/etc/passwd", "a/./b", "a\\..\\b", "c:evil", "a\0b", "x" * 300]
)
def test_keys_that_are_no_paths_are_refused(tmp_path: Path, key: str) -> None:
    """And nothing is written anywhere; the other files come all the same."""
    fake = FakeAws()
    saved = download(fake.aws, files(fake, key, "fine"), tmp_path / "to", base=BASE)
    assert [each.path is None for each in saved] == [True, False]
    assert saved[0].problem == "its key is no path that can be used here"
    assert listed(tmp_path) == ["to/fine"]


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    """Somebody may have put it there before."""
    fake = FakeAws()
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "prepare").symlink_to(outside)
    (saved,) = download(fake.aws, files(fake, "prepare/x"), tmp_path / "to", base=BASE)
    assert saved.problem == '"prepare" leads out of the folder'
    assert listed(outside) == []


def test_a_broken_transfer_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    """Fewer bytes than the object has are no file."""
    fake = FakeAws()
    wanted = files(fake, "a")
    answer = fake.s3.get_object

    def short(**request: Any) -> dict[str, Any]:
        return {**answer(**request), "ContentLength": 100}

    (tmp_path / "a").write_bytes(b"old")
    fake.s3.get_object = short  # type: ignore[method-assign]
    (saved,) = download(fake.aws, wanted, tmp_path, base=BASE)
    assert saved.problem == "7 of 100 bytes came"
    assert (tmp_path / "a").read_bytes() == b"old"
    assert listed(tmp_path) == ["a"]


def test_what_is_gone_and_what_stands_in_the_way_are_told(tmp_path: Path) -> None:
    """One after the other, without stopping at the first."""
    fake = FakeAws()
    wanted = files(fake, "a", "a/b", "c")
    del fake.s3.objects[BUCKET, "local/executions/p/x/c"]
    first, second, third = download(fake.aws, wanted, tmp_path, base=BASE)
    assert first.path == tmp_path / "a"
    assert second.path is None
    assert third.problem == "it is gone from S3"


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    """A file stands where it should be."""
    (tmp_path / "to").write_bytes(b"")
    with pytest.raises(DownloadError, match=r'"[^"]*/to" cannot be made') as caught:
        download(FakeAws().aws, [], tmp_path / "to", base=BASE)
    assert caught.value.hint == "name another folder with --to"


def test_markers_of_empty_folders_are_left_out(tmp_path: Path) -> None:
    """The console makes objects whose keys end with a slash."""
    fake = FakeAws()
    marker = File("", f"{BASE}prepare/", "", 0)
    assert download(fake.aws, [marker], tmp_path, base=BASE) == ()
    assert place_of(f"{BASE}a/b", BASE) == Path("a/b")
