"""Which step waits for which: by DependsOn, by a reference, or by standing in another step's branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from definition.outline import Outline, Step
from definition.references import (
    OutputReference,
    PropertyFileReference,
    PropertyReference,
    UnreadableReferenceError,
    found,
    parse,
)

Why = Literal["order", "data", "branch"]


@dataclass(frozen=True)
class Edge:
    """``target`` waits for ``source``; ``labels`` say which data it takes, or which branch it stands in."""

    source: str
    target: str
    why: Why
    labels: tuple[str, ...] = ()


def edges(outline: Outline) -> tuple[Edge, ...]:
    """Every edge between steps that exist, at most one of each kind between two steps."""
    known = outline.by_name
    return tuple(
        edge
        for step in outline.steps
        for edge in (*_branch(step), *_data(step), *_order(step))
        if edge.source in known and edge.source != edge.target
    )


def _branch(step: Step) -> Iterator[Edge]:
    if step.parent is not None and step.branch is not None:
        label = {"IfSteps": "true", "ElseSteps": "false"}.get(step.branch, "each")
        yield Edge(step.parent, step.name, "branch", (label,))


def _data(step: Step) -> Iterator[Edge]:
    labels: dict[str, dict[str, None]] = {}
    for source, label in data_taken(step):
        labels.setdefault(source, {})[label] = None
    for source, taken in labels.items():
        yield Edge(source, step.name, "data", tuple(taken))


def _order(step: Step) -> Iterator[Edge]:
    for source in dict.fromkeys(step.depends_on):
        yield Edge(source, step.name, "order")


def data_taken(step: Step) -> Iterator[tuple[str, str]]:
    """(step, what is taken from it) for every readable reference of ``step`` to another step."""
    own = {**step.content, "Arguments": step.arguments}
    for reference_found in found(own):
        try:
            reference = parse(reference_found.text)
        except UnreadableReferenceError:
            continue
        match reference:
            case OutputReference(source, name) | PropertyFileReference(source, name):
                yield source, name
            case PropertyReference(source, path):
                yield (
                    source,
                    next((part.name for part in path if not isinstance(part, str | int)), str(path[-1])),
                )


def order(outline: Outline) -> tuple[str, ...]:
    """Names of steps, each after those it waits for, else as in the text; raises CycleError at a circle."""
    position = {step.name: index for index, step in enumerate(outline.steps)}
    sorter = TopologicalSorter(predecessors(outline))
    sorter.prepare()
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        ordered.extend(ready)
        sorter.done(*ready)
    return tuple(ordered)


def predecessors(outline: Outline) -> Mapping[str, tuple[str, ...]]:
    """The steps that each step waits for directly."""
    waits: dict[str, dict[str, None]] = {step.name: {} for step in outline.steps}
    for edge in edges(outline):
        waits[edge.target][edge.source] = None
    return {name: tuple(sources) for name, sources in waits.items()}


def circle(outline: Outline) -> tuple[str, ...] | None:
    """Steps that wait for each other in a circle, first and last the same; None where there is none."""
    try:
        order(outline)
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return None
