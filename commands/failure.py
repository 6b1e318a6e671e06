"""What a person reads when a command fails: one fact, a hint, and the exit code that belongs to it."""

from __future__ import annotations

import errno
import shlex
import sys
import traceback
from collections.abc import Sequence

from commands.terminal import Terminal
from config.errors import PlatformError

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
# Packages of this repository: that one of them is missing is our fault and not the installation's.
OURS = frozenset({"commands", "config", "definition", "deploy", "local", "pipelines", "steps"})


def report(error: Exception, words: Sequence[str], terminal: Terminal) -> int:
    """Writes the error to stderr; returns its exit code. A traceback only with --debug."""
    known = as_platform_error(error)
    if "--debug" in words:
        terminal.note("".join(traceback.format_exception(error)))
    if known is None:
        known = UnexpectedError(error, words)
    terminal.note(known.fact)
    for hint in (known.hint or "").splitlines():
        terminal.note(f"hint: {hint}")
    return known.exit_code


def as_platform_error(error: Exception) -> PlatformError | None:
    """The error in the project's own terms; None for one that nobody foresaw."""
    if isinstance(error, PlatformError):
        return error
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return FullDiskError(error)
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.partition(".")[0] not in OURS:
        return MissingPackageError(error.name)
    if "botocore" in sys.modules:  # an error of AWS cannot come from a command that never loaded it
        from deploy.errors import explain

        return explain(error)
    return None


class MissingPackageError(PlatformError):
    """A Python without what the platform needs: most likely not the one of .venv."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f'the package "{package}" is not installed in this Python ({sys.executable})',
            hint="make platform, then .venv/bin/python run_pipeline.py ...",
        )


class FullDiskError(PlatformError):
    """A file could not be written for want of space."""

    exit_code = 1

    def __init__(self, error: OSError) -> None:
        place = f" while writing '{error.filename}'" if error.filename else ""
        super().__init__(
            f"the disk is full{place}",
            hint="free some space (`df -h .` shows how much there is), then run the command again",
        )


class UnexpectedError(PlatformError):
    """Nobody foresaw this one: a fault of the platform, told so."""

    exit_code = 1

    def __init__(self, error: Exception, words: Sequence[str]) -> None:
        super().__init__(
            f"unexpected {type(error).__name__}: {error}",
            hint=f"this is a fault of the platform; `run_pipeline.py {shlex.join([*words, '--debug'])}` "
            "shows where",
        )
