"""The references in a step's JSON: what `Get`, `Std:Join` and `Std:JsonGet` point at, unresolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.engine.definition import DefinitionError, StepSpec
from local.engine.paths import Path, PathError, parse_path

EXECUTION_VARIABLES = (
    "StartDateTime",
    "CurrentDateTime",
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "TrainingJobName",
    "ProcessingJobName",
)
FUNCTIONS = ("Std:Join", "Std:JsonGet")
# Members of a step outside its Arguments that may hold references.
_REFERRING_MEMBERS = ("FunctionArn", "SqsQueueUrl", "CacheConfig")


@dataclass(frozen=True)
class Reference:
    """`Steps.prepare.Outputs['x']` -> root "Steps", name "prepare", rest ("Outputs", "x")."""

    text: str
    root: str
    name: str
    rest: Path

    @property
    def is_property_file(self) -> bool:
        return self.root == "Steps" and self.rest[:1] == ("PropertyFiles",)


def parse_reference(text: Any) -> Reference:
    """A `Get`'s text; DefinitionError where it is no reference or one of a kind that is not supported."""
    if not isinstance(text, str):
        raise DefinitionError(f"a Get takes a text, not {text!r}")
    try:
        path = parse_path(text)
    except PathError as error:
        raise DefinitionError(str(error)) from error
    root, name, rest = path[0], path[1] if len(path) > 1 else None, path[2:]
    if root not in ("Parameters", "Execution", "Steps") or not isinstance(name, str):
        raise DefinitionError(f"'{text}' is not a reference to Parameters, Execution or Steps")
    if (root == "Steps") != bool(rest):
        raise DefinitionError(f"'{text}' is not a whole reference")
    return Reference(text, str(root), name, rest)


def function_of(value: Mapping[str, Any]) -> str | None:
    """The name of the function an object calls ("Get", "Std:Join", ...), or None for plain data."""
    if len(value) == 1:
        name = next(iter(value))
        if name == "Get" or name.startswith("Std:"):
            return name
    return None


def references_in(value: Any) -> Iterator[Reference]:
    """Every reference in a JSON tree, in order; DefinitionError at a function nobody knows."""
    if isinstance(value, Mapping):
        function = function_of(value)
        if function == "Get":
            yield parse_reference(value["Get"])
            return
        if function is not None and function not in FUNCTIONS:
            raise DefinitionError(f"the function '{function}' is not supported")
        for member in value.values():
            yield from references_in(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from references_in(member)


def own_references(step: StepSpec) -> list[Reference]:
    """The references of a step itself: a Condition's branches are steps of their own."""
    arguments = {k: v for k, v in step.arguments.items() if step.type != "Condition" or k == "Conditions"}
    members = [arguments, *(step.settings.get(member) for member in _REFERRING_MEMBERS)]
    try:
        return [reference for member in members for reference in references_in(member)]
    except DefinitionError as error:
        raise DefinitionError(f"Step '{step.name}': {error}") from error
