"""One fine-tuning from its channels to its archive.

channels from S3 -> Python environment -> local/training in a process -> model.tar.gz, whole or absent
"""

from __future__ import annotations

import gzip
import logging
import queue
import shutil
import signal
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.api import ApiError
from local.automl.candidate import candidate_name, model_data_uri
from local.automl.request import TuningRequest
from local.environments import EnvironmentBuildError, Environments
from local.jobs import channels, reasons
from local.jobs.instance import Instance
from local.jobs.kit import Children, LogWriter
from local.jobs.mounts import MOUNT_POINT
from local.jobs.request import InputChannel
from local.training.job import TrainingJob, TrainingResult

_LOG = logging.getLogger(__name__)
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
SEED = 42
ROOT = Path(__file__).resolve().parents[2]  # where `local` is imported from


@dataclass(frozen=True)
class Workshop:
    """What fine-tuning needs of the machine. `base_models`: name -> Hugging Face model folder."""

    objects: channels.ObjectStore
    logs: LogWriter
    children: Children
    environments: Environments
    requirements: Path
    base_models: Mapping[str, Path]


@dataclass(frozen=True)
class TuningOutcome:
    """`status` and `secondary` as the API has them; metrics where a model came out."""

    status: str
    secondary: str
    reason: str | None = None
    metrics: Mapping[str, float] | None = field(default=None)


class _StoppedError(Exception):
    """The job was asked to stop."""


class _FailedError(Exception):
    """The job failed; the secondary status where it is not "Failed"."""

    def __init__(self, reason: str, secondary: str = "Failed") -> None:
        super().__init__(reason)
        self.reason = reason
        self.secondary = secondary


