"""One stand-in for all functional tests of a run: started on first need, warm from then on, gone at last."""

from __future__ import annotations

import dataclasses
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import pytest

from config.load import load_project
from config.models import Project
from local import client as stand_in_client
from local.client import Connection
from local.scrubbing import LIVES_WITH

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def _stand_ins_end_with_the_tests() -> None:
    """A run that is killed leaves no stand-in behind."""
    os.environ[LIVES_WITH] = str(os.getpid())


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """Also where the tests run in the background of a shell, whose commands are deaf to it from the start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class RunningStandIn:
    """A stand-in that answers, and clients of it that take nothing from the shell."""

    connection: Connection
    folder: Path
    project: Project
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str, **settings: Any) -> Any:
        """A boto3 client; the same one for a service asked for without settings."""
        if settings:
            return client_of(self.connection, service, **settings)
        if service not in self._clients:
            self._clients[service] = client_of(self.connection, service)
        return self._clients[service]

    @property
    def account(self) -> str:
        return self.project.environment.account

    @property
    def region(self) -> str:
        return self.project.environment.region


def client_of(connection: Connection, service: str, **settings: Any) -> Any:
    """A boto3 client with the keys of the connection; settings go to botocore's Config."""
    defaults: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "max_pool_connections": 32}
    return boto3.client(
        service,
        endpoint_url=connection.endpoint,
        region_name=connection.region,
        aws_access_key_id=connection.access_key,
        aws_secret_access_key=connection.secret_key,
        config=botocore.config.Config(**{**defaults, **settings}),
    )


def project_in(folder: Path) -> Project:
    """The project of this repository with the stand-in's folder elsewhere."""
    project = load_project("local", ROOT)
    stand_in = project.environment.stand_in
    assert stand_in is not None
    moved = stand_in.model_copy(update={"folder": str(folder)})
    environment = project.environment.model_copy(update={"stand_in": moved})
    return dataclasses.replace(project, environment=environment)


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStandIn]:
    folder = tmp_path_factory.mktemp("stand-in") / ".local"
    project = project_in(folder)
    connection = stand_in_client.connect(project)
    yield RunningStandIn(connection, folder, project)
    stand_in_client.down(project)


@pytest.fixture
def own_stand_in(tmp_path: Path) -> Iterator[Callable[[], RunningStandIn]]:
    """Starts a stand-in of the test's own: for tests that end, kill or break it. Call it again to restart."""
    project = project_in(tmp_path / ".local")

    def start() -> RunningStandIn:
        return RunningStandIn(stand_in_client.connect(project), tmp_path / ".local", project)

    yield start
    stand_in_client.down(project)


@pytest.fixture
def name() -> str:
    """A name that no other test uses, fit for buckets, queues, functions and stacks."""
    return f"t{uuid.uuid4().hex[:12]}"
