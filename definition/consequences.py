"""What a change of a definition means: cosmetic, re-runs a step, changes a gate, or how a step behaves.

Several may hold at once: a threshold that is a parameter changes the gate and re-runs the evaluation that
is told it. ``explained`` is the front: two definitions in, marked changes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from definition.cache_key import in_key, is_cached, keyed_by_parameter, re_run_with
from definition.comparison import Change, compare
from definition.dependencies import data_taken
from definition.outline import Outline, Step, outline
from definition.references import ParameterReference, UnreadableReferenceError, found, parse

COSMETIC: Final = "cosmetic"  # words and order; nothing runs differently
RE_RUNS: Final = "re-runs"  # a step's cache key changes, so that an earlier result does not stand in for it
GATE: Final = "gate"  # what a Condition decides, or on what
BEHAVIOUR: Final = "behaviour"  # applies when the step next runs; cached results still stand in for it
SDK: Final = "sdk"  # file and steps' sources are the same: it comes from another SDK version alone
# Members that are words for people, wherever they stand in a step.
_WORDS: Final = ("DisplayName", "Description", "ErrorMessage", "ModelPackageDescription", "order")


def explained(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes with their marks, and a sentence where there is something to add."""
    one, other = outline(before), outline(after)
    return tuple(_marked(change, one, other) for change in compare(before, after))


def re_running(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The cached steps of ``after``, in order, whose earlier results no longer count."""
    other = outline(after)
    moved = {name for change in compare(before, after) for name in _moved(change, outline(before), other)}
    moved |= set(re_run_with(other, moved))
    return tuple(step.name for step in other.steps if step.name in moved and is_cached(step))


def _marked(change: Change, before: Outline, after: Outline) -> Change:
    moved = _moved(change, before, after)
    gate = _is_of_gate(change, before) or _is_of_gate(change, after)
    marks = (*((RE_RUNS,) if moved else ()), *((GATE,) if gate else ()))
    if not marks:
        marks = (COSMETIC,) if _is_cosmetic(change) else (BEHAVIOUR,)
    return replace(change, marks=marks, effect="; ".join(_sentences(change, moved, after)))


def _moved(change: Change, before: Outline, after: Outline) -> tuple[str, ...]:
    """The steps whose own cache key this change is in."""
    if change.kind == "parameter":
        return _moved_by_parameter(change, after)
    step = after.by_name.get(change.step)
    if step is None or change.kind == "edge":
        return ()
    if change.kind == "step":
        earlier = before.by_name.get(change.step)
        return (step.name,) if earlier is not None and earlier.type != step.type else ()
    if change.path[:1] == ("CacheConfig",):
        return (step.name,) if not is_cached(step) and _was_cached(before, step.name) else ()
    inside = change.path[:1] == ("Arguments",) and len(change.path) > 1
    return (step.name,) if inside and in_key(step, change.path[1]) else ()


def _was_cached(before: Outline, name: str) -> bool:
    return is_cached(before.by_name[name]) if name in before.by_name else False


def _moved_by_parameter(change: Change, after: Outline) -> tuple[str, ...]:
    """A new default is another value for every execution that gives none."""
    name, *member = change.path
    return keyed_by_parameter(after, name) if member in (["DefaultValue"], ["Type"]) else ()


def _is_of_gate(change: Change, outlined: Outline) -> bool:
    conditions = [step for step in outlined.steps if step.type == "Condition"]
    if change.kind == "parameter":
        return any(change.path[0] in _parameters_of(step) for step in conditions)
    step = outlined.by_name.get(change.step)
    if step is None:
        return False
    if change.kind == "step":
        return step.type == "Condition" or step.parent in {each.name for each in conditions}
    if step.type == "Condition":
        return change.kind == "edge" or change.path[:1] == ("Arguments",)
    if change.path[:1] == ("PropertyFiles",):
        return any(step.name in {source for source, _ in data_taken(each)} for each in conditions)
    return False


def _parameters_of(step: Step) -> set[str]:
    """The parameters that the step's own arguments name."""
    named = set()
    for each in found(step.arguments):
        try:
            reference = parse(each.text)
        except UnreadableReferenceError:
            continue
        if isinstance(reference, ParameterReference):
            named.add(reference.name)
    return named


def _is_cosmetic(change: Change) -> bool:
    if change.kind == "order":
        return True
    if change.kind == "pipeline":
        return change.path[:1] != ("Version",)
    if change.kind == "parameter":
        return change.path[1:] in (("order",), ("EnumValues", "order"))
    return change.kind == "argument" and any(part in _WORDS for part in change.path)


def _sentences(change: Change, moved: Iterable[str], after: Outline) -> Iterator[str]:
    cached = [name for name in moved if is_cached(after.by_name[name])]
    others = [name for name in moved if name not in cached]
    if change.path[:1] == ("CacheConfig",) and others:
        yield f"{others[0]} is not cached any more: it runs in every execution"
        return
    if cached:
        following = re_run_with(after, cached)
        behind = f", and behind it {_listed(following)}" if following else ""
        yield f"re-runs {_listed(cached)}{behind}"
    if others:
        yield f"{_listed(others)} runs in every execution: not cached"
    if change.kind == "parameter" and change.path[1:] == ("DefaultValue",):
        yield "for executions without a value of their own"


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def with_mark(changes: Iterable[Change], mark: str) -> tuple[Change, ...]:
    """The changes with one more mark."""
    return tuple(replace(change, marks=(*change.marks, mark)) for change in changes)
