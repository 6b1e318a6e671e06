"""A machine around AutoML jobs and endpoints: objects in a folder, programs that are small shell scripts."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.environments import Environments
from local.resources import Place, Resources
from tests.unit.local.engine.fakes import FakeDocuments

ROLE = "arn:aws:iam::123456789012:role/models"
PLACE = Place("123456789012", "eu-west-1")


def resources(kind: str, module: Any, documents: FakeDocuments, clock: Callable[[], float]) -> Resources:
    """`module` has the errors of the kind."""
    return Resources(kind, documents, PLACE, missing=module.missing, taken=module.taken, clock=clock)


class Clock:
    """A second later each time it is asked."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class FakeObjects:
    """Objects by URI; what is put is kept as bytes."""

    def __init__(self, folder: Path, **objects: str) -> None:
        self._folder = folder
        self.written: dict[str, bytes] = {}
        self._files: dict[str, Path] = {}
        for number, (key, text) in enumerate(objects.items()):
            file = folder / f"object-{number}"
            file.write_text(text, encoding="utf-8")
            self._files[f"s3://bucket/{key}"] = file

    def list(self, uri_prefix: str) -> Sequence[tuple[str, int]]:
        return [(uri, 1) for uri in sorted(self._files) if uri.startswith(uri_prefix)]

    def path(self, uri: str) -> Path:
        if uri not in self._files:
            raise ApiError("NoSuchKey", f"The specified key does not exist: {uri!r}", 404)
        return self._files[uri]

    def read(self, uri: str) -> bytes:
        return self.path(uri).read_bytes()

    def put_file(self, path: Path, uri: str) -> None:
        if uri.startswith("s3://nowhere/"):
            raise ApiError("NoSuchBucket", "The specified bucket does not exist")
        self.written[uri] = path.read_bytes()

    def delete(self, uri: str) -> None:
        self.written.pop(uri, None)


@dataclass
class FakeLogs:
    lines: list[tuple[str, str]] = field(default_factory=list)

    def append(self, group: str, stream: str, lines: list[str]) -> None:
        self.lines += [(group, line) for line in lines]


class Processes:
    """Children that are really started; `environment` gives them nothing but `extra`."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self._all: list[subprocess.Popen[Any]] = []

    def kill_all(self, count: int = 0) -> None:
        """Kills them, when as many have been started."""
        while len(self._all) < count:
            time.sleep(0.01)
        for process in self._all:
            self.kill(process)

    def environment(
        self, *, home: Path, role_arn: str | None = None, extra: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "HOME": str(home), **(extra or {})}

    def spawn(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, stdout: int
    ) -> subprocess.Popen[Any]:
        process: subprocess.Popen[Any] = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=folder,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._all.append(process)
        self.started.set()
        return process

    def ended(self, process: subprocess.Popen[Any]) -> None:
        """Nothing is kept of it."""

    def kill(self, process: subprocess.Popen[Any], *, grace_seconds: float = 0) -> None:
        process.kill()
        process.wait()


class ScriptEnvironments(Environments):
    """Its one "Python" is a shell script of the test's; the folder of the job is its last argument, $3."""

    def __init__(self, folder: Path, script: str) -> None:
        super().__init__(folder)
        folder.mkdir(exist_ok=True)
        self._script = folder / "python"
        self._script.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        self._script.chmod(0o755)

    def ensure(self, requirements: Path | None, *, report: Any = None) -> Path:
        return self._script
