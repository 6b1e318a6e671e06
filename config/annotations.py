"""Looks into the models by key path: which keys a mapping may have, and how one value alone is checked."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

from config.document import KeyPath
from config.models.types import ParameterRef

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)


def annotation_at(model: type[BaseModel], path: KeyPath) -> Any:
    """The annotation of the value at ``path``; None where nothing is known."""
    found: Any = model
    for part in path:
        found = child(found, part)
    return found


def field_at(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    """The field at ``path``, with its description."""
    parent = model_in(annotation_at(model, path[:-1])) if path else None
    return parent.model_fields.get(str(path[-1])) if parent else None


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a mapping of this annotation is checked against; None where its keys are free."""
    return next((plain for plain in alternatives(annotation) if _is_model(plain)), None)


def child(annotation: Any, part: str | int) -> Any:
    """The annotation of the value at one key or index; None where nothing is known."""
    for plain in alternatives(annotation):
        if _is_model(plain):
            field = plain.model_fields.get(str(part))
            return field_annotation(field) if field else None
        if get_origin(plain) is tuple:
            return get_args(plain)[0]
        if get_origin(plain) is Mapping:
            return get_args(plain)[1]
    return None


def field_annotation(field: FieldInfo) -> Any:
    """The annotation of a field with all its constraints."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def check_alone(annotation: Any, value: Any) -> Any:
    """``value`` checked as a value of ``annotation``, as strictly as in a model; raises ValidationError."""
    config = None if _is_model(annotation) else _STRICT
    return TypeAdapter(annotation, config=config).validate_python(value)


def bounds(annotation: Any) -> tuple[str, ...]:
    """The bounds of a number in words: ``("at least 1", "at most 10")``."""
    return tuple(word for constraint in _constraints(annotation) if (word := _bound(constraint)))


def key_paths(model: type[BaseModel], path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key path that a file of this model may have, outer ones first."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        inner = model_in(field.annotation)
        if inner is not None and get_origin(field.annotation) is not Mapping:
            yield from key_paths(inner, (*path, name))


def alternatives(annotation: Any) -> Iterator[Any]:
    """The types of a union, without their annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from alternatives(member)
    elif annotation is not None and annotation is not ParameterRef:
        yield annotation


def _is_model(plain: Any) -> bool:
    return isinstance(plain, type) and issubclass(plain, BaseModel)


def _constraints(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        if isinstance(argument, FieldInfo):
            yield from argument.metadata
        elif isinstance(argument, Ge | Gt | Le | Lt):
            yield argument
        elif get_origin(argument) is not None:
            yield from _constraints(argument)


def _bound(constraint: Any) -> str | None:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for attribute, word in words.items():
        if hasattr(constraint, attribute):
            return f"{word} {getattr(constraint, attribute)}"
    return None
