"""Files that a person asked for, wherever that is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.whole_file import UnwritableError, write


def test_the_folder_is_made_and_a_file_replaced(tmp_path: Path) -> None:
    """Nothing but the file is left."""
    path = tmp_path / "made" / "page.html"
    write(path, b"old", what="the page", option="--to FILE")
    write(path, b"new", what="the page", option="--to FILE")

    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_is_told_with_the_option(tmp_path: Path) -> None:
    """Below a file, and where a folder stands; nothing is left beside it."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()

    for path, why in (
        (tmp_path / "file" / "x", "File exists|Not a directory"),
        (tmp_path / "folder", "Is a"),
        (Path(), "Is a|Device or resource busy"),
    ):
        with pytest.raises(
            UnwritableError, match=f'^the page cannot be written to "{path}": ({why})'
        ) as caught:
            write(path, b"x", what="the page", option="--to FILE")
        assert caught.value.hint == "name another place: --to FILE"
        assert caught.value.exit_code == 2
    assert {each.name for each in tmp_path.iterdir()} == {"file", "folder"}


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """As /dev/stdout would be; a link stays one, and what it leads to is written."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    for place, why in ((pipe, "it is no file"), (Path("/"), "Is a directory")):
        with pytest.raises(UnwritableError, match=f'the plan cannot be written to "{place}": {why}'):
            write(place, b"x", what="the plan", option="--out FILE")
    assert pipe.is_fifo()
    link.symlink_to(tmp_path / "plan.json")
    write(link, b"x", what="the plan", option="--out FILE")
    assert link.is_symlink()
    assert (tmp_path / "plan.json").read_bytes() == b"x"
