"""Rules on the declared parameters of a pipeline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from config.parameter_values import MOST_ENUM_VALUES
from definition.checks.structure import unknown_members
from definition.errors import Problem
from definition.outline import Outline

MOST_PARAMETERS: Final = 200  # ParameterList of the API
LONGEST_DEFAULT: Final = 4096  # official definition schema
LARGEST_INTEGER: Final = 2**63 - 1
NAME: Final = re.compile(r"[A-Za-z0-9\-_]{1,256}")  # PipelineParameterName of the API
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}
_MEMBERS: Final = ("Name", "Type", "DefaultValue", "EnumValues", "Description")


def parameters(outline: Outline) -> Iterator[Problem]:
    """A list of at most 200 declarations with unique names."""
    declared = outline.definition.get("Parameters")
    if declared is not None and not isinstance(declared, list):
        yield Problem(None, "Parameters", "must be a list")
        return
    entries = declared or []
    if len(entries) > MOST_PARAMETERS:
        yield Problem(None, "Parameters", f"{len(entries)} parameters, at most {MOST_PARAMETERS}")
    for index, entry in enumerate(entries):
        if isinstance(entry, Mapping) and isinstance(entry.get("Name"), str):
            yield from _declaration(entry, f'Parameters "{entry["Name"]}"')
        else:
            yield Problem(None, f"Parameters[{index}]", "must be an object with a Name")
    for name, count in Counter(_names(entries)).items():
        if count > 1:
            yield Problem(None, f'Parameters "{name}"', f"declared {count} times")


def _names(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, Mapping) and isinstance(entry.get("Name"), str):
            yield entry["Name"]


def _declaration(entry: Mapping[str, Any], place: str) -> Iterator[Problem]:
    for problem in unknown_members(None, (), entry, _MEMBERS):
        yield Problem(None, place, problem.message)
    if NAME.fullmatch(entry["Name"]) is None:
        yield Problem(None, place, "must be 1 to 256 letters, digits, dashes or underscores")
    type_name = entry.get("Type", "String")
    if not isinstance(type_name, str) or type_name not in TYPES:
        yield Problem(None, place, f"Type {type_name!r}, must be one of {', '.join(TYPES)}")
        return
    yield from _default(entry, place, type_name)


def _default(entry: Mapping[str, Any], place: str, type_name: str) -> Iterator[Problem]:
    default, allowed = entry.get("DefaultValue"), entry.get("EnumValues")
    if default is not None and not is_of(default, type_name):
        yield Problem(None, place, f"DefaultValue {default!r} is not of type {type_name}")
    elif isinstance(default, int) and abs(default) > LARGEST_INTEGER:
        yield Problem(None, place, "DefaultValue is too large a number, at most 64 bits")
    elif isinstance(default, str) and len(default) > LONGEST_DEFAULT:
        yield Problem(None, place, f"DefaultValue has {len(default)} characters, at most {LONGEST_DEFAULT}")
    if allowed is None:
        return
    if not isinstance(allowed, list) or not all(is_of(value, type_name) for value in allowed):
        yield Problem(None, place, f"EnumValues must be a list of values of type {type_name}")
    elif len(allowed) > MOST_ENUM_VALUES:
        yield Problem(None, place, f"{len(allowed)} EnumValues, at most {MOST_ENUM_VALUES}")
    elif default is not None and default not in allowed:
        yield Problem(None, place, f"DefaultValue {default!r} is not among EnumValues")


def is_of(value: Any, type_name: str) -> bool:
    """Whether a JSON value is of that type; true is no number."""
    return isinstance(value, TYPES[type_name]) and (type_name == "Boolean" or not isinstance(value, bool))
