"""requirements/install.py as the process that make starts, in a checkout whose locks name nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.steps import ROOT

pytestmark = pytest.mark.functional


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the installer and empty locks, under a name that a shell would have to quote."""
    folder = tmp_path / "it's a Größe"
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(ROOT / "requirements" / "install.py", folder / "requirements")
    for name in ("platform.txt", "dev.txt"):
        (folder / "requirements" / name).write_text("# nothing\n", encoding="utf-8")
    return folder


def install(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "requirements/install.py", "platform"],
        cwd=checkout,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def pip(checkout: Path) -> int:
    python = str(checkout / ".venv" / "bin" / "python")
    return subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode


def test_an_environment_that_was_not_finished_is_made_anew(checkout: Path) -> None:
    """A kill between the link to Python and pip, and a Python that was removed since, are made good."""
    half = checkout / ".venv" / "bin"
    half.mkdir(parents=True)
    (half / "python").symlink_to(sys.executable)
    assert install(checkout).returncode == 0
    assert pip(checkout) == 0
    assert install(checkout).stdout == ""  # nothing left to do

    (half / "python").unlink()
    (half / "python").symlink_to("/usr/bin/python-that-was-removed")
    assert install(checkout).returncode == 0
    assert pip(checkout) == 0


def test_a_checkout_that_cannot_be_written_is_said(checkout: Path) -> None:
    """One fact with the place, one hint, no traceback."""
    (checkout / ".venv.lock").mkdir()
    ended = install(checkout)
    assert (ended.returncode, ended.stdout) == (1, "")
    fact, hint = ended.stderr.splitlines()
    assert fact == f"error: cannot write to {checkout / '.venv.lock'}: Is a directory"
    assert hint == "hint: use a checkout on a disk with room that this user may write to"
