"""What the checks look at: this machine, the configuration, the definitions, the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from config.errors import PlatformError
from config.models import Environment, Project
from deploy.session import Aws


@dataclass(frozen=True)
class Machine:
    """`packages`: installed ones, name (lower case, dashes) to version; `demands`: what they require.
    `isolation`: how jobs see /opt/ml on the stand-in, and whether scripts with it written in them run."""

    python: tuple[int, int, int]
    packages: Mapping[str, str]
    variables: Mapping[str, str]
    free_bytes: int
    isolation: tuple[str, bool]
    missing_environments: tuple[str, ...] = ()
    demands: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Situation:
    """`problem` and `refusal` say why there is no project, no definitions or no connection."""

    root: Path
    environment: str
    machine: Machine
    now: datetime
    project: Project | None = None
    problem: PlatformError | None = None
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    aws: Aws | None = None
    refusal: PlatformError | None = None


@dataclass(frozen=True)
class Account:
    """A situation with a project and a connection: what checks of the account are given."""

    project: Project
    aws: Aws
    definitions: Mapping[str, Mapping[str, Any]] = field(repr=False)
    now: datetime

    @property
    def environment(self) -> Environment:
        """The project's."""
        return self.project.environment
