"""Values for one execution: what the service refuses at the start, and limits that show only in a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from definition.checks.arguments import arguments_with, defaults
from definition.checks.structure import unknown
from definition.errors import Problem
from definition.outline import Outline
from definition.values import text, typed

LONGEST_VALUE: Final = 1024  # PipelineParameterValue of the API


def start_values(outline: Outline, given: Mapping[str, Any]) -> Iterator[Problem]:
    """Names exist, required ones are there, values have their type and are among the allowed ones."""
    declared = outline.parameters
    for name in given:
        if name not in declared:
            yield Problem(None, f'parameter "{name}"', unknown("parameter", name, declared))
    for name, entry in declared.items():
        if name not in given:
            if entry.get("DefaultValue") is None:
                yield Problem(None, f'parameter "{name}"', "has no default and no value was given")
            continue
        for message in _value(entry, given[name]):
            yield Problem(None, f'parameter "{name}"', message)


def _value(entry: Mapping[str, Any], value: Any) -> Iterator[str]:
    type_name = str(entry.get("Type", "String"))
    if len(text(value)) > LONGEST_VALUE:
        yield f"{len(text(value))} characters, at most {LONGEST_VALUE}"
    try:
        read = typed(value, type_name)
    except ValueError as error:
        yield f"{error}; it is of type {type_name}"
        return
    allowed = entry.get("EnumValues")
    if isinstance(allowed, list) and read not in allowed:
        yield f"{read!r} is not one of {', '.join(map(repr, allowed))}"


def arguments_at_start(outline: Outline, given: Mapping[str, Any]) -> Iterator[Problem]:
    """The requests of all steps with the values that this execution will have."""
    return arguments_with(outline, {**defaults(outline), **_readable(outline, given)})


def _readable(outline: Outline, given: Mapping[str, Any]) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    for name, entry in outline.parameters.items():
        if name in given:
            try:
                values[name] = typed(given[name], str(entry.get("Type", "String")))
            except ValueError:
                continue
    return values
