"""Processes in which functions run: started when needed, kept warm, one invocation at a time each.

As in the service, an environment belongs to one version of one configuration, keeps what its code keeps in
memory between invocations, and is gone after a time-out or when the process ends.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from local.children import Children, Process

_RUNNER = Path(__file__).with_name("function_runner.py")
# What the Python runtime of the service brings along; everything else comes with the function's code.
_BROUGHT_ALONG = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
_IDLE_SECONDS = 120.0
_MOST_AT_ONCE = 32
_LARGEST_LOG = 10 * 1024 * 1024  # bytes of one invocation


@dataclass(frozen=True)
class FunctionVersion:
    """All that an environment is made from."""

    name: str
    arn: str
    version: str
    handler: str
    code: bytes = field(repr=False)
    code_digest: str
    role_arn: str
    environment: Mapping[str, str]
    timeout_seconds: float
    memory_mb: int
    log_group: str

    @property
    def key(self) -> tuple[object, ...]:
        settings = tuple(sorted(self.environment.items()))
        return (
            self.arn,
            self.version,
            self.handler,
            self.code_digest,
            self.role_arn,
            self.memory_mb,
            settings,
        )


@dataclass(frozen=True)
class Invocation:
    """What became of one invocation. `failure` is the error document, `ended` how the process went."""

    payload: str | None
    failure: Mapping[str, Any] | None
    log: str
    log_stream: str
    seconds: float


class Worker:
    """One warm process."""

    def __init__(
        self, function: FunctionVersion, *, children: Children, folder: Path, task_root: Path, runtime: Path
    ):
        self.key = function.key
        self.log_stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{function.version}]{uuid.uuid4().hex}"
        self.idle_since = time.monotonic()
        self._children = children
        self._folder = folder / uuid.uuid4().hex
        (self._folder / "tmp").mkdir(parents=True)
        self._log = self._folder / "log"
        read, write = os.pipe()
        try:
            self.process: Process = children.spawn(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    "-B",
                    str(_RUNNER),
                    str(write),
                    str(task_root),
                    str(runtime),
                    function.handler,
                ],
                environment=self._environment(function, task_root),
                folder=task_root,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(write,),
            )
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        self._answers = os.fdopen(read, "rb")
        self._requests = cast(IO[bytes], self.process.stdin)

    def _environment(self, function: FunctionVersion, task_root: Path) -> dict[str, str]:
        service = {
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            "LAMBDA_TASK_ROOT": str(task_root),
            "_HANDLER": function.handler,
            "TZ": ":UTC",
            "TMPDIR": str(self._folder / "tmp"),
        }
        own = {name: str(value) for name, value in function.environment.items()}
        return self._children.environment(
            home=self._folder, role_arn=function.role_arn, extra={**own, **service}
        )

    def invoke(self, function: FunctionVersion, event: object, request_id: str) -> Invocation:
        started = time.monotonic()
        self._log.write_bytes(b"")
        deadline = time.time() + function.timeout_seconds
        request = {"event": event, "request_id": request_id, "arn": function.arn, "deadline": deadline}
        answer = self._ask({**request, "log": str(self._log)}, function.timeout_seconds)
        failure = answer.get("failure")
        if "timed_out" in answer:
            message = (
                f"RequestId: {request_id} Error: Task timed out after {function.timeout_seconds:.2f} seconds"
            )
            failure = {"errorType": "Sandbox.Timedout", "errorMessage": message}
        elif "exit_code" in answer:
            message = (
                f"RequestId: {request_id} Error: Runtime exited with error: {_ending(answer['exit_code'])}"
            )
            failure = {"errorType": "Runtime.ExitError", "errorMessage": message}
        log = _beginning(self._log)
        self.idle_since = time.monotonic()
        return Invocation(answer.get("payload"), failure, log, self.log_stream, self.idle_since - started)

    @property
    def usable(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        self._children.kill(self.process)
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        self._answers.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except BrokenPipeError:
            return {"exit_code": self.process.wait()}
        answered = select.poll()  # select() itself ends at 1,024 open files
        answered.register(self._answers, select.POLLIN)
        if not answered.poll(seconds * 1000):
            self._children.kill(self.process)
            return {"timed_out": True}
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            return {"exit_code": self.process.wait()}
        document: dict[str, Any] = json.loads(line)
        return document


class Workers:
    """The pool: a warm process of the same version is taken before a new one is started."""

    def __init__(
        self, *, children: Children, folder: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._children = children
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._slots = threading.BoundedSemaphore(_MOST_AT_ONCE)
        shutil.rmtree(folder / "environments", ignore_errors=True)
        self._runtime = _link_runtime(folder / "runtime")

    def invoke(self, function: FunctionVersion, event: object, request_id: str) -> Invocation:
        with self._slots:
            worker = self._take(function)
            made = worker.invoke(function, event, request_id)
            self._give_back(worker)
            return made

    def retire(self) -> float | None:
        """Stops what has been idle for long; returns seconds until the next one is due, None when none is."""
        now = self._clock()
        with self._lock:
            due = [worker for worker in self._idle if now - worker.idle_since >= _IDLE_SECONDS]
            self._idle = [worker for worker in self._idle if worker not in due]
            left = [_IDLE_SECONDS - (now - worker.idle_since) for worker in self._idle]
        for worker in due:
            worker.stop()
        return min(left, default=None)

    def stop(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()

    def _take(self, function: FunctionVersion) -> Worker:
        with self._lock:
            for worker in reversed(self._idle):
                if worker.key == function.key and worker.usable:
                    self._idle.remove(worker)
                    return worker
        task_root = extract(function.code, self._folder / "code" / function.code_digest)
        environments = self._folder / "environments"
        return Worker(
            function, children=self._children, folder=environments, task_root=task_root, runtime=self._runtime
        )

    def _give_back(self, worker: Worker) -> None:
        if not worker.usable:
            worker.stop()
            return
        with self._lock:
            self._idle.append(worker)


def extract(code: bytes, folder: Path) -> Path:
    """The files of a bundle, once per content; two first calls at once do no harm."""
    if folder.exists():
        return folder
    temporary = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
    temporary.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(code)) as bundle:
        bundle.extractall(temporary)
    try:
        temporary.rename(folder)
    except OSError:
        shutil.rmtree(temporary)
    return folder


def _beginning(log: Path) -> str:
    """What an invocation logged, cut where it is too much to be kept."""
    with log.open("rb") as file:
        text = file.read(_LARGEST_LOG).decode("utf-8", "replace")
        return f"{text}\n(the rest of the log is not kept)" if file.read(1) else text


def _link_runtime(folder: Path) -> Path:
    """A folder with boto3 and what it needs, linked from the platform's environment."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _BROUGHT_ALONG:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        link = folder / source.name
        if link.is_symlink() and link.readlink() == source:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(source)
    return folder


def _ending(exit_code: int) -> str:
    return f"signal: {-exit_code}" if exit_code < 0 else f"exit status {exit_code}"
