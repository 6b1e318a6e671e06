"""Finds personal data in texts: a process of its own with Presidio (local/bedrock/detection/), kept warm."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.children import Children, Process
from local.environments import EnvironmentBuildError, Environments

_LOG = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]  # where `local` is imported from
PROCESSES = max(1, min(4, (os.cpu_count() or 2) // 2))
BUILD_SECONDS = 20.0  # that a request waits for the environment; then it is told to come again
# (start, end, type or name of the regex, "pii" or "regex", score from 0 to 1)
Find = tuple[int, int, str, str, float]


class Detector:
    """For any number of threads; processes are started when first needed, and again when they are gone."""

    def __init__(
        self,
        *,
        children: Children,
        environments: Environments,
        requirements: Path,
        language_model: Path | None,
        folder: Path,
    ) -> None:
        self._children, self._environments = children, environments
        self._requirements, self._language_model = requirements, language_model
        self._folder = folder
        self._lock = threading.Lock()
        self._next = 0
        self._building: threading.Thread | None = None
        self._finders = [_Finder(self._start) for _ in range(PROCESSES)]

    def find(
        self, texts: Sequence[str], *, types: Sequence[str], patterns: Mapping[str, str]
    ) -> list[list[Find]]:
        """The finds of each text; ApiError (InternalServerException) where the process fails, and
        ServiceUnavailableException while its environment is built."""
        self._wait_for_environment()
        with self._lock:
            self._next = (self._next + 1) % len(self._finders)
            finder = self._finders[self._next]
        question = {"texts": list(texts), "types": list(types), "patterns": dict(patterns)}
        answer = finder.ask(question)
        if "error" in answer:
            raise ApiError("InternalServerException", answer["error"], 500)
        return [[(*find,) for find in found] for found in answer["found"]]

    def close(self) -> None:
        for finder in self._finders:
            finder.close(self._children)

    def _wait_for_environment(self) -> None:
        if self._environments.is_built(self._requirements):
            return
        with self._lock:
            if self._building is None or not self._building.is_alive():
                self._building = threading.Thread(target=self._build, name="detector", daemon=True)
                self._building.start()
            building = self._building
        building.join(BUILD_SECONDS)
        if not self._environments.is_built(self._requirements):
            raise ApiError(
                "ServiceUnavailableException",
                "The stand-in is still installing what looks for personal data; see its server.log.",
                503,
            )

    def _build(self) -> None:
        try:
            self._environments.ensure(self._requirements, report=_LOG.info)
        except EnvironmentBuildError as error:
            _LOG.error("%s (%s)", error.fact, error.hint)

    def _start(self) -> Process:
        self._folder.mkdir(parents=True, exist_ok=True)
        python = self._environments.ensure(self._requirements)
        environment = self._children.environment(
            home=self._folder, extra={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        )
        model = [str(self._language_model)] if self._language_model else []
        return self._children.spawn(
            [str(python), "-m", "local.bedrock.detection.main", *model],
            environment=environment,
            folder=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


class _Finder:
    """One process: a question and its answer at a time, each a line of JSON."""

    def __init__(self, start: Any) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._process: Process | None = None

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        line = json.dumps(question).encode() + b"\n"
        with self._lock:
            for _ in range(2):  # a process that is gone is started once more
                if self._process is None:
                    self._process = self._start()
                answer = self._asked(self._process, line)
                if answer:
                    parsed: dict[str, Any] = json.loads(answer)
                    return parsed
                self._process = None
        return {"error": "the process that looks for personal data ended twice; see `local doctor`"}

    def _asked(self, process: Process, line: bytes) -> bytes:
        if process.stdin is None or process.stdout is None:
            return b""
        try:
            process.stdin.write(line)
            process.stdin.flush()
            return bytes(process.stdout.readline())
        except OSError:
            return b""

    def close(self, children: Children) -> None:
        if self._process is not None:
            children.kill(self._process)
