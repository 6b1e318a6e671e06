"""Jobs over their lives: taken up after a restart, stopped, told once."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from local.api import ApiError
from local.environments import Environments
from local.jobs.isolation import Mode
from local.jobs.jobs import MAX_RERUNS, Jobs
from local.jobs.kit import Kit
from tests.unit.local.engine.fakes import FakeDocuments
from tests.unit.local.jobs.test_channels import Bucket
from tests.unit.local.jobs.test_request import request


class Programs:
    """Starts `sleep` for every instance, and counts."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[Any]] = []

    def spawn(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, stdout: int
    ) -> subprocess.Popen[Any]:
        self.started.append(subprocess.Popen(["sleep", "60"], stdout=stdout))
        return self.started[-1]

    def ended(self, process: subprocess.Popen[Any]) -> None:
        """Nothing of a group is left."""

    def kill(self, process: subprocess.Popen[Any], *, grace_seconds: float = 0) -> None:
        process.kill()
        process.wait()

    def environment(
        self, *, home: Path, role_arn: str | None = None, extra: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        return {}


class Silent:
    def append(self, group: str, stream: str, lines: list[str]) -> None:
        """Nobody reads it."""


def no_venv(command: Sequence[str], *, folder: Path, keep_open: int, line: Callable[[str], None]) -> int:
    Path(command[3]).mkdir()
    return 0


class Machine:
    def __init__(self, folder: Path, documents: FakeDocuments | None = None) -> None:
        self.documents = documents or FakeDocuments()
        self.programs = Programs()
        kit = Kit(
            objects=Bucket(folder / "s3"),
            logs=Silent(),
            children=self.programs,
            environments=Environments(folder / "environments", run=no_venv),
            images=(),
            root=folder,
            mode=Mode.PATHS,
        )
        self.jobs = Jobs(
            self.documents,
            kit,
            folder=folder / "jobs",
            arn=lambda resource: f"arn:{resource}",
            check_role=lambda _: None,
        )

    def create(self, name: str = "job") -> None:
        cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        self.jobs.create(request(ProcessingJobName=name, ProcessingResources={"ClusterConfig": cluster}))

    def running(self, count: int) -> None:
        """Waits until so many programs were started."""
        ready = threading.Event()
        for _ in range(500):
            if len(self.programs.started) == count:
                return
            ready.wait(0.01)
        raise AssertionError(f"{len(self.programs.started)} programs were started, not {count}")

    def document(self, name: str = "job") -> dict[str, Any]:
        return self.jobs.document(name)


class FullDisk(FakeDocuments):
    """Takes no end of a job while the folder of one is there: the job has filled the disk."""

    def __init__(self, jobs: Path) -> None:
        super().__init__()
        self._jobs = jobs

    def put(self, kind: str, key: str, document: dict[str, Any]) -> None:
        if document.get("ended") and any(self._jobs.iterdir()):
            raise sqlite3.OperationalError("database or disk is full")
        super().put(kind, key, document)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_job_that_fills_the_disk_can_end(tmp_path: Path) -> None:
    """Its folder goes before its end is written, or both would wait for each other."""
    machine = Machine(tmp_path, FullDisk(tmp_path / "jobs"))
    machine.create()
    machine.running(1)
    machine.programs.started[0].kill()
    assert machine.jobs.wait("job")["ProcessingJobStatus"] == "Failed"


def test_a_job_of_this_life_is_not_taken_up(machine: Machine) -> None:
    """`resume` comes when executions have made jobs already: they run once."""
    machine.create()
    machine.jobs.resume()
    machine.running(1)
    machine.jobs.stop("job")
    assert machine.jobs.wait("job")["ProcessingJobStatus"] == "Stopped"
    assert (len(machine.programs.started), machine.document()["reruns"]) == (1, 0)


def test_a_job_of_a_former_life_runs_again(machine: Machine, tmp_path: Path) -> None:
    """Under its name, counted; its end after that is told as any."""
    machine.create()
    machine.running(1)
    machine.jobs.close()
    successor = Machine(tmp_path, machine.documents)
    successor.jobs.resume()
    successor.running(1)
    machine.programs.started[0].kill()
    assert successor.document()["reruns"] == 1
    successor.jobs.stop("job")
    assert successor.jobs.wait("job")["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"status": "Stopping"}, "Stopped", None),
        (
            {"reruns": MAX_RERUNS},
            "Failed",
            "InternalServerError: the machine went down 21 times while the job ran",
        ),
        ({"status": "Completed"}, "Completed", None),
    ],
)
def test_not_every_job_runs_again(
    machine: Machine, tmp_path: Path, changes: dict[str, Any], status: str, reason: str | None
) -> None:
    """One that was being stopped is Stopped; one that brings the machine down ends; what ended stays."""
    machine.create()
    machine.running(1)
    machine.jobs.close()
    machine.programs.started[0].kill()
    machine.documents.update("processing-job", "job", lambda old: {**(old or {}), **changes})
    successor = Machine(tmp_path, machine.documents)
    successor.jobs.resume()
    answer = successor.jobs.wait("job")
    assert (answer["ProcessingJobStatus"], answer.get("FailureReason")) == (status, reason)
    assert successor.programs.started == []


def test_stopping_what_has_ended_changes_nothing(machine: Machine) -> None:
    """And an unknown job is not found."""
    machine.create()
    machine.running(1)
    machine.programs.started[0].kill()
    assert machine.jobs.wait("job")["ProcessingJobStatus"] == "Failed"
    machine.jobs.stop("job")
    assert machine.document()["status"] == "Failed"
    with pytest.raises(ApiError, match="ResourceNotFound: Could not find requested job with name: gone"):
        machine.jobs.stop("gone")


def test_a_name_is_taken_once(machine: Machine) -> None:
    """ResourceInUse for the second."""
    machine.create()
    with pytest.raises(ApiError, match=r"ResourceInUse: .* already exists \(arn:processing-job/job\)"):
        machine.create()
    machine.jobs.stop("job")
    machine.jobs.wait("job")
