"""What jobs need of the machine around them, and how they can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.environments import Environments
from local.jobs.channels import ObjectStore
from local.jobs.instance import ProcessRunner
from local.jobs.isolation import Mode
from local.settings import ImageRule


class LogWriter(Protocol):
    """local/logs.py"""

    def append(self, group: str, stream: str, lines: list[str]) -> None: ...


class Children(ProcessRunner, Protocol):
    """local/children.py"""

    def environment(
        self, *, home: Path, role_arn: str | None = None, extra: Mapping[str, str] | None = None
    ) -> dict[str, str]: ...


@dataclass(frozen=True)
class Kit:
    """`root`: where relative paths of the image rules start. `grace_seconds`: from SIGTERM to SIGKILL."""

    objects: ObjectStore
    logs: LogWriter
    children: Children
    environments: Environments
    images: tuple[ImageRule, ...]
    root: Path
    mode: Mode
    grace_seconds: float = 10.0


@dataclass(frozen=True)
class Outcome:
    """`status` is Completed, Failed or Stopped."""

    status: str
    failure_reason: str | None = None
    exit_message: str | None = None


class JobFailedError(Exception):
    """The job failed with this reason."""

    def __init__(self, reason: str, exit_message: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_message = exit_message


class JobStoppedError(Exception):
    """The job was asked to stop."""
