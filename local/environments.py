"""Python environments of steps: one virtual environment per content of a requirements file, built once.

    <folder>/<key>/            the environment; `bin/python` in it, and `complete.json` once it is whole
    <folder>/<key>.lock        held while it is built
    <folder>/<key>.log         what pip said

The key is a hash of the requirements (with the files they include) and of the Python they are for. A build
that was killed has no `complete.json` and is thrown away by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from config.errors import PlatformError
from local.scrubbing import with_proxies

Report = Callable[[str], None]
_PIP_OPTIONS = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
# What would make the new environment look at another one's packages.
_LEFT_OUT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


class EnvironmentBuildError(PlatformError):
    """An environment that could not be built; `log` holds all that pip said."""

    def __init__(self, requirements: Path | None, reason: str, log: Path) -> None:
        what = f"the requirements '{requirements}'" if requirements else "a bare environment"
        super().__init__(f"cannot install {what}: {reason}", hint=f"the whole log: {log}")
        self.requirements = requirements
        self.reason = reason
        self.log = log


class Builder(Protocol):
    """Runs one command of a build, telling every line it prints; returns the exit code."""

    def __call__(self, command: Sequence[str], *, folder: Path, keep_open: int, line: Report) -> int: ...


class Environments:
    """For any number of threads and processes at once: one builds, the others wait."""

    def __init__(self, folder: Path, *, run: Builder | None = None) -> None:
        self._folder = folder
        self._run = run or run_command
        self._version = platform.python_version()

    def ensure(self, requirements: Path | None, *, report: Report | None = None) -> Path:
        """The Python of the environment with these requirements (None: with nothing), built if needed.

        `report` hears a line for every sign of progress, and nothing where there was nothing to do; what it
        raises ends the build. The user's own pip configuration applies. Raises EnvironmentBuildError.
        """
        home = self._folder / self.key(requirements)
        if not _is_whole(home):
            self._build(home, requirements, report or _silence)
        return home / "bin" / "python"

    def is_built(self, requirements: Path | None) -> bool:
        return _is_whole(self._folder / self.key(requirements))

    def key(self, requirements: Path | None) -> str:
        """Same content, same Python: same environment, whatever the file is called."""
        texts = list(_texts(requirements, seen=set())) if requirements else []
        parts = [*texts, self._version, platform.machine(), sys.platform]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _build(self, home: Path, requirements: Path | None, report: Report) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(home.with_suffix(".lock"), report) as lock:
            if _is_whole(home):  # built while we waited
                return
            shutil.rmtree(home, ignore_errors=True)
            began = time.monotonic()
            report(f"building the environment of {requirements or 'a bare Python'}")
            log = home.with_suffix(".log")
            with log.open("w", encoding="utf-8") as file:
                recent = _Recent(file.write, report)
                for command in self._commands(home, requirements):
                    if self._run(command, folder=self._folder, keep_open=lock, line=recent) != 0:
                        shutil.rmtree(home, ignore_errors=True)
                        raise EnvironmentBuildError(requirements, recent.reason(), log)
            seconds = time.monotonic() - began
            _mark_whole(
                home, {"python": self._version, "requirements": str(requirements), "seconds": seconds}
            )
            report(f"built the environment of {requirements or 'a bare Python'} in {seconds:.1f} s")

    def _commands(self, home: Path, requirements: Path | None) -> Iterator[list[str]]:
        yield [sys.executable, "-m", "venv", str(home)]
        if requirements is not None:
            pip = [str(home / "bin" / "python"), "-m", "pip", "install", *_PIP_OPTIONS]
            yield [*pip, "--requirement", str(requirements.resolve())]


class _Recent:
    """Hears every line: writes it, reports it, and remembers the last ones for the reason of a failure."""

    def __init__(self, write: Callable[[str], object], report: Report) -> None:
        self._write = write
        self._report = report
        self._lines: deque[str] = deque(maxlen=50)

    def __call__(self, line: str) -> None:
        self._write(f"{line}\n")
        self._report(line)
        self._lines.append(line)

    def reason(self) -> str:
        errors = [line for line in self._lines if "error" in line.lower()]
        return (errors or [*self._lines] or ["it said nothing"])[-1].strip()


def run_command(command: Sequence[str], *, folder: Path, keep_open: int, line: Report) -> int:
    """`keep_open` is a file that the command holds open as long as it lives: the lock of the build."""
    environment = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    with subprocess.Popen(
        with_proxies(command, environment),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=(keep_open,),
        start_new_session=True,
    ) as process:
        try:
            for text in process.stdout or ():
                line(text.rstrip())
        except BaseException:  # who listens has had enough: nothing must go on installing
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[int]:
    """Holds the file's lock. A build's commands inherit it: killed without them, we still keep others out."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another build of the same environment")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _texts(path: Path, *, seen: set[Path]) -> Iterator[str]:
    """The text of a requirements file and of every file that it includes (-r, -c)."""
    path = path.resolve()
    if path in seen:
        return
    seen.add(path)
    text = path.read_text(encoding="utf-8")
    yield text
    for line in text.splitlines():
        option, _, name = line.strip().replace("=", " ").partition(" ")
        if option in ("-r", "--requirement", "-c", "--constraint") and "://" not in name:
            yield from _texts(path.parent / name.strip(), seen=seen)


def _is_whole(home: Path) -> bool:
    return (home / "complete.json").is_file()


def _mark_whole(home: Path, facts: Mapping[str, object]) -> None:
    temporary = home / ".complete.json"
    temporary.write_text(json.dumps(facts), encoding="utf-8")
    temporary.replace(home / "complete.json")


def _silence(_line: str) -> None:
    """Where nobody listens."""
