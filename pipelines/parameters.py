"""The parameters of a pipeline: those its file declares and those the platform adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from config.models import Environment, PipelineConfig
from config.models.pipeline import Parameter as Declared
from config.parameter_values import MOST_ENUM_VALUES
from config.parameters import platform_parameters
from config.platform_parameters import PlatformParameter
from pipelines.sdk import Parameter, ParameterBoolean, ParameterFloat, ParameterInteger, ParameterString

_NUMBERS_AND_FLAGS: Final = {
    "Integer": ParameterInteger,
    "Float": ParameterFloat,
    "Boolean": ParameterBoolean,
}


def parameters(env: Environment, config: PipelineConfig) -> Mapping[str, Parameter]:
    """By name, in the order of the file; the environment's default wins over the file's."""
    overrides = env.parameters.get(config.name, {})
    declared = {
        name: _declared(name, parameter, overrides.get(name, parameter.default))
        for name, parameter in config.parameters.items()
    }
    platform = {each.name: _added(each) for each in platform_parameters(config)}
    return {**declared, **platform}


def _added(parameter: PlatformParameter) -> Parameter:
    if parameter.type == "Integer":
        return ParameterInteger(name=parameter.name, default_value=int(parameter.default or 0))
    return ParameterString(parameter.name, parameter.default)


def _declared(name: str, parameter: Declared, default: Any) -> Parameter:
    if parameter.type == "String":
        allowed = [str(value) for value in parameter.allowed or ()]
        # More than the service takes are checked where executions are started, and only there.
        listed = allowed if 0 < len(allowed) <= MOST_ENUM_VALUES else None
        return ParameterString(name, default, enum_values=listed)
    typed = float(default) if parameter.type == "Float" else default
    return _NUMBERS_AND_FLAGS[parameter.type](name=name, default_value=typed)
