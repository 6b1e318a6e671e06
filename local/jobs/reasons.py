"""Why a job ended, in words: FailureReason and ExitMessage as the service would put them."""

from __future__ import annotations

import errno
import signal
from collections.abc import Sequence
from pathlib import Path

MESSAGE_LENGTH = 1024  # API shapes ExitMessage and FailureReason


def exit_message(job_folder: Path) -> str | None:
    """What the program left in /opt/ml/output/message, cut to what the service takes."""
    try:
        text = (job_folder / "output" / "message").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text[:MESSAGE_LENGTH] or None


def failure(code: int, *, message: str | None, last_lines: Sequence[str], host: str | None = None) -> str:
    """`AlgorithmError: <what the program said>, exit code: <n>`.

    A program that left no message speaks through the last line of its log. `code` is negative where a
    signal ended it, and is given as a shell would: 128 and the signal's number.
    """
    if code < 0:
        what, code = _signal(-code), 128 - code
    else:
        what = message or next((line.strip() for line in reversed(last_lines) if line.strip()), "")
    place = f"{host}: " if host else ""
    end = f", exit code: {code}"
    return cut(f"AlgorithmError: {place}{what}", MESSAGE_LENGTH - len(end)) + end


def _signal(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    more = " (the machine may have run out of memory)" if number == signal.SIGKILL else ""
    return f"the program was ended by signal {number}, {name}{more}"


def over_time(seconds: int) -> str:
    return f"ClientError: MaxRuntimeExceeded: the job ran over its MaxRuntimeInSeconds of {seconds} seconds"


def broken(error: OSError) -> str:
    """A fault of the machine under the job; a full disk is the user's to mend, the rest is internal."""
    path = error.filename2 or error.filename  # of a copy, the place it was to go to
    place = f" on '{path}'" if path else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"ClientError: the disk is full{place}: free some space and retry the execution"
    return f"InternalServerError: {error.strerror or error}{place}"


def cut(text: str, length: int = MESSAGE_LENGTH) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."
