"""One self-contained HTML page: a step's template in the common shell, styles and plots inside.

The page follows the reader's light or dark preference, fits a phone, and prints. It loads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steps.runtime.outputs import write_text

_SHELL = Path(__file__).parent


def write_page(path: Path, template: Path, context: Mapping[str, Any]) -> None:
    """Renders `template`, which extends page.html.j2, and writes it; every value is escaped."""
    write_text(path, render(template, context))


def render(template: Path, context: Mapping[str, Any]) -> str:
    """The page as text."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, _SHELL]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, share=share)
    styles = (_SHELL / "page.css").read_text(encoding="utf-8")
    return environment.get_template(template.name).render({**context, "styles": styles})


def number(value: float | None) -> str:
    """A figure as people read it: 12,345, or 0.712; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}"


def share(value: float) -> str:
    """A share as a percentage; never 0 % for something."""
    if 0 < value < 0.001:
        return "<\u202f0.1\u202f%"
    return f"{value:.1%}".replace(".0%", "%").replace("%", "\u202f%")
