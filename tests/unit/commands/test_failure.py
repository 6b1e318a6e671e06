"""What a person reads when a command fails."""

from __future__ import annotations

import errno
import io
import sys

import pytest

from commands.failure import report
from commands.terminal import Terminal
from config.errors import PlatformError


def told(error: Exception, *words: str) -> tuple[int, str]:
    """The exit code and what stands on stderr."""
    terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO())
    code = report(error, words, terminal)
    assert isinstance(terminal.stderr, io.StringIO)
    return code, terminal.stderr.getvalue()


def test_an_error_of_ours_is_a_fact_and_a_hint() -> None:
    """Two lines, its own exit code."""
    assert told(PlatformError("this is so", hint="do that")) == (2, "this is so\nhint: do that\n")


def test_without_a_hint_there_is_the_fact_alone() -> None:
    """No empty hint."""
    assert told(PlatformError("this is so")) == (2, "this is so\n")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_so(number: int) -> None:
    """With the file, when it is known; exit code 1."""
    code, text = told(OSError(number, "No space left on device", "/data/x"))
    assert code == 1
    assert text.startswith("the disk is full while writing '/data/x'\nhint: free some space")


def test_a_package_that_is_missing_names_the_right_python() -> None:
    """A third party's: the Python is the wrong one."""
    code, text = told(ModuleNotFoundError("No module named 'rich'", name="rich.console"))
    assert code == 2
    assert text == (
        f'the package "rich.console" is not installed in this Python ({sys.executable})\n'
        "hint: make platform, then .venv/bin/python run_pipeline.py ...\n"
    )


def test_a_fault_of_ours_is_told_as_one() -> None:
    """No traceback, and how to see it."""
    code, text = told(ValueError("oops"), "run", "a b")
    assert code == 1
    assert text == (
        "unexpected ValueError: oops\n"
        "hint: this is a fault of the platform; `run_pipeline.py run 'a b' --debug` shows where\n"
    )


def test_debug_shows_the_traceback_too() -> None:
    """Before the fact, so that the fact is the last thing read."""
    _, text = told(PlatformError("this is so"), "run", "--debug")
    assert text.startswith("config.errors.PlatformError: this is so")
    assert text.endswith("\nthis is so\n")
