"""Why a job ended, in words."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from local.jobs import reasons

MEMORY = "(the machine may have run out of memory)"


@pytest.mark.parametrize(
    ("code", "message", "lines", "host", "expected"),
    [
        (1, "no rows", ["x"], None, "AlgorithmError: no rows, exit code: 1"),
        (
            2,
            None,
            ["Traceback", "ValueError: bad", ""],
            None,
            "AlgorithmError: ValueError: bad, exit code: 2",
        ),
        (3, None, [], None, "AlgorithmError: , exit code: 3"),
        (1, "no rows", [], "algo-2", "AlgorithmError: algo-2: no rows, exit code: 1"),
        (
            -9,
            None,
            ["x"],
            None,
            f"AlgorithmError: the program was ended by signal 9, SIGKILL {MEMORY}, exit code: 137",
        ),
        (-11, None, [], None, "AlgorithmError: the program was ended by signal 11, SIGSEGV, exit code: 139"),
    ],
)
def test_failures(code: int, message: str | None, lines: list[str], host: str | None, expected: str) -> None:
    """The program's own message, else its last line; signals by name."""
    assert reasons.failure(code, message=message, last_lines=lines, host=host) == expected


def test_a_long_reason_keeps_its_exit_code() -> None:
    """Cut in the middle, to what the service takes."""
    reason = reasons.failure(7, message="x" * 5000, last_lines=[])
    assert len(reason) == 1024
    assert reason.endswith("..., exit code: 7")


def test_the_exit_message_is_cut(tmp_path: Path) -> None:
    """/opt/ml/output/message, 1024 characters of it; none where there is no file."""
    assert reasons.exit_message(tmp_path) is None
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "message").write_text("é" * 2000, encoding="utf-8")
    assert reasons.exit_message(tmp_path) == "é" * 1024


def test_a_full_disk_is_said_in_words() -> None:
    """With the place that could not be written; other faults are internal."""
    full = OSError(errno.ENOSPC, "No space left on device", "/s3/x", None, "/jobs/x")
    assert reasons.broken(full) == (
        "ClientError: the disk is full on '/jobs/x': free some space and retry the execution"
    )
    assert reasons.broken(OSError(errno.EIO, "Input/output error", "/x")) == (
        "InternalServerError: Input/output error on '/x'"
    )
