"""References to parameters in a configuration, and the configuration with values in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from config.document import KeyPath, with_values
from config.models.common import ParameterValue, PipelineConfig
from config.models.types import ParameterRef
from config.validation import Validated, validate


def references(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """(path, parameter name) of every ``{parameter: Name}`` in a configuration or a part of one."""
    if isinstance(value, ParameterRef):
        yield path, value.parameter
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from references(value.__dict__.get(name), (*path, name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from references(inner, (*path, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from references(inner, (*path, index))


def with_parameters(
    model: type[PipelineConfig],
    data: Any,
    places: Mapping[KeyPath, str],
    values: Mapping[str, ParameterValue],
) -> Validated[PipelineConfig]:
    """The file's data with the values of parameters at their places, checked again as if written so."""
    replaced = {path: values[name] for path, name in places.items() if name in values}
    return validate(model, with_values(data, replaced))


def concrete(config: PipelineConfig, values: Mapping[str, ParameterValue]) -> Validated[PipelineConfig]:
    """``config`` with ``values`` in the place of references: what an execution with them would do."""
    places = dict(references(config))
    return with_parameters(type(config), config.model_dump(exclude_unset=True), places, values)
