"""One model server: local/serving in a process of its own, started, asked, ended."""

from __future__ import annotations

import http.client
import json
import queue
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.api import ApiError
from local.engine.ports import Document
from local.environments import EnvironmentBuildError, Environments
from local.jobs import channels, reasons
from local.jobs.instance import Instance
from local.jobs.kit import Children
from local.jobs.request import InputChannel
from local.serving.main import TOKEN_HEADER

ROOT = Path(__file__).resolve().parents[2]  # where `local` is imported from
INVOCATION_SECONDS = 60  # how long SageMaker lets a container answer
_LOOK_SECONDS = 0.05
_DYING_SECONDS = 1.0


class ServerError(Exception):
    """The server did not come up; the text is an endpoint's FailureReason."""


class UnreachableServerError(Exception):
    """The server's process does not answer: it has died, or was killed."""


@dataclass(frozen=True)
class ServingKit:
    """What model servers need of the machine."""

    objects: channels.ObjectStore
    children: Children
    environments: Environments
    requirements: Path


@dataclass(frozen=True)
class Spec:
    """What a variant serves, and how long its server may take to answer. (Here no download takes long.)"""

    container: Document
    role: str
    startup_seconds: int


class ModelServer:
    """`folder` holds the model and stays when the process ends: it can be started again from it."""

    def __init__(self, spec: Spec, folder: Path, kit: ServingKit, log: Callable[[list[str]], None]) -> None:
        self._spec = spec
        self._folder = folder
        self._kit = kit
        self._log = log
        self._token = secrets.token_urlsafe(24)
        self._lock = threading.Lock()  # one starts, the others wait
        self._instance: Instance | None = None
        self._codes: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._port = 0
        self._closed = False

    def ensure(self) -> None:
        """Starts the process unless it runs; returns when it answers. Raises ServerError."""
        with self._lock:
            if self._closed:
                raise ServerError("the endpoint is being deleted")
            if self._instance is None or not self._instance.is_running():
                self._start()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        """(status, body, content type) of the container's answer.

        Raises UnreachableServerError where the process is gone, TimeoutError after 60 seconds.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=INVOCATION_SECONDS)
        try:
            connection.request("POST", "/invocations", body, {**headers, TOKEN_HEADER: self._token})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Content-Type") or "application/json"
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            self._see_it_end()
            raise UnreachableServerError(str(error)) from error
        finally:
            connection.close()

    def _see_it_end(self) -> None:
        """A connection breaks a moment before its process is gone: `ensure` must not take it for alive."""
        deadline = time.monotonic() + _DYING_SECONDS
        while self._instance is not None and self._instance.is_running() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        """Ends the process and forgets the model."""
        self._closed = True
        instance = self._instance
        if instance is not None and instance.is_running():
            instance.kill(grace_seconds=0)
        with self._lock:  # a start that was under way has seen the end of its process by now
            self.retire()
            shutil.rmtree(self._folder, ignore_errors=True)

    def retire(self) -> None:
        """Ends the process; the next `ensure` starts it again."""
        instance, self._instance = self._instance, None
        if instance is not None and instance.is_running():
            instance.kill(grace_seconds=0)

    def _start(self) -> None:
        try:
            self._fetch()
            python = self._kit.environments.ensure(
                self._kit.requirements, report=lambda line: self._log([line])
            )
            self._instance = self._spawn(python)
            self._port = self._await_port(self._instance)
        except (channels.ChannelError, ApiError, OSError) as error:
            raise ServerError(str(error)) from error
        except EnvironmentBuildError as error:
            raise ServerError(f"{error.fact} ({error.hint})") from error
        except ServerError:
            self.retire()
            raise

    def _fetch(self) -> None:
        """The model's data, once: what is served does not change when the object in S3 does."""
        archive, model = self._folder / "model.tar.gz", self._folder / "model"
        if archive.is_file() or model.is_dir():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        source = (self._spec.container.get("ModelDataSource") or {}).get("S3DataSource") or {}
        uri = source.get("S3Uri") or self._spec.container.get("ModelDataUrl")
        if not uri:
            raise ServerError("the container has no model data, and the stand-in runs no images")
        if source.get("S3DataType") == "S3Prefix" and source.get("CompressionType") == "None":
            partial = InputChannel("model", uri, "/opt/ml/model.partial")
            channels.download(partial, self._folder, self._kit.objects, host=0, hosts=1)
            (self._folder / "model.partial").replace(model)
            return
        try:
            shutil.copyfile(self._kit.objects.path(uri), archive.with_suffix(".partial"))
        except ApiError as error:
            raise ServerError(
                f"Failed to download model data for container from URL: {uri}. Please ensure that there is"
                f" an object located at the URL. ({error.message})"
            ) from error
        archive.with_suffix(".partial").replace(archive)

    def _spawn(self, python: Path) -> Instance:
        for name in ("ready.json", "failed.json"):
            (self._folder / name).unlink(missing_ok=True)
        own = {
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
            "MODEL_SERVER_TOKEN": self._token,
        }
        scrubbed = self._kit.children.environment(home=self._folder, role_arn=self._spec.role, extra=own)
        # The container's own variables come first: none of them may open a way out of this machine.
        environment = {**(self._spec.container.get("Environment") or {}), **scrubbed}
        process = self._kit.children.spawn(
            [str(python), "-m", "local.serving.main", str(self._folder)],
            environment=environment,
            folder=self._folder,
            stdout=subprocess.PIPE,
        )
        instance = Instance("model server", process, self._kit.children, self._log)
        codes = self._codes = queue.SimpleQueue()
        threading.Thread(target=lambda: codes.put(instance.wait()), name="model server", daemon=True).start()
        return instance

    def _await_port(self, instance: Instance) -> int:
        """Until it says where it answers, why it does not, or the health check's time is over."""
        deadline = time.monotonic() + self._spec.startup_seconds
        while time.monotonic() < deadline:
            if (port := _document(self._folder / "ready.json").get("port")) is not None:
                return int(port)
            if not instance.is_running():
                raise ServerError(self._why_not(instance))
            time.sleep(_LOOK_SECONDS)
        raise ServerError(f"the container gave no sign of life for {self._spec.startup_seconds} seconds")

    def _why_not(self, instance: Instance) -> str:
        reason = _document(self._folder / "failed.json").get("reason")
        return reason or reasons.failure(
            self._codes.get(), message=None, last_lines=list(instance.last_lines)
        )


def _document(file: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return document
