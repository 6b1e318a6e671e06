"""Two definitions of one pipeline: what became of parameters, steps, edges and arguments.

before, after -> Change, Change, ...      (definition/consequences.py says what each one means)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from definition.dependencies import edges
from definition.difference import ABSENT, Difference, canonical, differences
from definition.expressions import shown
from definition.outline import Outline, Step, nested_members, outline

# s3://<bucket>/<prefix>/code/<step>/<sha256>, and the same for settings and data: kept under their content.
CONTENT: Final = re.compile(r"s3://[^/]+/(?:.+/)?(?P<kind>code|settings|data)(?:/[^/]+)?/[0-9a-f]{64}")
# Compared as edges, as steps of their own, or not at all.
_TOLD_ELSEWHERE: Final = ("Name", "DependsOn")


@dataclass(frozen=True)
class Detail:
    """What is known of a change beyond its two values: a file of a bundle, a setting of a step."""

    what: str
    note: str


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    ``kind``: parameter, step, edge, argument, code, settings, data, order or pipeline. ``step`` is empty for
    what belongs to no step. ``what`` names it, ``before`` and ``after`` are texts for people, None where
    there is nothing. ``marks`` (definition/consequences.py) and ``effect``: what it means. ``values`` are the
    two as the definitions have them.
    """

    kind: str
    step: str
    what: str
    before: str | None
    after: str | None
    marks: tuple[str, ...] = ()
    effect: str = ""
    details: tuple[Detail, ...] = ()
    path: tuple[str, ...] = field(default=(), repr=False)
    values: tuple[Any, Any] = field(default=(None, None), repr=False, compare=False)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Everything that differs, without its marks; empty for definitions of the same meaning and order."""
    one, other = outline(before), outline(after)
    found = (*_of_pipeline(before, after), *_parameters(one, other), *_steps(one, other), *_edges(one, other))
    if found or canonical(before) == canonical(after):
        return found
    return (Change("order", "", "order of parameters or steps", _order(one), _order(other)),)


def _order(outlined: Outline) -> str:
    return ", ".join((*outlined.parameters, *(step.name for step in outlined.steps)))


def _of_pipeline(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        if name not in ("Parameters", "Steps"):
            found = differences(before.get(name, ABSENT), after.get(name, ABSENT), (name,))
            yield from (_change("pipeline", "", each) for each in found)


def _parameters(before: Outline, after: Outline) -> Iterator[Change]:
    for name in dict.fromkeys((*before.parameters, *after.parameters)):
        one, other = before.parameters.get(name), after.parameters.get(name)
        if one is None or other is None:
            yield Change("parameter", "", name, _declared(one), _declared(other), path=(name,))
        else:
            yield from (_change("parameter", "", each) for each in differences(one, other, (name,)))


def _declared(parameter: Mapping[str, Any] | None) -> str | None:
    """``Integer, default 8``"""
    if parameter is None:
        return None
    default = f", default {shown(parameter['DefaultValue'])}" if "DefaultValue" in parameter else ""
    return f"{parameter.get('Type')}{default}"


def _steps(before: Outline, after: Outline) -> Iterator[Change]:
    for name in dict.fromkeys((*before.by_name, *after.by_name)):
        one, other = before.by_name.get(name), after.by_name.get(name)
        if one is None or other is None or one.type != other.type:
            yield Change("step", name, name, _placed(one), _placed(other))
        else:
            if (one.parent, one.branch) != (other.parent, other.branch):
                yield Change("step", name, name, _placed(one), _placed(other), path=("branch",))
            yield from _content(one, other)


def _placed(step: Step | None) -> str | None:
    """``Processing``, or ``Fail, in ElseSteps of gate``"""
    if step is None:
        return None
    return step.type if step.parent is None else f"{step.type}, in {step.branch} of {step.parent}"


def _content(before: Step, after: Step) -> Iterator[Change]:
    for difference in differences(_own(before), _own(after)):
        yield _change(_kind(difference), after.name, difference)


def _own(step: Step) -> dict[str, Any]:
    """The step without what is compared elsewhere: its edges, and the steps that stand inside it."""
    content = {name: member for name, member in step.content.items() if name not in _TOLD_ELSEWHERE}
    if nested_members(step.type):
        content["Arguments"] = dict(step.arguments)
    return content


def _kind(difference: Difference) -> str:
    """Whether two addresses name content, and of which kind."""
    kinds = set()
    for value in (difference.before, difference.after):
        match = CONTENT.fullmatch(value) if isinstance(value, str) else None
        kinds.add(match["kind"] if match else "argument")
    return kinds.pop() if len(kinds) == 1 else "argument"


def _change(kind: str, step: str, difference: Difference) -> Change:
    return Change(
        kind=kind,
        step=step,
        what=".".join(difference.path).replace(".[", "["),
        before=None if difference.before is ABSENT else shown(difference.before),
        after=None if difference.after is ABSENT else shown(difference.after),
        path=difference.path,
        values=(difference.before, difference.after),
    )


def _edges(before: Outline, after: Outline) -> Iterator[Change]:
    """Edges between steps that both have: those of a new step are told with it."""
    kept = {step.name for step in before.steps} & {step.name for step in after.steps}
    one, other = _arrows(before, kept), _arrows(after, kept)
    for source, target in dict.fromkeys((*one, *other)):
        found = one.get((source, target)), other.get((source, target))
        if (found[0] is None) != (found[1] is None):
            yield Change("edge", target, f"{source} -> {target}", *found)


def _arrows(outlined: Outline, kept: set[str]) -> dict[tuple[str, str], str]:
    """(source, target) -> why the target waits."""
    found: dict[tuple[str, str], str] = {}
    for edge in edges(outlined):
        if edge.source in kept and edge.target in kept and edge.why != "branch":
            why = "order" if edge.why == "order" else f"takes {', '.join(edge.labels)}"
            key = (edge.source, edge.target)
            found[key] = f"{found[key]}, {why}" if key in found else why
    return found
