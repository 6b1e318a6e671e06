"""Which step types run here: type -> "package.module:Class". A new type is one module and one row."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import import_module

from local.engine.definition import Definition
from local.engine.steps.contract import StepType

STEP_TYPES: Mapping[str, str] = {
    "Callback": "local.engine.steps.callback:CallbackStep",
    "Condition": "local.engine.steps.condition:ConditionStep",
    "Endpoint": "local.engine.steps.endpoint:EndpointStep",
    "EndpointConfig": "local.engine.steps.endpoint_config:EndpointConfigStep",
    "Fail": "local.engine.steps.fail:FailStep",
    "Lambda": "local.engine.steps.function:LambdaStep",
    "Model": "local.engine.steps.model:ModelStep",
    "Processing": "local.engine.steps.processing:ProcessingStep",
    "RegisterModel": "local.engine.steps.register_model:RegisterModelStep",
}


@functools.cache
def step_type(name: str) -> StepType:
    """The one that runs steps of a type; KeyError for a type that does not run here."""
    module, _, attribute = STEP_TYPES[name].partition(":")
    made: StepType = getattr(import_module(module), attribute)()
    return made


def unsupported(definition: Definition) -> list[str]:
    """`'name' (Type)` of every step, in any branch, whose type does not run here."""
    return [f"'{s.name}' ({s.type})" for s in definition.steps.values() if s.type not in STEP_TYPES]
