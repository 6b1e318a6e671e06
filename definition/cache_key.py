"""What the service puts into the cache key of a step, and which steps re-run when one of them does.

A step that re-runs writes below another execution's folder, so whatever takes its output has another key.
Source: Developer Guide, "Default cache key attributes". Not in a key: outputs, role, resources, property
files, and the content behind an unchanged S3 URI.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from definition.outline import Outline, Step
from definition.references import (
    ParameterReference,
    PropertyReference,
    Reference,
    UnreadableReferenceError,
    found,
    parse,
)

KEY_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
}


def is_cached(step: Step) -> bool:
    """Whether an earlier result may stand in for a run of it."""
    config = step.content.get("CacheConfig")
    return step.type in KEY_MEMBERS and isinstance(config, Mapping) and bool(config.get("Enabled"))


def in_key(step: Step, member: str) -> bool:
    """Whether this member of the step's arguments is part of its cache key."""
    return member in KEY_MEMBERS.get(step.type, ())


def keyed_by_parameter(outline: Outline, parameter: str) -> tuple[str, ...]:
    """The steps whose cache key has this parameter's value in it."""
    return tuple(
        step.name
        for step in outline.steps
        if any(isinstance(each, ParameterReference) and each.name == parameter for each in _in_key(step))
    )


def re_run_with(outline: Outline, steps: Iterable[str]) -> tuple[str, ...]:
    """The cached steps, in their order, that re-run because these do; these themselves are not named."""
    begun, moved = set(steps), set(steps)
    while True:
        next_ones = {
            step.name for step in outline.steps if step.name not in moved and _takes_from(step) & moved
        }
        if not next_ones:
            break
        moved |= next_ones
    return tuple(step.name for step in outline.steps if step.name in moved - begun and is_cached(step))


def _takes_from(step: Step) -> set[str]:
    return {each.step for each in _in_key(step) if isinstance(each, PropertyReference)}


def _in_key(step: Step) -> Iterator[Reference]:
    """Every reference inside the members that make the key."""
    for member in KEY_MEMBERS.get(step.type, ()):
        for each in found(step.arguments.get(member)):
            try:
                yield parse(each.text)
            except UnreadableReferenceError:
                continue
