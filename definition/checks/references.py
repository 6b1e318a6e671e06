"""Rules on references: what a step points at exists, and no steps wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from definition import service_model
from definition.checks.structure import unknown
from definition.dependencies import circle
from definition.errors import Problem
from definition.outline import Outline, Step
from definition.references import (
    EXECUTION_VARIABLES,
    ExecutionReference,
    Found,
    IterationReference,
    Key,
    OutputReference,
    ParameterReference,
    Place,
    PropertyFileReference,
    PropertyReference,
    Reference,
    UnreadableReferenceError,
    found,
    function_of,
    json_gets,
    parse,
    place_text,
)
from definition.step_types import STEP_TYPES

# Names of list elements that a path may use, by the member that holds the name.
_NAME_MEMBERS: Final = ("OutputName", "InputName", "ChannelName", "VariantName")


def references(outline: Outline) -> Iterator[Problem]:
    """Every Get points at a parameter, variable, step, property, output or property file that exists."""
    for step in outline.steps:
        for reference_found in found({**step.content, "Arguments": step.arguments}):
            for message in _message(step, reference_found, outline):
                yield Problem(step.name, place_text(reference_found.place), message)


def _message(step: Step, one: Found, outline: Outline) -> Iterator[str]:
    try:
        reference = parse(one.text)
    except UnreadableReferenceError as error:
        yield str(error)
        return
    if one.as_file and not isinstance(reference, PropertyFileReference):
        yield f'"{one.text}" is not a property file (Steps.<step>.PropertyFiles.<name>)'
    else:
        yield from _missing(step, reference, one, outline)


def _missing(step: Step, reference: Reference, one: Found, outline: Outline) -> Iterator[str]:
    match reference:
        case ParameterReference(name):
            if name not in outline.parameters:
                yield unknown("parameter", name, outline.parameters)
        case ExecutionReference(name):
            if name not in EXECUTION_VARIABLES:
                yield unknown("variable of the execution", name, EXECUTION_VARIABLES)
        case IterationReference(text):
            if step.branch != "ForEachBody" and step.type != "ForEach":
                yield f'"{text}" stands outside a ForEach step'
        case OutputReference(source) | PropertyReference(source) | PropertyFileReference(source):
            if source not in outline.by_name:
                yield unknown("step", source, outline.by_name)
            elif source == step.name:
                yield f'"{one.text}" is a reference of the step to itself'
            else:
                yield from _missing_in_step(outline.by_name[source], reference, one)


def _missing_in_step(
    source: Step, reference: OutputReference | PropertyReference | PropertyFileReference, one: Found
) -> Iterator[str]:
    match reference:
        case OutputReference(_, name):
            if name not in source.outputs:
                yield f'step "{source.name}" declares ' + unknown("output", name, source.outputs)
        case PropertyFileReference(_, name):
            if name not in source.property_files:
                yield f'step "{source.name}" declares ' + unknown(
                    "property file", name, source.property_files
                )
            elif not one.as_file:
                yield f'"{one.text}" can only be read by Std:JsonGet'
        case PropertyReference():
            yield from _missing_property(source, reference)


def _missing_property(source: Step, reference: PropertyReference) -> Iterator[str]:
    step_type = STEP_TYPES.get(source.type)
    first = reference.path[0]
    if (
        step_type is None
        or (step_type.open and step_type.response is None)
        or first in step_type.plain_properties
    ):
        return
    if step_type.response is None:
        yield f'a {source.type} step has no property "{first}"'
        return
    if isinstance(first, str) and first in step_type.shapes:
        shape, rest = service_model.shape(step_type.shapes[first]), reference.path[1:]
    else:
        shape, rest = service_model.shape(step_type.response), reference.path
    yield from _along(source, shape, rest, source.arguments)


def _along(source: Step, shape: Any, path: tuple[str | int | Key, ...], request: Any) -> Iterator[str]:
    """Follow ``path`` through the response's shape, and through the request where it names elements."""
    for part in path:
        if shape.type_name == "structure" and isinstance(part, str):
            if part not in shape.members:
                yield f'{shape.name} of step "{source.name}" has ' + unknown("property", part, shape.members)
                return
            shape, request = shape.members[part], _member(request, part)
        elif shape.type_name == "list" and isinstance(part, int | Key):
            names = _element_names(request)
            if isinstance(part, Key) and names and part.name not in names:
                yield f'step "{source.name}" has ' + unknown("element", part.name, names)
                return
            shape, request = shape.member, None
        elif shape.type_name == "map" and isinstance(part, Key):
            shape, request = shape.value, None
        else:
            yield f'{shape.name} of step "{source.name}" is a {shape.type_name}, {_shown(part)} leads nowhere'
            return


