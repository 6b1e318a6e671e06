"""One instance of a job: a process in a folder of its own, its output in the log line by line."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from local.jobs import mounts
from local.jobs.isolation import (
    BASE_VARIABLE,
    Mode,
    in_thread_of_its_own,
    rewritten,
    through_launcher,
    with_real_paths,
)

_LOG = logging.getLogger(__name__)
_LONGEST_LINE = 64 * 1024
_PUMP_GRACE_SECONDS = 2.0


class ProcessRunner(Protocol):
    """local/children.py"""

    def spawn(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, stdout: int
    ) -> subprocess.Popen[Any]: ...
    def ended(self, process: subprocess.Popen[Any]) -> None: ...
    def kill(self, process: subprocess.Popen[Any], *, grace_seconds: float = 0) -> None: ...


@dataclass(frozen=True)
class Command:
    """What an instance runs, as the container would see it: paths below /opt/ml."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    protected: Path


class Instance:
    """`lines` hears what the program prints, a few lines at a time."""

    def __init__(
        self,
        host: str,
        process: subprocess.Popen[Any],
        children: ProcessRunner,
        lines: Callable[[list[str]], None],
    ) -> None:
        self.host = host
        self.last_lines: deque[str] = deque(maxlen=20)
        self._process = process
        self._children = children
        self._lines = lines
        self._pump = threading.Thread(target=self._read, name=f"log of {host}", daemon=True)
        self._pump.start()

    def wait(self) -> int:
        """The exit code, negative for a signal; all that the program left running is killed."""
        code = self._process.wait()
        self._children.ended(self._process)
        # A process that left the group may hold the output open: its lines are not waited for.
        self._pump.join(_PUMP_GRACE_SECONDS)
        return code

    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self, *, grace_seconds: float) -> None:
        """Asks the whole group to end, and kills what has not after the grace."""
        self._children.kill(self._process, grace_seconds=grace_seconds)
        self._pump.join(_PUMP_GRACE_SECONDS)

    def _read(self) -> None:
        stream: IO[bytes] = self._process.stdout  # type: ignore[assignment]  # spawned with a pipe
        rest = b""
        with stream:
            while chunk := stream.read1(_LONGEST_LINE):  # type: ignore[attr-defined]  # a BufferedReader
                *whole, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LONGEST_LINE:
                    whole, rest = [*whole, rest], b""
                self._tell(whole)
            self._tell([rest] if rest else [])

    def _tell(self, raw: list[bytes]) -> None:
        """Of a line that was overwritten by carriage returns (a progress bar), the last state is kept."""
        lines = [line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2] for line in raw]
        if not lines:
            return
        self.last_lines.extend(lines)
        try:
            self._lines(lines)
        except OSError as error:  # a full disk: the program must still find a reader
            _LOG.warning("log lines of %s are lost: %s", self.host, error)


def start(
    host: str,
    command: Command,
    folder: Path,
    *,
    mode: Mode,
    children: ProcessRunner,
    lines: Callable[[list[str]], None],
) -> Instance:
    """Starts the command with `folder` as its /opt/ml; OSError where it cannot be started."""
    return Instance(host, _STARTERS[mode](command, folder, children), children, lines)


def _in_namespace(command: Command, folder: Path, children: ProcessRunner) -> subprocess.Popen[Any]:
    def spawn() -> subprocess.Popen[Any]:
        mounts.show_folder(str(folder), read_only=str(command.protected))
        return _spawn(command.arguments, command.environment, Path(mounts.MOUNT_POINT), children)

    return in_thread_of_its_own(spawn)


def _in_user_namespace(command: Command, folder: Path, children: ProcessRunner) -> subprocess.Popen[Any]:
    launched = through_launcher(command.arguments, folder, command.protected)
    return _spawn(launched, command.environment, folder, children)


def _with_paths(command: Command, folder: Path, children: ProcessRunner) -> subprocess.Popen[Any]:
    arguments = [with_real_paths(argument, folder) for argument in command.arguments]
    environment = {BASE_VARIABLE: str(folder), **rewritten(command.environment, folder)}
    return _spawn(arguments, environment, folder, children)


def _spawn(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, children: ProcessRunner
) -> subprocess.Popen[Any]:
    return children.spawn(arguments, environment=environment, folder=folder, stdout=subprocess.PIPE)


_Starter = Callable[[Command, Path, ProcessRunner], "subprocess.Popen[Any]"]
_STARTERS: Mapping[Mode, _Starter] = {
    Mode.NAMESPACE: _in_namespace,
    Mode.USER_NAMESPACE: _in_user_namespace,
    Mode.PATHS: _with_paths,
}
