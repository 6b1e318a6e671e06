"""The steps of a definition as a graph: what is drawn, found once for text, Mermaid and SVG.

A step stands in the row after the last step it waits for. Of several ways from one step to another only
the longest is drawn as the flow; the others are data taken from further up, drawn beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from definition.dependencies import Edge, edges, order
from definition.outline import Step, outline


@dataclass(frozen=True)
class Arrow:
    """One drawn connection; ``flow``: part of the order of steps and not only data from further up."""

    source: str
    target: str
    labels: tuple[str, ...]
    flow: bool
    branch: bool = False


@dataclass(frozen=True)
class Graph:
    """Steps by name in the order in which they can run, the row of each, and the arrows between them."""

    steps: Mapping[str, Step]
    rows: Mapping[str, int]
    arrows: tuple[Arrow, ...]

    @property
    def by_row(self) -> tuple[tuple[str, ...], ...]:
        """Names of the steps of each row, from the top."""
        count = max(self.rows.values(), default=-1) + 1
        return tuple(tuple(name for name in self.steps if self.rows[name] == row) for row in range(count))


def graph_of(definition: Mapping[str, Any]) -> Graph:
    """The graph of a definition that the checks found good (a circle raises CycleError)."""
    laid_out = outline(definition)
    names, found = order(laid_out), _merged(edges(laid_out))
    rows = _rows(names, found)
    return Graph({name: laid_out.by_name[name] for name in names}, rows, _arrows(found, names))


def _merged(found: tuple[Edge, ...]) -> Mapping[tuple[str, str], tuple[Edge, ...]]:
    """Edges by (source, target)."""
    merged: dict[tuple[str, str], tuple[Edge, ...]] = {}
    for edge in found:
        key = (edge.source, edge.target)
        merged[key] = (*merged.get(key, ()), edge)
    return merged


def _rows(names: tuple[str, ...], found: Mapping[tuple[str, str], Any]) -> Mapping[str, int]:
    rows: dict[str, int] = {}
    for name in names:
        rows[name] = max((rows[source] + 1 for source, target in found if target == name), default=0)
    return rows


def _arrows(found: Mapping[tuple[str, str], tuple[Edge, ...]], names: tuple[str, ...]) -> tuple[Arrow, ...]:
    position = {name: index for index, name in enumerate(names)}
    arrows = (
        Arrow(
            source,
            target,
            tuple(dict.fromkeys(label for edge in parallel for label in edge.labels)),
            flow=_branches(parallel) or not _reachable(found, source, target),
            branch=_branches(parallel),
        )
        for (source, target), parallel in found.items()
    )
    return tuple(sorted(arrows, key=lambda arrow: (position[arrow.source], position[arrow.target])))


def _branches(parallel: tuple[Edge, ...]) -> bool:
    return any(edge.why == "branch" for edge in parallel)


def _reachable(found: Mapping[tuple[str, str], Any], source: str, target: str) -> bool:
    """Whether another way than the direct one leads from ``source`` to ``target``."""
    waiting = [end for start, end in found if start == source and end != target]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name == target:
            return True
        if name not in seen:
            seen.add(name)
            waiting += [end for start, end in found if start == name]
    return False
