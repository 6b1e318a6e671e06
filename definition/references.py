"""The references inside a definition: what they point at, and where they stand.

    {"Get": "Parameters.Rows"}                                   -> ParameterReference
    {"Get": "Execution.PipelineExecutionId"}                     -> ExecutionReference
    {"Get": "Steps.prepare.ProcessingOutputConfig.Outputs['training'].S3Output.S3Uri"} -> PropertyReference
    {"Get": "Steps.start-automl.OutputParameters['job_name']"}   -> OutputReference
    {"Get": "Steps.evaluate.PropertyFiles.metrics"}              -> PropertyFileReference
    {"Get": "ForEach.CurrentItem.name"}                          -> IterationReference

``Std:Join`` and ``Std:JsonGet`` hold such references; ``found`` walks into them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

EXECUTION_VARIABLES: Final = (
    "StartDateTime",
    "CurrentDateTime",
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "TrainingJobName",
    "ProcessingJobName",
)
FUNCTIONS: Final = ("Get", "Std:Join", "Std:JsonGet")

Place: TypeAlias = tuple[str | int, ...]
_PART = re.compile(r"\.(?P<member>\w+)|\['(?P<key>[^']*)'\]|\[\"(?P<quoted>[^\"]*)\"\]|\[(?P<index>\d+)\]")
_STEP = re.compile(r"Steps\.(?P<step>[^.\[\]]+)(?P<rest>.*)", re.DOTALL)


class UnreadableReferenceError(ValueError):
    """A text that is no reference of any kind."""


@dataclass(frozen=True)
class Key:
    """``['training']``: an entry of a map, or the element of a list that has this name."""

    name: str


@dataclass(frozen=True)
class ParameterReference:
    """A parameter's value."""

    name: str


@dataclass(frozen=True)
class ExecutionReference:
    """A variable of the execution."""

    name: str


@dataclass(frozen=True)
class PropertyReference:
    """A property of a step: a member is a ``str``, ``[0]`` an ``int``, ``['x']`` a ``Key``."""

    step: str
    path: tuple[str | int | Key, ...]


@dataclass(frozen=True)
class OutputReference:
    """An output of a Lambda or Callback step."""

    step: str
    name: str


@dataclass(frozen=True)
class PropertyFileReference:
    """A property file of a Processing step; only ``Std:JsonGet`` may hold one."""

    step: str
    name: str


@dataclass(frozen=True)
class IterationReference:
    """The current item or an iteration's output, in the body of a ForEach step."""

    text: str


Reference: TypeAlias = (
    ParameterReference
    | ExecutionReference
    | PropertyReference
    | OutputReference
    | PropertyFileReference
    | IterationReference
)


@dataclass(frozen=True)
class Found:
    """One ``Get``: where it stands, what it says, whether a ``Std:JsonGet`` reads it as a property file."""

    place: Place
    text: Any
    as_file: bool = False


def function_of(value: Any) -> str | None:
    """``Get``, ``Std:Join`` or ``Std:JsonGet`` where ``value`` is such an expression, else None."""
    if isinstance(value, Mapping) and len(value) == 1:
        name = next(iter(value))
        return name if name in FUNCTIONS else None
    return None


def parse(text: Any) -> Reference:
    """What the text of a ``Get`` points at; UnreadableReferenceError where it is nothing known."""
    if not isinstance(text, str):
        raise UnreadableReferenceError(f"the text of a Get is {text!r}")
    root, _, rest = text.partition(".")
    if root == "Parameters" and rest:
        return ParameterReference(rest)
    if root == "Execution" and rest:
        return ExecutionReference(rest)
    if root in ("ForEach", "IterationOutput") and rest:
        return IterationReference(text)
    match = _STEP.fullmatch(text)
    if match is None or not match["rest"]:
        raise UnreadableReferenceError(f'"{text}" is not a reference')
    return _of_step(text, match["step"], parse_path(match["rest"], text))


def _of_step(text: str, step: str, path: tuple[str | int | Key, ...]) -> Reference:
    match path:
        case ("OutputParameters", Key(name)):
            return OutputReference(step, name)
        case ("PropertyFiles", str(name)):
            return PropertyFileReference(step, name)
        case ("PropertyFiles", Key(name)):
            return PropertyFileReference(step, name)
        case ("OutputParameters" | "PropertyFiles", *_):
            raise UnreadableReferenceError(f'"{text}" does not name one output or property file')
    return PropertyReference(step, path)


def parse_path(rest: str, text: str) -> tuple[str | int | Key, ...]:
    """``.A.B[0]['k']`` -> ``("A", "B", 0, Key("k"))``."""
    parts: list[str | int | Key] = []
    position = 0
    while position < len(rest):
        match = _PART.match(rest, position)
        if match is None:
            raise UnreadableReferenceError(f'"{text}" cannot be read from "{rest[position:]}" on')
        parts.append(_part(match))
        position = match.end()
    return tuple(parts)


def _part(match: re.Match[str]) -> str | int | Key:
    if match["member"] is not None:
        return match["member"]
    if match["index"] is not None:
        return int(match["index"])
    return Key(match["key"] if match["key"] is not None else match["quoted"])


def found(value: Any, place: Place = ()) -> Iterator[Found]:
    """Every ``Get`` in ``value``, those inside ``Std:Join`` and ``Std:JsonGet`` too, in order."""
    function = function_of(value)
    if function == "Get":
        yield Found(place, value["Get"])
    elif function == "Std:JsonGet" and isinstance(value[function], Mapping):
        yield from _in_json_get(value[function], (*place, function))
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from found(member, (*place, name))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from found(member, (*place, index))


def _in_json_get(argument: Mapping[str, Any], place: Place) -> Iterator[Found]:
    for name, member in argument.items():
        if name == "PropertyFile" and function_of(member) == "Get":
            yield Found((*place, name), member["Get"], as_file=True)
        else:
            yield from found(member, (*place, name))


def json_gets(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every ``Std:JsonGet`` in ``value`` with its place: its argument, whatever shape it has."""
    if function_of(value) == "Std:JsonGet":
        yield place, value["Std:JsonGet"]
        return
    members = (
        value.items()
        if isinstance(value, Mapping)
        else enumerate(value)
        if isinstance(value, list | tuple)
        else ()
    )
    for name, member in members:
        yield from json_gets(member, (*place, name))


def place_text(place: Place) -> str:
    """``("Arguments", "Tags", 0, "Key")`` -> ``Arguments.Tags[0].Key``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")
