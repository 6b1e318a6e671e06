"""Looks into the models by key path: which keys a mapping may have, and how one value alone is checked."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

from config.models.types import ParameterRef
from config.reading import KeyPath

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)


def model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model that the mapping at ``path`` is checked against; None where keys are free."""
    found: Any = model
    for part in path:
        found = child(found, part)
    return next(_models(found), None)


def field_at(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    """The field at ``path``, with its description."""
    parent = model_at(model, path[:-1]) if path else None
    return parent.model_fields.get(str(path[-1])) if parent else None


def child(annotation: Any, part: str | int) -> Any:
    """The annotation of the value at one key or index; None where nothing is known."""
    for plain in _alternatives(annotation):
        if isinstance(plain, type) and issubclass(plain, BaseModel) and plain is not ParameterRef:
            if part in plain.model_fields:
                return field_annotation(plain.model_fields[str(part)])
        elif get_origin(plain) is tuple and isinstance(part, int):
            return get_args(plain)[0]
        elif get_origin(plain) is Mapping and isinstance(part, str):
            return get_args(plain)[1]
    return None


def field_annotation(field: FieldInfo) -> Any:
    """The annotation of a field with all its constraints."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def check_alone(annotation: Any, value: Any) -> Any:
    """``value`` checked as a value of ``annotation``; raises ValidationError."""
    inner = next(_models(annotation), None)
    return TypeAdapter(annotation, config=None if inner and inner is annotation else _STRICT).validate_python(
        value
    )


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for plain in _alternatives(annotation):
        if isinstance(plain, type) and issubclass(plain, BaseModel) and plain is not ParameterRef:
            yield plain


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _alternatives(member)
    elif annotation is not None:
        yield annotation
