"""The outermost edge of a step's process: one reason where it fails, nothing left behind."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from steps.runtime.errors import StepError

# Longest reason that a processing job reports (ExitMessage).
MESSAGE_LIMIT = 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def base_folder() -> Path:
    """The root that SageMaker mounts a job's files under; its own variable for it is honoured."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def run(stages: Callable[[], None]) -> NoReturn:
    """Runs a step's stages and exits: 0 done, 1 could not, 2 wrong settings, 70 a fault of the code."""
    signal.signal(signal.SIGTERM, _stop)
    code = 0
    try:
        stages()
    except StepError as error:
        code = error.exit_code
        fail(error.fact, error.hint)
    except MemoryError:
        code = 1
        fail("out of memory", "use an instance type with more memory")
    except OSError as error:
        code = 1
        fail(
            f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}",
            "give the step a larger disk: volume_gb" if error.errno in _FULL else None,
        )
    except Exception as error:  # noqa: BLE001 - the edge: an unforeseen fault gets one reason too
        code = 70
        traceback.print_exc()
        fail(f"internal error: {type(error).__name__}: {error}")
    finally:
        if folder := os.environ.get("STEP_WORK_FOLDER"):
            os.chdir("/")
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.flush()
    sys.exit(code)


def without_texts(stages: Callable[[], None]) -> None:
    """Runs stages of a step whose data may go into no log: a fault of the code is told by its place alone."""
    try:
        stages()
    except (StepError, OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a step, stricter than `run`: the text may quote data
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        raise StepError(f"internal error: {type(error).__name__} at {where}") from None


def fail(fact: str, hint: str | None = None) -> None:
    """Writes the reason to stderr and where SageMaker looks for it."""
    text = fact if hint is None else f"{fact}\nhint: {hint}"
    print(f"error: {text}", file=sys.stderr, flush=True)
    message = base_folder() / "output" / "message"
    with contextlib.suppress(OSError):  # outside a container there is no such place
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text(text[:MESSAGE_LIMIT], encoding="utf-8", errors="backslashreplace")


def _stop(signum: int, _frame: object) -> NoReturn:
    """A stopped job ends its child processes too, which SystemExit unwinds."""
    sys.exit(128 + signum)
