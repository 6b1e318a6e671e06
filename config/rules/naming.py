"""Rules about full names and tags, where the environment's prefix and tags come in."""

from __future__ import annotations

from typing import Final

from config import names
from config.models.pipeline import PipelineConfig
from config.rules.rule import Finding, Findings, PlacedRule, Surroundings

_OWN_TAGS: Final = 6  # of the platform, on a pipeline: deploy/planning/ownership.py
_MOST_TAGS: Final = 50  # of the service


def pipeline_name_fits(config: PipelineConfig, around: Surroundings) -> Findings:
    """The full name has at most 256 characters (shape PipelineName)."""
    full = names.pipeline_name(around.environment, config.name)
    if len(full) > 256:
        yield Finding(("name",), f"the full name, with the prefix, has {len(full)} characters; at most 256")


def tags_fit(config: PipelineConfig, around: Surroundings) -> Findings:
    """The tags of the pipeline, the environment and the platform together are at most 50."""
    count = len({**around.environment.tags, **config.tags}) + _OWN_TAGS
    if count > _MOST_TAGS:
        yield Finding(("tags",), f"with those of the environment and the platform {count} tags; at most 50")


NAMING_RULES: Final = (
    PlacedRule(pipeline_name_fits, ("name",)),
    PlacedRule(tags_fit, ("tags",)),
)
