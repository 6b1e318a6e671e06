"""How a job gets its own /opt/ml on this machine: found out once, by trying."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TypeVar

from local.jobs import mounts

T = TypeVar("T")

_LAUNCHER = Path(mounts.__file__).with_name("launcher.py")
_ROOT = re.compile(r"(?<![\w./-])/opt/ml(?=/|$)")
# SageMaker's own toolkits read the place of /opt/ml from it.
BASE_VARIABLE = "SAGEMAKER_BASE_DIR"


class Mode(Enum):
    """The value is what `doctor` says."""

    NAMESPACE = "every job sees its own folder as /opt/ml (mount namespace)"
    USER_NAMESPACE = "every job sees its own folder as /opt/ml (user and mount namespace)"
    PATHS = (
        "jobs get their folder's path in place of /opt/ml; scripts with /opt/ml written in them are refused"
    )


@functools.cache
def isolation_mode() -> Mode:
    """The best mode that works here; a few milliseconds the first time."""
    return next(working_modes())


def working_modes() -> Iterator[Mode]:
    """Every mode that works here, the best first; each is tried when it is asked for."""
    if sys.platform == "linux":
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "seen").touch()
            if _thread_can(folder):
                yield Mode.NAMESPACE
            if _launcher_can(folder):
                yield Mode.USER_NAMESPACE
    yield Mode.PATHS


def _thread_can(folder: Path) -> bool:
    def look() -> bool:
        mounts.show_folder(str(folder), read_only=str(folder))
        return Path(mounts.MOUNT_POINT, "seen").exists()

    try:
        return in_thread_of_its_own(look)
    except OSError:
        return False


def _launcher_can(folder: Path) -> bool:
    command = through_launcher(["/bin/sh", "-c", f"test -e {mounts.MOUNT_POINT}/seen"], folder, folder)
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def through_launcher(command: Sequence[str], folder: Path, protected: Path) -> list[str]:
    return [sys.executable, "-I", "-S", str(_LAUNCHER), str(folder), str(protected), *command]


def in_thread_of_its_own(work: Callable[[], T]) -> T:
    """Runs in a fresh thread: a mount namespace entered there is gone with it (but for its children)."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits, whatever it is
            errors.append(error)

    thread = threading.Thread(target=run, name="namespace", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def with_real_paths(text: str, folder: Path) -> str:
    """`/opt/ml` at the beginning of a path becomes the folder."""
    return _ROOT.sub(lambda _: str(folder), text)


def rewritten(values: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {name: with_real_paths(value, folder) for name, value in values.items()}


def scripts_with_fixed_paths(folder: Path) -> list[Path]:
    """Scripts below a folder that have /opt/ml written in them and do not ask SAGEMAKER_BASE_DIR."""
    scripts = (path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".sh") and path.is_file())
    return [path for path in scripts if _has_fixed_path(path.read_text(encoding="utf-8", errors="replace"))]


def _has_fixed_path(text: str) -> bool:
    return mounts.MOUNT_POINT in text and BASE_VARIABLE not in text
