"""Holds a call's parameters against the service model: members, types, lengths, patterns, enumerations.

botocore itself checks required members, types and minimum lengths only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator


@cache
def service(name: str) -> Any:
    """The model of a service."""
    return botocore.session.get_session().get_service_model(name)


def check(service_name: str, operation: str, parameters: dict[str, Any]) -> None:
    """Raises AssertionError with what AWS would refuse."""
    shape = service(service_name).operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), f"{operation}: {report.generate_report()}"
    _check_value(operation, parameters, shape)


def _check_value(place: str, value: Any, shape: Any) -> None:
    if shape.type_name == "structure":
        for key, each in value.items():
            _check_value(f"{place}.{key}", each, shape.members[key])
    elif shape.type_name == "list":
        _check_size(place, len(value), shape)
        for each in value:
            _check_value(f"{place}[]", each, shape.member)
    elif shape.type_name == "map":
        _check_size(place, len(value), shape)
        for key, each in value.items():
            _check_value(f"{place} key", key, shape.key)
            _check_value(f"{place}[{key}]", each, shape.value)
    elif shape.type_name == "string":
        _check_text(place, value, shape)
    elif shape.type_name in ("integer", "long", "float", "double"):
        _check_size(place, value, shape)


def _check_text(place: str, value: str, shape: Any) -> None:
    _check_size(place, len(value), shape)
    pattern = shape.metadata.get("pattern")
    if pattern and "\\p" not in pattern:
        assert re.fullmatch(pattern, value), f"{place}: {value!r} does not match {pattern}"
    if shape.enum:
        assert value in shape.enum, f"{place}: {value!r} is none of {shape.enum}"


def _check_size(place: str, size: float, shape: Any) -> None:
    assert size >= shape.metadata.get("min", size), f"{place}: {size} is below the minimum"
    assert size <= shape.metadata.get("max", size), f"{place}: {size} is above the maximum"
