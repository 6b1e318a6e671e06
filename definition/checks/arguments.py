"""Rules on arguments: a step's request against botocore's model, with what botocore itself ignores.

Required members, types, unknown members, and the maximum lengths, patterns and enums that only the service
enforces: 100 container arguments of 256 characters, 10 inputs, 50 metadata pairs of 128 and 256, and so on.
A reference is judged by what is known of it (``definition/values.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from definition import service_model
from definition.checks.structure import unknown
from definition.errors import Problem
from definition.outline import Outline, Step
from definition.references import (
    ParameterReference,
    Place,
    UnreadableReferenceError,
    function_of,
    parse,
    place_text,
)
from definition.service_model import Shape
from definition.step_types import STEP_TYPES, StepType
from definition.values import Known, Open, evaluate, text

_PYTHON_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}
# Types of parameters that a place takes by reference; for others CreatePipeline answers "Cannot assign
# property reference [...] to argument of type [...]" (aws/sagemaker-python-sdk#4867, #2345).
_TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("String",),
    "integer": ("Integer",),
    "long": ("Integer",),
    "float": ("Float", "Integer"),
    "double": ("Float", "Integer"),
    "boolean": ("Boolean",),
    "structure": (),
    "list": (),
    "map": (),
}
_FEW: Final = 8  # values that are all named
_NUMBERS: Final = ("integer", "long", "float", "double")


@dataclass(frozen=True)
class Values:
    """Known values of parameters, and their declared types."""

    known: Mapping[str, Any]
    types: Mapping[str, str]


def defaults(outline: Outline) -> Mapping[str, Any]:
    """Values of the parameters that have a default."""
    declared = outline.parameters.items()
    return {name: entry["DefaultValue"] for name, entry in declared if entry.get("DefaultValue") is not None}


def parameter_types(outline: Outline) -> Mapping[str, str]:
    """Declared types; String where none is given."""
    return {name: str(entry.get("Type", "String")) for name, entry in outline.parameters.items()}


def arguments(outline: Outline) -> Iterator[Problem]:
    """Requests of all steps, with parameters at their defaults."""
    return arguments_with(outline, defaults(outline))


def arguments_with(outline: Outline, known: Mapping[str, Any]) -> Iterator[Problem]:
    """Requests of all steps, with the given values of parameters."""
    values = Values(known, parameter_types(outline))
    for step in outline.steps:
        step_type = STEP_TYPES.get(step.type)
        if step_type is not None and step_type.operation is not None:
            yield from _request(step, step_type, values)


def _request(step: Step, step_type: StepType, values: Values) -> Iterator[Problem]:
    shape = service_model.request_shape(str(step_type.operation))
    supplied = {step_type.named_by_service}
    for place, message in _structure(shape, step.arguments, ("Arguments",), values, supplied):
        yield Problem(step.name, place_text(place), message)


Complaint = tuple[Place, str]


def _value(shape: Shape, value: Any, place: Place, values: Values) -> Iterator[Complaint]:
    function = function_of(value)
    if function is not None:
        yield from _reference(shape, value, place, values)
    elif shape.type_name == "structure":
        yield from _structure(shape, value, place, values, set())
    elif shape.type_name == "list":
        yield from _list(shape, value, place, values)
    elif shape.type_name == "map":
        yield from _map(shape, value, place, values)
    else:
        yield from _scalar(shape, value, place)


def _structure(
    shape: Shape, value: Any, place: Place, values: Values, supplied: set[str | None]
) -> Iterator[Complaint]:
    if not isinstance(value, Mapping):
        yield place, f"must be an object ({shape.name})"
        return
    for name in shape.required_members:
        if value.get(name) is None and name not in supplied:
            yield (*place, name), "missing"
    if shape.metadata.get("union") and len(value) != 1:
        yield place, f"must have exactly one of {', '.join(shape.members)}"
    for name, member in value.items():
        if name not in shape.members:
            yield place, unknown("member", name, shape.members)
        elif member is not None:
            yield from _value(shape.members[name], member, (*place, name), values)


def _list(shape: Shape, value: Any, place: Place, values: Values) -> Iterator[Complaint]:
    if not isinstance(value, list):
        yield place, f"must be a list ({shape.name})"
        return
    yield from _within(shape, len(value), place, "entries")
    for index, member in enumerate(value):
        yield from _value(shape.member, member, (*place, index), values)


def _map(shape: Shape, value: Any, place: Place, values: Values) -> Iterator[Complaint]:
    if not isinstance(value, Mapping):
        yield place, f"must be an object ({shape.name})"
        return
    yield from _within(shape, len(value), place, "entries")
    for name, member in value.items():
        yield from _value(shape.key, name, (*place, name), values)
        yield from _value(shape.value, member, (*place, name), values)


def _scalar(shape: Shape, value: Any, place: Place) -> Iterator[Complaint]:
    if shape.type_name not in _PYTHON_TYPES:  # timestamps, blobs, documents: nothing to hold them against
        return
    if not _is_of(shape.type_name, value):
        yield place, f"{value!r} is not {_article(shape)}"
    elif isinstance(value, str):
        yield from _string(shape, value, place)
    elif not isinstance(value, bool):
        yield from _within(shape, value, place)


def _is_of(type_name: str, value: Any) -> bool:
    """Whether a JSON value is of that type of shape; true is no number."""
    return isinstance(value, _PYTHON_TYPES[type_name]) and (
        type_name == "boolean" or not isinstance(value, bool)
    )


def _string(shape: Shape, value: str, place: Place) -> Iterator[Complaint]:
    if shape.enum:
        if value not in shape.enum:
            yield place, _not_among(_cut(value), shape.enum)
        return
    lengths = tuple(_within(shape, len(value), place, "characters"))
    pattern = shape.metadata.get("pattern")
    if not lengths and pattern and not service_model.fits(pattern, value):
        yield place, f'"{_cut(value)}" does not fit {pattern}'
    yield from lengths


def _not_among(value: str, allowed: Sequence[str]) -> str:
    if len(allowed) <= _FEW:
        return f'"{value}", must be one of {", ".join(allowed)}'
    return unknown("value", value, allowed)


def _within(shape: Shape, measure: float, place: Place, unit: str = "") -> Iterator[Complaint]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    shown = f"{measure} {unit}".strip()
    if most is not None and measure > most:
        yield place, f"{shown}, at most {most}"
    if least is not None and measure < least:
        yield place, f"{shown}, at least {least}"


def _reference(shape: Shape, value: Any, place: Place, values: Values) -> Iterator[Complaint]:
    known = evaluate(value, values.known)
    declared = _declared_type(value, values)
    if declared is not None and declared not in _TAKES.get(shape.type_name, (declared,)):
        yield place, _wrong_type(shape, declared)
    elif shape.type_name == "string":
        yield from _text_reference(shape, known, place)
    elif isinstance(known, Open):
        if known.is_text and shape.type_name in _PYTHON_TYPES:
            yield place, f"a Std:Join is a text, not {_article(shape)}"
    elif (
        shape.type_name in _NUMBERS
        and isinstance(known.value, int | float)
        and not isinstance(known.value, bool)
    ):
        yield from _within(shape, known.value, place)


def _wrong_type(shape: Shape, declared: str) -> str:
    wanted = f"takes {_article(shape)}, but the parameter is of type {declared}"
    return f"{wanted}: put it into a Std:Join" if shape.type_name == "string" else wanted


def _text_reference(shape: Shape, known: Known | Open, place: Place) -> Iterator[Complaint]:
    if isinstance(known, Known):
        yield from _string(shape, text(known.value), place)
    else:
        most = shape.metadata.get("max")
        if most is not None and known.at_least > most:
            yield place, f"{known.at_least} characters or more, at most {most}"


def _declared_type(value: Any, values: Values) -> str | None:
    """The declared type of the parameter that ``value`` is a bare reference to."""
    if function_of(value) != "Get":
        return None
    try:
        reference = parse(value["Get"])
    except UnreadableReferenceError:
        return None
    return values.types.get(reference.name) if isinstance(reference, ParameterReference) else None


def _article(shape: Shape) -> str:
    return f"an {shape.type_name}" if shape.type_name == "integer" else f"a {shape.type_name}"


def _cut(value: str) -> str:
    return value if len(value) <= 60 else value[:57] + "..."
