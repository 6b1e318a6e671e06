"""Which modules answer which operations. A new operation is one small module and a row here.

A module named here has `operations(stand_in) -> Operations` and may have `resume(stand_in)`, called after
every start to take up what was running, and `stop(stand_in)`, called before the process ends.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

SERVICES: tuple[str, ...] = (
    "local.services.identity",
    "local.services.managed_policies",
    "local.services.pipelines",
    "local.services.processing",
    "local.services.automl",
    "local.services.endpoints",
    "local.services.registry",
    "local.services.bedrock",
    "local.services.bedrock_runtime",
    "local.services.service_quotas",
    "local.services.labeling",
)


def modules() -> list[ModuleType]:
    return [import_module(name) for name in SERVICES]
