"""Kinds of pipelines: a row each, resolved when used, so that nothing imports the SDK before it must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from config.platform_parameters import CANDIDATE, GUARDRAIL, JOB_OUTPUT, LABELED, PlatformParameter

if TYPE_CHECKING:
    from config.models.project import Project
    from pipelines.pipeline import BuiltPipeline


@dataclass(frozen=True)
class Kind:
    """``builder``: "module:function" from a Context to its steps; ``parameters``: what the platform adds."""

    builder: str
    parameters: tuple[PlatformParameter, ...] = ()

    def added(self, config: Any) -> tuple[PlatformParameter, ...]:
        """The platform's parameters of one pipeline of this kind."""
        from config.parameters import platform_parameters

        by_source = (*LABELED, *JOB_OUTPUT)
        return self.parameters + tuple(each for each in platform_parameters(config) if each in by_source)

    def resolve(self) -> Callable[[Any], Any]:
        """The builder itself."""
        module, name = self.builder.split(":")
        function: Callable[[Any], Any] = getattr(import_module(module), name)
        return function


KINDS: Final[Mapping[str, Kind]] = {
    "training": Kind("pipelines.training:build"),
    "inference": Kind("pipelines.inference:build", CANDIDATE),
    "labeling": Kind("pipelines.labeling:build"),
    "guardrails": Kind("pipelines.guardrails:build", GUARDRAIL),
}


def build_pipeline(project: Project, name: str) -> BuiltPipeline:
    """The SDK's Pipeline of the file called ``name``, and what it leaves to be uploaded."""
    from pipelines.pipeline import build

    config: Any = project.pipeline(name)
    return build(project, config, KINDS[config.kind])
