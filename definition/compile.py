"""A pipeline's configuration to its canonical definition: checked, the same bytes in any folder on any day.

configuration -> SDK Pipeline (pipelines/) -> JSON -> checks -> canonical text
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config import names
from config.models import Project
from definition.checks import require
from definition.origin import UNKNOWN_ORIGIN, Origin, origin_of
from pipelines.assets import Asset


@dataclass(frozen=True)
class CompiledPipeline:
    """A definition and everything that ``upsert`` needs with it."""

    name: str  # on SageMaker: <prefix>-<config_name>
    config_name: str
    kind: str
    text: str
    definition: Mapping[str, Any]
    assets: tuple[Asset, ...]
    description: str
    parallelism: int | None
    tags: Mapping[str, str]
    origin: Origin = UNKNOWN_ORIGIN


def compile_pipeline(project: Project, name: str) -> CompiledPipeline:
    """Compile the pipeline whose file says ``name``; no AWS, credentials, clock or network is used.

    Raises UnknownNameError for a name that is not there and DefinitionError with everything that the
    service would refuse.
    """
    from pipelines.pipeline import build_pipeline

    config: Any = project.pipeline(name)
    built = build_pipeline(project, name)
    definition = json.loads(built.definition)
    require(definition, name, region=project.environment.region)
    return CompiledPipeline(
        name=built.name,
        config_name=name,
        kind=config.kind,
        text=canonical(definition),
        definition=definition,
        assets=built.assets,
        description=config.description,
        parallelism=config.parallelism,
        tags={**project.environment.tags, **config.tags, **names.ownership(project.environment)},
        origin=origin_of(project.root, project.environment, config, built.assets),
    )


def compile_all(project: Project) -> tuple[CompiledPipeline, ...]:
    """Every pipeline of the project, in the order of their names."""
    return tuple(compile_pipeline(project, name) for name in sorted(project.pipelines))


def canonical(definition: Any) -> str:
    """JSON on one line with sorted keys; what is sent to SageMaker, hashed and compared."""
    return json.dumps(definition, ensure_ascii=False, sort_keys=True)