def _member(request: Any, name: str) -> Any:
    return request.get(name) if isinstance(request, Mapping) else None


def _element_names(request: Any) -> tuple[str, ...]:
    """Names of the elements of a list in a request; empty where they are not all literal."""
    entries = request if isinstance(request, list) else []
    names = [
        next((entry[member] for member in _NAME_MEMBERS if isinstance(entry.get(member), str)), None)
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    return tuple(name for name in names if name is not None) if None not in names else ()


def _shown(part: str | int | Key) -> str:
    return (
        f'"{part}"' if isinstance(part, str) else f"['{part.name}']" if isinstance(part, Key) else f"[{part}]"
    )


def functions(outline: Outline) -> Iterator[Problem]:
    """Std:Join and Std:JsonGet have the members they need."""
    for step in outline.steps:
        for place, name, argument in _calls({**step.content, "Arguments": step.arguments}, ()):
            message = _JOIN_OR_JSON[name](argument)
            if message is not None:
                yield Problem(step.name, place_text(place), message)


def _calls(value: Any, place: Place) -> Iterator[tuple[Place, str, Any]]:
    function = function_of(value)
    if function in _JOIN_OR_JSON:
        yield place, function, value[function]
    members = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield from _calls(member, (*place, name))


def _join(argument: Any) -> str | None:
    if not isinstance(argument, Mapping) or not isinstance(argument.get("Values"), list):
        return "Std:Join needs a list named Values"
    if not isinstance(argument.get("On", ""), str):
        return "On of Std:Join must be a text"
    for value in argument["Values"]:
        if value is None or (isinstance(value, Mapping | list) and function_of(value) is None):
            return f"Std:Join cannot join {value!r}"
    return None


def _json_get(argument: Any) -> str | None:
    if not isinstance(argument, Mapping) or not isinstance(argument.get("Path"), str):
        return "Std:JsonGet needs a Path"
    if ("PropertyFile" in argument) == ("S3Uri" in argument):
        return "Std:JsonGet needs either a PropertyFile or an S3Uri"
    if "PropertyFile" in argument and function_of(argument["PropertyFile"]) != "Get":
        return "PropertyFile of Std:JsonGet must be a Get"
    return None


_JOIN_OR_JSON: Final = {"Std:Join": _join, "Std:JsonGet": _json_get}


def property_files(outline: Outline) -> Iterator[Problem]:
    """Property files belong to an output of their Processing step and have a path."""
    for step in outline.steps:
        entries = step.content.get("PropertyFiles")
        outputs = _element_names(_member(step.arguments.get("ProcessingOutputConfig"), "Outputs"))
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            place = f"PropertyFiles[{index}]"
            for member in ("PropertyFileName", "OutputName", "FilePath"):
                if not isinstance(_member(entry, member), str):
                    yield Problem(step.name, place, f"{member} is missing")
            output = _member(entry, "OutputName")
            if step.type == "Processing" and isinstance(output, str) and output not in outputs:
                yield Problem(step.name, place, unknown("output", output, outputs))


def json_get_producers(outline: Outline) -> Iterator[Problem]:
    """A Std:JsonGet of an S3Uri made from a step's properties needs that step in DependsOn.

    The service derives no dependency from the URI (Developer Guide, page build-and-manage-propertyfile).
    """
    for step in outline.steps:
        for place, argument in json_gets(step.arguments, ("Arguments",)):
            uri = argument.get("S3Uri") if isinstance(argument, Mapping) else None
            for source in sorted(_steps_of(uri) - _waited_for(step, outline)):
                yield Problem(
                    step.name,
                    place_text(place),
                    f'reads a file of step "{source}", which is missing in DependsOn',
                    f'add "{source}" to DependsOn',
                )


def _waited_for(step: Step, outline: Outline) -> set[str]:
    """DependsOn of the step and of the steps that it stands in."""
    parent = outline.by_name.get(step.parent or "")
    return set(step.depends_on) | (_waited_for(parent, outline) if parent is not None else set())


def _steps_of(value: Any) -> set[str]:
    sources = set()
    for one in found(value):
        try:
            reference = parse(one.text)
        except UnreadableReferenceError:
            continue
        if isinstance(reference, OutputReference | PropertyReference | PropertyFileReference):
            sources.add(reference.step)
    return sources


def circles(outline: Outline) -> Iterator[Problem]:
    """No steps wait for each other in a circle."""
    names = circle(outline)
    if names is not None:
        yield Problem(names[0], "", "waits for itself: " + " -> ".join(names))
