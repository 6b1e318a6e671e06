"""What builders work with: the configuration of one pipeline, and what it leaves to be uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from config import names
from config.models import Environment, ParameterRef, PipelineConfig
from config.models.project import Project
from pipelines.assets import Asset
from pipelines.sdk import Parameter
from pipelines.session import OfflineSession

C = TypeVar("C", bound=PipelineConfig)


@dataclass
class Uploads:
    """Objects that the pipeline needs in S3, each once, in the order of their keys."""

    _assets: dict[str, Asset] = field(default_factory=dict)

    def add(self, asset: Asset) -> None:
        """Remember an object; its key names its content, so an equal key is an equal object."""
        self._assets.setdefault(asset.key, asset)

    def all(self) -> tuple[Asset, ...]:
        """Everything remembered."""
        return tuple(self._assets[key] for key in sorted(self._assets))


@dataclass(frozen=True)
class Context(Generic[C]):
    """One pipeline being built."""

    project: Project
    config: C
    parameters: Mapping[str, Parameter]
    session: OfflineSession
    uploads: Uploads

    @property
    def env(self) -> Environment:
        """The environment it is built for."""
        return self.project.environment

    @property
    def root(self) -> Path:
        """The repository."""
        return self.project.root

    @property
    def name(self) -> str:
        """The pipeline's name on SageMaker."""
        return names.pipeline_name(self.env, self.config.name)

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the environment and of the pipeline; the pipeline's win."""
        return {**self.env.tags, **self.config.tags}

    def value(self, configured: Any) -> Any:
        """A configured value: itself, or the parameter that it refers to."""
        return self.parameters[configured.parameter] if isinstance(configured, ParameterRef) else configured

    def upload(self, asset: Asset) -> str:
        """Leave an object to be uploaded; its URI."""
        self.uploads.add(asset)
        return names.s3_uri(self.env, asset.key)
