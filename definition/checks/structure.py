"""Rules on the shape of a definition: members, names, branches, counts, size."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from definition.errors import Problem
from definition.outline import Outline, Step, is_step, nested_members
from definition.references import Place, function_of, place_text
from definition.step_types import COMMON_MEMBERS, STEP_TYPES, StepType

VERSION: Final = "2020-12-01"
# What SDK 3.27 emits; the official schema lacks the two in the middle.
TOP_MEMBERS: Final = (
    "Version",
    "Metadata",
    "Parameters",
    "PipelineExperimentConfig",
    "MlflowConfig",
    "Steps",
)
_OBJECTS: Final = ("Metadata", "PipelineExperimentConfig", "MlflowConfig")
STEP_NAME: Final = re.compile(r"[A-Za-z0-9\-_]{1,64}")  # StepName of the API, the schema's lower bound
LONGEST_DEFINITION: Final = 1_048_576  # PipelineDefinition of the API, in characters
LONGEST_DESCRIPTION: Final = 3072  # StepDescription of the API
MOST_STEPS: Final = 50  # weakly sourced: SelectedSteps and parallel steps of the API end there
TRIGGERS: Final = ("Completed", "Failed", "Stopped", "Any")


def top_members(outline: Outline) -> Iterator[Problem]:
    """Only known members, objects where objects belong; the version; a list of steps with something in it."""
    yield from unknown_members(None, (), outline.definition, TOP_MEMBERS)
    for member in _OBJECTS:
        if not isinstance(outline.definition.get(member) or {}, Mapping):
            yield Problem(None, member, "must be an object")
    version = outline.definition.get("Version", VERSION)
    if version != VERSION:
        yield Problem(None, "Version", f'{version!r}, must be "{VERSION}"')
    steps = outline.definition.get("Steps")
    if not isinstance(steps, list) or not steps:
        yield Problem(None, "Steps", "must be a list with at least one step")


def step_shapes(outline: Outline) -> Iterator[Problem]:
    """Every entry among the steps is an object with Name and Type, wherever steps may stand."""
    yield from _entries(outline.definition.get("Steps"), ("Steps",))
    for step in outline.steps:
        for member in nested_members(step.type):
            arguments = step.content.get("Arguments")
            nested = arguments.get(member) if isinstance(arguments, Mapping) else None
            yield from _entries(nested, ("Arguments", member), step=step.name)


def _entries(entries: Any, place: Place, *, step: str | None = None) -> Iterator[Problem]:
    if entries is not None and not isinstance(entries, list):
        yield Problem(step, place_text(place), "must be a list of steps")
        return
    for index, entry in enumerate(entries or ()):
        if not is_step(entry):
            yield Problem(step, place_text((*place, index)), "must be an object with a Name and a Type")


def step_names(outline: Outline) -> Iterator[Problem]:
    """Names fit the service's pattern and are unique in the whole pipeline, branches included."""
    for name, count in Counter(step.name for step in outline.steps).items():
        if STEP_NAME.fullmatch(name) is None:
            yield Problem(name, "Name", "must be 1 to 64 letters, digits, dashes or underscores")
        if count > 1:
            yield Problem(name, "Name", f"{count} steps have this name, branches included")


def step_members(outline: Outline) -> Iterator[Problem]:
    """Types are known, and each holds what its type may hold and must hold."""
    for step in outline.steps:
        step_type = STEP_TYPES.get(step.type)
        if step_type is None:
            yield Problem(step.name, "Type", unknown("type", step.type, STEP_TYPES))
        else:
            yield from _members_of(step, step_type)


def _members_of(step: Step, step_type: StepType) -> Iterator[Problem]:
    if not step_type.open:
        yield from unknown_members(step.name, (), step.content, (*COMMON_MEMBERS, *step_type.members))
    for member in step_type.required:
        if member not in step.content:
            yield Problem(step.name, member, f"missing; a {step.type} step needs it")
    arguments = step.content.get("Arguments", {})
    if not isinstance(arguments, Mapping) or function_of(arguments) is not None:
        yield Problem(step.name, "Arguments", "must be an object")
    for member, longest in (("DisplayName", 256), ("Description", LONGEST_DESCRIPTION)):
        yield from text_of_at_most(step.name, member, step.content.get(member), longest)


def depends_on(outline: Outline) -> Iterator[Problem]:
    """DependsOn names steps that exist, as text or as {Step, Trigger}."""
    known = outline.by_name
    for step in outline.steps:
        entries = step.content.get("DependsOn", [])
        if not isinstance(entries, list):
            yield Problem(step.name, "DependsOn", "must be a list of step names")
            continue
        for index, entry in enumerate(entries):
            yield from _dependency(step, place_text(("DependsOn", index)), entry, known)


def _dependency(step: Step, place: str, entry: Any, known: Mapping[str, Step]) -> Iterator[Problem]:
    name = entry.get("Step") if isinstance(entry, Mapping) else entry
    if not isinstance(name, str):
        yield Problem(step.name, place, 'must be the name of a step or {"Step": name, "Trigger": ...}')
    elif name not in known:
        yield Problem(step.name, place, unknown("step", name, known))
    elif known[name].type == "Fail":
        yield Problem(step.name, place, f'the Fail step "{name}" ends the execution, nothing can follow it')
    if isinstance(entry, Mapping) and entry.get("Trigger", "Completed") not in TRIGGERS:
        yield Problem(step.name, place, f"Trigger must be one of {', '.join(TRIGGERS)}")


def conditions_inside(outline: Outline) -> Iterator[Problem]:
    """No condition inside a condition; no Condition, Fail or ForEach inside a ForEach."""
    for step in outline.steps:
        if step.parent is None:
            continue
        if step.branch == "ForEachBody" and step.type in ("Condition", "Fail", "ForEach"):
            yield Problem(step.name, "", f'a {step.type} step cannot stand in the body of "{step.parent}"')
        elif step.type == "Condition":
            yield Problem(
                step.name,
                "",
                f'a Condition cannot stand inside the Condition "{step.parent}"',
                "put all conditions into one step, or let the outer branch end and depend on its steps",
            )


def counts(outline: Outline) -> Iterator[Problem]:
    """Number of steps."""
    if len(outline.steps) > MOST_STEPS:
        yield Problem(None, "Steps", f"{len(outline.steps)} steps, at most {MOST_STEPS}")


def size(outline: Outline) -> Iterator[Problem]:
    """Length of the definition's text."""
    length = len(json.dumps(outline.definition, ensure_ascii=False))
    if length > LONGEST_DEFINITION:
        yield Problem(None, "", f"the definition has {length} characters, at most {LONGEST_DEFINITION}")


def unknown_members(
    step: str | None, place: Place, value: Mapping[str, Any], allowed: Iterable[str]
) -> Iterator[Problem]:
    """A problem for each member of ``value`` that is not allowed, with the nearest name."""
    names = tuple(allowed)
    for name in value:
        if name not in names:
            yield Problem(step, place_text(place), unknown("member", name, names))


def unknown(what: str, name: Any, known: Iterable[str]) -> str:
    """``no step "prepar"; did you mean "prepare"?``"""
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f'no {what} "{name}"' + (f'; did you mean "{near[0]}"?' if near else "")


def text_of_at_most(step: str | None, place: str, value: Any, longest: int) -> Iterator[Problem]:
    """A problem where ``value`` is given and is no text, or too long a text."""
    if value is not None and not isinstance(value, str):
        yield Problem(step, place, "must be a text")
    elif isinstance(value, str) and len(value) > longest:
        yield Problem(step, place, f"{len(value)} characters, at most {longest}")
