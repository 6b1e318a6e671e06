"""The whole configuration: an environment and the pipelines that run in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.errors import UnknownNameError
from config.models.common import PipelineConfig
from config.models.environment import Environment


@dataclass(frozen=True)
class Project:
    """What ``load_project`` gives: everything checked, nothing left to read."""

    root: Path
    environment: Environment
    pipelines: Mapping[str, PipelineConfig]

    def pipeline(self, name: str) -> PipelineConfig:
        """The pipeline of that name; raises UnknownNameError with the nearest names."""
        if name not in self.pipelines:
            raise UnknownNameError("pipeline", name, sorted(self.pipelines))
        return self.pipelines[name]
