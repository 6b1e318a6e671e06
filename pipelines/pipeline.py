"""A configuration becomes the SDK's Pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from config import names
from config.models.project import Project
from definition.assets import Asset
from pipelines.catalog import Kind
from pipelines.context import Context, Uploads
from pipelines.parameters import parameters
from pipelines.sdk import Pipeline, neutral
from pipelines.session import OfflineSession


@dataclass(frozen=True)
class BuiltPipeline:
    """The definition as the SDK writes it, and the objects that it points at."""

    name: str
    definition: str
    assets: tuple[Asset, ...]


def build(project: Project, config: Any, kind: Kind) -> BuiltPipeline:
    """Build the steps of ``config`` and let the SDK write them down."""
    env, session, uploads = project.environment, OfflineSession(project.environment), Uploads()
    declared = parameters(env, config, kind.added(config))
    with neutral():
        steps = kind.resolve()(Context(project, config, declared, session, uploads))
        pipeline = Pipeline(
            name=names.pipeline_name(env, config.name),
            parameters=list(declared.values()),
            steps=list(steps),
            sagemaker_session=session,
            # The SDK's default depends on the region; executions need no experiment.
            pipeline_experiment_config=None,
        )
        return BuiltPipeline(pipeline.name, pipeline.definition(), uploads.all())
