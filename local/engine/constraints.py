"""The limits of the API model that botocore leaves to the service: lengths, ranges, patterns, enums.

The text is the service's own: `1 validation error detected: Value 'x' at 'pipelineName' failed to satisfy
constraint: Member must satisfy regular expression pattern: ...`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape

from definition.service_model import fits
from local.api import ApiError, Call
from local.protocol import operation_model, validate

_SHOWN_LENGTH = 200


def check(call: Call) -> None:
    """ApiError (ValidationException) with every limit that the call's parameters break."""
    _check(operation_model(call.service, call.operation), call.parameters)


def check_request(operation: str, parameters: Mapping[str, Any]) -> None:
    """All that SageMaker checks of a request by its model: required members, types and limits. ApiError."""
    model = operation_model("sagemaker", operation)
    validate(model, parameters)
    _check(model, parameters)


def _check(model: Any, parameters: Mapping[str, Any]) -> None:
    found = list(violations(parameters, model.input_shape, at=""))
    if found:
        errors = "error" if len(found) == 1 else "errors"
        message = f"{len(found)} validation {errors} detected: {'; '.join(found)}"
        raise ApiError("ValidationException", message)


def violations(value: Any, shape: Shape, *, at: str) -> Iterator[str]:
    """What is wrong, in the words of the service; `at` is the path so far."""
    for constraint in _own(value, shape):
        shown = str(value)
        shown = shown if len(shown) <= _SHOWN_LENGTH else f"{shown[:_SHOWN_LENGTH]}..."
        yield f"Value '{shown}' at '{at}' failed to satisfy constraint: Member must {constraint}"
    for name, member, inner in _members(value, shape):
        yield from violations(member, inner, at=f"{at}.{name}" if at else name)


def _members(value: Any, shape: Shape) -> Iterator[tuple[str, Any, Shape]]:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, inner in shape.members.items():
            if value.get(name) is not None:
                yield name[:1].lower() + name[1:], value[name], inner
    elif shape.type_name == "list" and isinstance(value, list | tuple):
        for index, member in enumerate(value, start=1):
            yield f"{index}.member", member, shape.member
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for name, member in value.items():
            yield f"{name}.key", name, shape.key
            yield f"{name}.value", member, shape.value


def _own(value: Any, shape: Shape) -> Iterator[str]:
    limits = shape.metadata
    enum, pattern = limits.get("enum"), limits.get("pattern")
    if isinstance(value, str):
        if enum and value not in enum:
            yield f"satisfy enum value set: [{', '.join(enum)}]"
        if pattern and not fits(pattern, value):
            yield f"satisfy regular expression pattern: {pattern}"
    yield from _sizes(value, limits)


def _sizes(value: Any, limits: Mapping[str, Any]) -> Iterator[str]:
    low, high = limits.get("min"), limits.get("max")
    if isinstance(value, int | float) and not isinstance(value, bool):
        size, least, most = value, "have value greater than or equal to", "have value less than or equal to"
    elif isinstance(value, str | list | tuple | dict):
        size = len(value)
        least, most = "have length greater than or equal to", "have length less than or equal to"
    else:
        return
    if low is not None and size < low:
        yield f"{least} {low}"
    if high is not None and size > high:
        yield f"{most} {high}"
