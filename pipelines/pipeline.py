"""A configuration becomes the SDK's Pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from config import names
from config.models.project import Project
from pipelines.assets import Asset
from pipelines.catalog import builder
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


def build_pipeline(project: Project, name: str) -> BuiltPipeline:
    """Builds the steps of the file called ``name`` and lets the SDK write them down."""
    config: Any = project.pipeline(name)
    env, session, uploads = project.environment, OfflineSession(project.environment), Uploads()
    declared = parameters(env, config)
    with neutral():
        steps = builder(config.kind)(Context(project, config, declared, session, uploads))
        pipeline = Pipeline(
            name=names.pipeline_name(env, config.name),
            parameters=list(declared.values()),
            steps=list(steps),
            sagemaker_session=session,
            # The SDK's default depends on the region; executions need no experiment.
            pipeline_experiment_config=None,
        )
        return BuiltPipeline(pipeline.name, pipeline.definition(), uploads.all())
