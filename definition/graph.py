"""A definition drawn: as text for a terminal, as Mermaid, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from definition.graph_model import graph_of
from definition.graph_svg import svg
from definition.graph_text import mermaid, text


def as_text(definition: Mapping[str, Any]) -> str:
    """One line a step: name, type, what it waits for and takes."""
    return text(graph_of(definition))


def as_mermaid(definition: Mapping[str, Any]) -> str:
    """A Mermaid flowchart."""
    return mermaid(graph_of(definition))


def as_svg(definition: Mapping[str, Any], title: str = "Steps of the pipeline") -> str:
    """A self-contained SVG document; ``title`` is what a screen reader says."""
    return svg(graph_of(definition), title)
