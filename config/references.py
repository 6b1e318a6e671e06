"""References to parameters in a configuration: where `{parameter: Name}` stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from config.document import KeyPath
from config.models.types import ParameterRef


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
