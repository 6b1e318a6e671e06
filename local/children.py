"""Processes that the stand-in starts: a clean environment, a group of their own, and an end when it ends.

Whatever credentials, proxies or tokens the shell of the user holds, a child sees none of them. A small guard
process (local/guard.py) kills all of them when the stand-in is gone, however it went.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import psutil

from local.guard import VARIABLE, kill_marked
from local.identities import Identities
from local.scrubbing import for_children

_OFFLINE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "*",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_EVALUATE_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
}
_NO_TELEMETRY = "SchemaVersion: '1.0'\nSageMaker:\n  PythonSDK:\n    Modules:\n      TelemetryOptOut: true\n"

Process = subprocess.Popen[Any]


class Children:
    """Starts, counts and ends child processes."""

    def __init__(self, *, folder: Path, endpoint: str, region: str, identities: Identities) -> None:
        self._endpoint = endpoint
        self._region = region
        self._identities = identities
        self._empty = folder / "empty-aws-config"
        self._sdk_config = folder / "sagemaker-sdk.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        self._empty.write_text("", encoding="utf-8")
        self._sdk_config.write_text(_NO_TELEMETRY, encoding="utf-8")
        self._lock = threading.Lock()
        self._running: dict[int, Process] = {}
        self._mark = f"{uuid.uuid4().hex}."
        self._marks: dict[int, str] = {}
        self._guard = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("guard.py")), self._mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def environment(
        self, *, home: Path, role_arn: str | None = None, extra: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """All that a child gets: the stand-in's address, keys (of the role), `home`, and `extra` on top."""
        identity = self._identities.for_role(role_arn) if role_arn else self._identities.own
        return {
            **for_children(os.environ),
            **_OFFLINE,
            "HOME": str(home),
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_ACCESS_KEY_ID": identity.access_key,
            "AWS_SECRET_ACCESS_KEY": identity.secret_key,
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_CONFIG_FILE": str(self._empty),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._empty),
            "SAGEMAKER_USER_CONFIG_OVERRIDE": str(self._sdk_config),
            **(extra or {}),
        }

    def spawn(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        stdin: int | IO[Any] = subprocess.DEVNULL,
        stdout: int | IO[Any] = subprocess.DEVNULL,
        stderr: int | IO[Any] = subprocess.STDOUT,
        pass_fds: Sequence[int] = (),
    ) -> Process:
        """Starts the command in `folder`, as the leader of a process group of its own."""
        mark = f"{self._mark}{uuid.uuid4().hex}."
        process: Process = subprocess.Popen(
            list(command),
            env={**environment, VARIABLE: mark},
            cwd=folder,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
        with self._lock:
            self._running[process.pid] = process
            self._marks[process.pid] = mark
        self._tell_guard(f"+{process.pid}")
        return process

    def ended(self, process: Process) -> None:
        """To be called when the process has been waited for: all that it left running is killed."""
        _signal_group(process.pid, signal.SIGKILL)
        with self._lock:
            self._running.pop(process.pid, None)
            mark = self._marks.pop(process.pid, None)
        if mark is not None:
            kill_marked(mark)
        self._tell_guard(f"-{process.pid}")

    def kill(self, process: Process, *, grace_seconds: float = 0) -> None:
        """Ends a process with everything it started; first asks, where a grace is given."""
        tree = _descendants(process.pid)
        if grace_seconds > 0:
            _signal_group(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace_seconds)
        _signal_group(process.pid, signal.SIGKILL)
        for straggler in tree:
            with contextlib.suppress(psutil.Error):
                straggler.kill()
        process.wait()
        self.ended(process)

    def kill_all(self) -> None:
        with self._lock:
            running = list(self._running.values())
        for process in running:
            self.kill(process)
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()

    def _tell_guard(self, line: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):  # a guard that is gone guards nothing
            if self._guard.stdin is not None:
                self._guard.stdin.write(f"{line}\n".encode())
                self._guard.stdin.flush()


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
