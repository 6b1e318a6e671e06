"""The whole configuration: an environment and the pipelines that run in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.errors import UnknownNameError
from config.models.environment import Environment
from config.models.pipeline import PipelineConfig
from config.suggest import did_you_mean


@dataclass(frozen=True)
class Project:
    """What ``load_project`` gives: everything checked, nothing left to read."""

    root: Path
    environment: Environment
    pipelines: Mapping[str, PipelineConfig]
    files: Mapping[str, str]  # pipeline: its file, from the root

    def pipeline(self, name: str) -> PipelineConfig:
        """The pipeline of that name; raises UnknownNameError with the nearest names."""
        if name not in self.pipelines:
            hint = did_you_mean(name, self.pipelines)
            raise UnknownNameError("pipeline", name, sorted(self.pipelines), hint)
        return self.pipelines[name]
