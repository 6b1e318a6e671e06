"""What is known of a value before an execution: all of it, or how long its text is at least.

Parameters have values (given ones, else defaults) and some variables of an execution a known length, so
that limits on container arguments, environment values and messages can be held against what will be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from definition.references import (
    ExecutionReference,
    ParameterReference,
    UnreadableReferenceError,
    function_of,
    parse,
)

# An execution's id has 12 characters; of the others only that they are not empty is certain.
_LENGTHS: Final = {
    "PipelineExecutionId": 12,
    "PipelineExecutionArn": 60,
    "PipelineArn": 45,
    "PipelineName": 1,
}


@dataclass(frozen=True)
class Known:
    """The value itself."""

    value: Any


@dataclass(frozen=True)
class Open:
    """A value that only an execution has; its text has at least so many characters.

    ``is_text``: whether it certainly is a text (a Std:Join), which a number's place does not take.
    """

    at_least: int = 0
    is_text: bool = False


def evaluate(value: Any, parameters: Mapping[str, Any]) -> Known | Open:
    """What is known of an expression or literal; ``parameters`` holds the values that are known."""
    function = function_of(value)
    if function is None:
        return Known(value)
    if function == "Get":
        return _get(value["Get"], parameters)
    if function == "Std:Join":
        return _join(value["Std:Join"], parameters)
    return Open()


def _get(text: Any, parameters: Mapping[str, Any]) -> Known | Open:
    try:
        reference = parse(text)
    except UnreadableReferenceError:
        return Open()
    match reference:
        case ParameterReference(name) if name in parameters:
            return Known(parameters[name])
        case ExecutionReference(name):
            return Open(_LENGTHS.get(name, 1))
    return Open()


def _join(argument: Any, parameters: Mapping[str, Any]) -> Known | Open:
    values = argument.get("Values") if isinstance(argument, Mapping) else None
    if not isinstance(values, list):
        return Open()
    on = str(argument.get("On", ""))
    parts = [evaluate(value, parameters) for value in values]
    if all(isinstance(part, Known) for part in parts):
        return Known(on.join(text(part.value) for part in parts if isinstance(part, Known)))
    lengths = (len(text(part.value)) if isinstance(part, Known) else part.at_least for part in parts)
    return Open(sum(lengths) + len(on) * (len(parts) - 1), is_text=True)


def text(value: Any) -> str:
    """A value as it is written into a text: true, 0.00001 (no exponent), 12."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value)


def typed(value: Any, type_name: str) -> Any:
    """A parameter's value as its type; ValueError where it is none. Texts are read, as the API sends them."""
    if type_name == "Boolean":
        if text(value) not in ("true", "false", "True", "False"):
            raise ValueError(f"{value!r} is not true or false")
        return text(value).lower() == "true"
    if type_name == "Integer":
        return _integer(value)
    if type_name == "Float":
        return _float(value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool | float) or re.fullmatch(r"[+-]?\d{1,18}", str(value), re.ASCII) is None:
        raise ValueError(f"{value!r} is not a whole number")
    return int(value)


def _float(value: Any) -> float:
    pattern = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
    if isinstance(value, bool) or re.fullmatch(pattern, str(value), re.ASCII) is None:
        raise ValueError(f"{value!r} is not a number")
    return float(value)
