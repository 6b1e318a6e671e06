"""A graph as text for a terminal, and as Mermaid for a README."""

from __future__ import annotations

from typing import Final

from definition.graph_model import Arrow, Graph

# Mermaid's shapes by type of step; a plain box for all others.
_SHAPES: Final = {
    "Condition": ("{{", "}}"),
    "Fail": ("([", "])"),
    "Callback": ("[/", "/]"),
    "Lambda": ("(", ")"),
}


def text(graph: Graph) -> str:
    """One line a step, in order: name, type, what it waits for and takes.

    ::

        prepare       Processing
        start-automl  Lambda      <- prepare (training, validation)
        gate          Condition   <- evaluate (metrics)
          register    RegisterModel  if gate is true
    """
    names = {name: "  " * (step.parent is not None) + name for name, step in graph.steps.items()}
    name_width = max((len(shown) for shown in names.values()), default=0)
    type_width = max((len(step.type) for step in graph.steps.values()), default=0)
    lines = (
        f"{names[name]:<{name_width}}  {step.type:<{type_width}}  {_waits(graph, name)}".rstrip()
        for name, step in graph.steps.items()
    )
    return "\n".join(lines) + "\n"


def _waits(graph: Graph, name: str) -> str:
    arrows = [arrow for arrow in graph.arrows if arrow.target == name]
    branch = [f"if {arrow.source} is {arrow.labels[0]}" for arrow in arrows if arrow.branch]
    taken = [_taken(arrow) for arrow in arrows if not arrow.branch]
    return "  ".join([*branch, *([f"<- {', '.join(taken)}"] if taken else [])])


def _taken(arrow: Arrow) -> str:
    return f"{arrow.source} ({', '.join(arrow.labels)})" if arrow.labels else arrow.source


def mermaid(graph: Graph) -> str:
    """A Mermaid flowchart; data from further up is dotted."""
    identifiers = {name: f"s{index}" for index, name in enumerate(graph.steps)}
    lines = ["flowchart TD"]
    for name, step in graph.steps.items():
        opening, closing = _SHAPES.get(step.type, ("[", "]"))
        lines.append(f'  {identifiers[name]}{opening}"{name}<br/><small>{step.type}</small>"{closing}')
    for arrow in graph.arrows:
        line = "-->" if arrow.flow else "-.->"
        label = f'|"{", ".join(arrow.labels)}"|' if arrow.labels else ""
        lines.append(f"  {identifiers[arrow.source]} {line}{label} {identifiers[arrow.target]}")
    return "\n".join(lines) + "\n"