class TuningRun:
    """`run` is called once, in a thread of the job's own; `stop` from any other."""

    def __init__(
        self, request: TuningRequest, folder: Path, workshop: Workshop, *, training_begins: Callable[[], None]
    ) -> None:
        self._request = request
        self._folder = folder
        self._workshop = workshop
        self._training_begins = training_begins
        self._news: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._stop_wanted = threading.Event()
        self._stream = f"{candidate_name(request.name)}/algo-1-{int(time.time() * 1000)}"

    def stop(self) -> None:
        self._stop_wanted.set()
        self._news.put(None)

    def run(self) -> TuningOutcome:
        """Never raises; nothing of the job's folder is left."""
        try:
            return TuningOutcome("Completed", "Completed", metrics=self._stages())
        except Exception as error:  # noqa: BLE001 - the edge of a job: it must not stay InProgress for ever
            return self._ending(error)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ending(self, error: Exception) -> TuningOutcome:
        secondary = "Failed"
        match error:
            case _StoppedError():
                return TuningOutcome("Stopped", "Stopped")
            case _FailedError():
                reason, secondary = error.reason, error.secondary
            case channels.ChannelError():
                reason = str(error)
            case EnvironmentBuildError():
                reason = f"ClientError: {error.fact} ({error.hint})"
            case OSError():
                reason = reasons.broken(error)
            case _:
                _LOG.error("AutoML job %s broke", self._request.name, exc_info=error)
                reason = f"InternalServerError: {type(error).__name__}: {error}"
        self._log([reason])
        return TuningOutcome("Failed", secondary, reasons.cut(reason))

    def _stages(self) -> Mapping[str, float]:
        began = time.monotonic()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        job = self._prepare()
        self._check_stop()
        python = self._workshop.environments.ensure(
            self._workshop.requirements, report=lambda line: self._log([line])
        )
        self._check_stop()
        self._training_begins()
        metrics = self._train(python, job, began)
        archive = self._folder / "model.tar.gz"
        pack(job.model_folder, archive)
        self._check_stop()
        self._put(archive, model_data_uri(self._request))
        return metrics

    def _prepare(self) -> TrainingJob:
        """Channels as files, and job.json."""
        request, input_folder = self._request, self._folder / "input"
        uris = {"training": request.training, "validation": request.validation}
        for name, uri in uris.items():
            if uri is not None:
                channel = InputChannel(name, uri, f"{MOUNT_POINT}/input/{name}")
                channels.download(channel, self._folder, self._workshop.objects, host=0, hosts=1)
                self._check_stop()
        job = TrainingJob(
            training=input_folder / "training",
            validation=input_folder / "validation" if request.validation is not None else None,
            validation_fraction=request.validation_fraction,
            parquet=request.parquet,
            largest_rows=request.base_model.max_rows,
            context_tokens=request.base_model.context_tokens,
            base_model=self._workshop.base_models.get(request.base_model.name),
            hyperparameters=request.hyperparameters,
            seed=SEED,
            model_folder=self._folder / "model",
        )
        job.write(self._folder / "job.json")
        return job

    def _train(self, python: Path, job: TrainingJob, began: float) -> Mapping[str, float]:
        instance = self._start(python)
        try:
            code = self._followed(instance, began)
        finally:
            if instance.is_running():
                instance.kill(grace_seconds=0)
        result_file = self._folder / "result.json"
        if not result_file.is_file():
            raise _FailedError(reasons.failure(code, message=None, last_lines=list(instance.last_lines)))
        result = TrainingResult.read(result_file)
        if result.failure is not None:
            raise _FailedError(f"ClientError: {result.failure}")
        if not job.model_folder.is_dir():
            raise _FailedError("InternalServerError: the training left no model")
        return result.metrics

    def _start(self, python: Path) -> Instance:
        environment = self._workshop.children.environment(
            home=self._folder,
            role_arn=self._request.role,
            extra={"PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        command = [str(python), "-m", "local.training.main", str(self._folder)]
        # Not in the repository: nothing that lies there may be taken for a model or a module.
        process = self._workshop.children.spawn(
            command, environment=environment, folder=self._folder, stdout=subprocess.PIPE
        )
        instance = Instance("algo-1", process, self._workshop.children, self._log)
        threading.Thread(target=lambda: self._news.put(instance.wait()), daemon=True).start()
        return instance

    def _followed(self, instance: Instance, began: float) -> int:
        """The exit code; stops the process at the first of the two time limits."""
        request = self._request
        left = min(request.training_seconds, began + request.job_seconds - time.monotonic())
        try:
            code = self._news.get(timeout=max(0.0, left))
        except queue.Empty:
            raise self._over_time() from None
        finally:
            if instance.is_running():
                instance.kill(grace_seconds=0)
        self._check_stop()
        return code if code is not None else -signal.SIGKILL

    def _over_time(self) -> _FailedError:
        request = self._request
        if request.job_seconds <= request.training_seconds:
            name, seconds = "MaxAutoMLJobRuntimeInSeconds", request.job_seconds
            secondary = "MaxAutoMLJobRuntimeReached"
        else:
            name, seconds = "MaxRuntimePerTrainingJobInSeconds", request.training_seconds
            secondary = "Failed"
        reason = f"ClientError: no candidate was trained within {name} of {seconds} seconds"
        return _FailedError(reason, secondary)

    def _check_stop(self) -> None:
        if self._stop_wanted.is_set():
            raise _StoppedError

    def _put(self, archive: Path, uri: str) -> None:
        try:
            self._workshop.objects.put_file(archive, uri)
        except ApiError as error:
            raise _FailedError(
                f"ClientError: the model cannot be written to {uri}: {error.message}"
            ) from error

    def _log(self, lines: list[str]) -> None:
        self._workshop.logs.append(LOG_GROUP, self._stream, lines)


def pack(folder: Path, archive: Path) -> None:
    """A gzip tar of the folder's files; the same files give the same bytes."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as tar,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            member.size = path.stat().st_size
            member.mode = 0o644
            with path.open("rb") as source:
                tar.addfile(member, source)
