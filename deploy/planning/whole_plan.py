"""Everything that upsert would do to an environment, looked at and not done: pipelines, functions, stacks.

infrastructure   deploy/infrastructure/   functions' archives, the services stack; what bootstrap would do
pipelines        upsert.py                uploads, package groups, guardrails, pipelines, aliases
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.models import Project
from deploy.actions import Action
from deploy.infrastructure.bootstrap import InfrastructurePlan, plan_infrastructure
from deploy.planning import upsert
from deploy.session import Aws

if TYPE_CHECKING:
    from definition.compile import CompiledPipeline


@dataclass(frozen=True)
class WholePlan:
    """What upsert would write, and what bootstrap would."""

    infrastructure: InfrastructurePlan
    pipelines: upsert.Plan
    alias: str | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """Upsert's, in order."""
        services = (self.infrastructure.services,) if self.infrastructure.services else ()
        return (*self.infrastructure.uploads, *services, *self.pipelines.actions)

    @property
    def has_changes(self) -> bool:
        """Whether files and environment differ, in what is bootstrap's too."""
        return bool(self.actions) or self.infrastructure.base is not None


def plan_all(
    project: Project,
    aws: Aws,
    compiled: Sequence[CompiledPipeline],
    *,
    alias: str | None = None,
    base: bool = True,
) -> WholePlan:
    """Only reads. Without `base` the base stack, which is not upsert's, is not looked at."""
    return WholePlan(
        infrastructure=plan_infrastructure(project, aws, base=base),
        pipelines=upsert.plan(project, aws, compiled, alias=alias),
        alias=alias,
    )
