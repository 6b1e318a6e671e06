"""Kinds of pipelines: the builder of each, as a row, imported when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pipelines.context import Context
    from pipelines.sdk import Step

# "module:function", from a Context to its steps.
BUILDERS: Final[Mapping[str, str]] = {
    "training": "pipelines.training:build",
    "inference": "pipelines.inference:build",
    "labeling": "pipelines.labeling:build",
    "guardrails": "pipelines.guardrails:build",
}


def builder(kind: str) -> Callable[[Context[Any]], Sequence[Step]]:
    """What builds the steps of a pipeline of this kind."""
    module, _, name = BUILDERS[kind].partition(":")
    found: Callable[[Context[Any]], Sequence[Step]] = getattr(import_module(module), name)
    return found
