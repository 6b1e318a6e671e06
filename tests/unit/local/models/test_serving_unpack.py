"""Archives of strangers: inside the folder, or not at all."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from local.automl.run import pack
from local.serving.unpack import ArchiveError, unpack


def archive(file: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(file, "w:gz") as tar:
        for member in members:
            member.size = 4 if member.isfile() else 0
            tar.addfile(member, io.BytesIO(b"text") if member.isfile() else None)
    return file


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def test_files_and_folders_arrive(tmp_path: Path) -> None:
    """With the names that archives often have."""
    unpack(archive(tmp_path / "m.tar.gz", member("./a.json"), member("deep/b.json")), tmp_path / "to")
    assert (tmp_path / "to" / "a.json").read_text(encoding="utf-8") == "text"
    assert (tmp_path / "to" / "deep" / "b.json").is_file()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (member("../outside"), "points outside the folder"),
        (member("/etc/outside"), "points outside the folder"),
        (member("a/../../outside"), "points outside the folder"),
        (member("link", tarfile.SYMTYPE, "/etc"), "neither a file nor a folder"),
        (member("link", tarfile.LNKTYPE, "../outside"), "neither a file nor a folder|cannot be unpacked"),
        (member("pipe", tarfile.FIFOTYPE), "neither a file nor a folder"),
    ],
)
def test_what_leads_out_or_is_no_file_is_refused(tmp_path: Path, bad: tarfile.TarInfo, reason: str) -> None:
    """And nothing is written outside."""
    target = tmp_path / "to"
    target.mkdir()
    with pytest.raises(ArchiveError, match=reason):
        unpack(archive(tmp_path / "m.tar.gz", bad), target)
    assert not (tmp_path / "outside").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    """A truncated download, or a text."""
    (tmp_path / "m.tar.gz").write_bytes(b"<html>")
    with pytest.raises(ArchiveError, match=r"m\.tar\.gz cannot be unpacked"):
        unpack(tmp_path / "m.tar.gz", tmp_path)


def test_what_is_packed_can_be_unpacked_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    """No times, owners or orders of the file system in it."""
    model = tmp_path / "model"
    model.mkdir()
    for name in ("config.json", "weights"):
        (model / name).write_text(name, encoding="utf-8")
    pack(model, tmp_path / "1.tar.gz")
    (model / "config.json").touch()
    pack(model, tmp_path / "2.tar.gz")
    assert (tmp_path / "1.tar.gz").read_bytes() == (tmp_path / "2.tar.gz").read_bytes()
    unpack(tmp_path / "1.tar.gz", tmp_path / "to")
    assert (tmp_path / "to" / "weights").read_text(encoding="utf-8") == "weights"
