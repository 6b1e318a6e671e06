"""The command line's side of the stand-in: finds the one that runs, starts it on first need, ends it.

connect(project) -> Connection      up · down · status
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from config.errors import PlatformError
from config.models import Project
from local import credentials
from local.scrubbing import for_the_server

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_LEAST_BYTES = 64 * 1024  # SQLite calls a full disk "disk I/O error"
# As whom the commands of this shell speak to the stand-in; AWS's variables do not count under --env local.
IDENTITY_VARIABLE = "STAND_IN_IDENTITY"
OWN_IDENTITY = "local"  # the platform's own
_HEALTH_PATH = "/_stand_in/health"
_CODE = Path(__file__).resolve().parents[1]


class StandInError(PlatformError):
    """The stand-in cannot be started, found or stopped."""


@dataclass(frozen=True)
class Connection:
    """Where the stand-in answers, and the keys it takes."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str
    identity: str = ""

    def environment_exports(self) -> dict[str, str | None]:
        """Variables that point any AWS client at the stand-in; None is one to unset."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            IDENTITY_VARIABLE: self.identity,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SESSION_TOKEN": None,
            "AWS_PROFILE": None,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": None,
        }


@dataclass(frozen=True)
class Status:
    """What is known of the stand-in of a folder. `started` is in seconds since 1970."""

    folder: Path
    running: bool
    pid: int | None = None
    endpoint: str | None = None
    started: float | None = None


def connect(project: Project, *, identity: str | None = None) -> Connection:
    """The running stand-in of the project's environment, started if there is none.

    As whom: the one named, else the one that this shell has taken on (`local env --as`), else the platform.
    """
    folder = _folder(project)
    found = _running(folder)
    if found is None:
        found = _start_once(project, folder)
    if found.get("settings") != _digest(project):
        raise StandInError(
            f"the stand-in in {folder} was started with other settings than "
            f"environment {project.environment.name!r} has now",
            hint="run_pipeline.py local down; the next command starts it with the new ones",
        )
    acting = _identity(folder, identity or os.environ.get(IDENTITY_VARIABLE, ""))
    region = project.environment.region
    return Connection(found["endpoint"], acting.access_key, acting.secret_key, region, acting.name)


def _identity(folder: Path, name: str) -> credentials.Identity:
    if not name:
        return credentials.read(folder / credentials.FILE_NAME)[0]
    try:
        return credentials.named(folder, name)
    except ValueError as error:
        raise StandInError(
            f'"{name}" is no name of a user: letters, digits and +=,.@_- only, at most 64 of them',
            hint="run_pipeline.py local env --as alice",
        ) from error


def up(project: Project) -> Connection:
    return connect(project)


def down(project: Project) -> bool:
    """Ends the stand-in with everything written down; False when none was running."""
    folder = _folder(project)
    found = _recorded(folder)
    if found is None:
        return False
    process = psutil.Process(found["pid"])
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(_STOP_SECONDS)
    (folder / "server.json").unlink(missing_ok=True)
    return True


def status(project: Project) -> Status:
    folder = _folder(project)
    found = _running(folder)
    if found is None:
        return Status(folder, running=False)
    return Status(
        folder, running=True, pid=found["pid"], endpoint=found["endpoint"], started=found["started"]
    )


def _folder(project: Project) -> Path:
    stand_in = project.environment.stand_in
    if stand_in is None:
        raise StandInError(
            f"environment {project.environment.name!r} is an AWS account, not the stand-in",
            hint="choose --env local, or add a stand_in section to the environment's file",
        )
    return (project.root / stand_in.folder).resolve()


def _running(folder: Path) -> dict[str, Any] | None:
    """What server.json says, when it is true and the stand-in answers."""
    found = _recorded(folder)
    return found if found is not None and _answers(found) else None


def _recorded(folder: Path) -> dict[str, Any] | None:
    """What server.json says, when its process is still that one."""
    try:
        found: dict[str, Any] = json.loads((folder / "server.json").read_text(encoding="utf-8"))
        process = psutil.Process(found["pid"])
        same = abs(process.create_time() - found["started"]) < 2
    except (OSError, ValueError, TypeError, KeyError, psutil.Error):
        return None
    return found if same and process.status() != psutil.STATUS_ZOMBIE else None


def _answers(found: dict[str, Any]) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", found["port"], timeout=5)
    try:
        connection.request("GET", _HEALTH_PATH)
        document = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return bool(document.get("pid") == found["pid"])


def _start_once(project: Project, folder: Path) -> dict[str, Any]:
    """Two commands at once start one stand-in: the second waits and finds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "start.lock", timeout=_START_SECONDS):
            return _running(folder) or _start(project, folder)
    except Timeout as error:
        raise StandInError(
            f"another command has been starting the stand-in in {folder} for {_START_SECONDS:.0f} s",
            hint=f"see {folder / 'logs' / 'server.log'}",
        ) from error
    except OSError as error:
        remedy = "free some space, or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise StandInError(
            f"cannot write to {folder}: {error.strerror or error}",
            hint=f"{remedy}set stand_in.folder in config/environments/local.yaml to a folder of yours",
        ) from error


def _start(project: Project, folder: Path) -> dict[str, Any]:
    """server.json is left to the new one to write: one that is only slow must still be found by it."""
    log = folder / "logs" / "server.log"
    log.parent.mkdir(exist_ok=True)
    read_from = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        settings = json.dumps({**_settings(project), "digest": _digest(project)})
        process = subprocess.Popen(
            [sys.executable, "-m", "local.server", "--folder", str(folder), "--settings", settings],
            cwd=_CODE,
            env=for_the_server(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise _not_started(project, folder, log, read_from)
        found = _running(folder)
        if found is not None:
            return found
        time.sleep(0.02)
    process.kill()
    raise StandInError(f"the stand-in did not answer within {_START_SECONDS:.0f} s", hint=f"see {log}")


def _not_started(project: Project, folder: Path, log: Path, read_from: int) -> StandInError:
    """The reason, from what the process wrote before it ended."""
    with log.open("rb") as file:
        file.seek(read_from)
        lines = file.read().decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it wrote nothing"
    if "another stand-in serves" in last:
        return StandInError(
            f"the stand-in in {folder} runs, and does not answer",
            hint="wait a moment and repeat the command, or end it: run_pipeline.py local down",
        )
    if "Address already in use" in last:
        return StandInError(
            f"the stand-in cannot listen on port {_settings(project)['port']}: it is in use",
            hint="end the program that has it, or write stand_in.port: null in config/environments/"
            f"{project.environment.name}.yaml to take any free port",
        )
    if "No space left on device" in last or shutil.disk_usage(folder).free < _LEAST_BYTES:
        return StandInError(f"the disk of {folder} is full", hint="free some space and repeat the command")
    return StandInError(f"the stand-in in {folder} did not start: {last}", hint=f"see {log}")


def _settings(project: Project) -> dict[str, Any]:
    """What the server is told: the environment's account and its stand_in section, as plain JSON."""
    environment = project.environment
    section = {} if environment.stand_in is None else environment.stand_in.model_dump(mode="json")
    return {
        "account": environment.account,
        "region": environment.region,
        "prefix": environment.prefix,
        "root": str(project.root),
        "port": section.get("port") or 0,
        "environments": section.get("environments"),
        "images": section.get("images", []),
        "automl": section.get("automl", {}),
        "bedrock": section.get("bedrock", {}),
        "labeling": section.get("labeling", {}),
    }


def _digest(project: Project) -> str:
    """Of the settings that the server acts on."""
    settings = {name: value for name, value in _settings(project).items() if name != "prefix"}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
