"""Templates of prompts and answers: ``{name}`` is filled from a column, ``{{`` and ``}}`` are braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from config.document import Place

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Template:
    """The names that a template is filled with and what is wrong with its braces, with places in its text."""

    names: Mapping[str, Place]  # of the first use
    mistakes: tuple[tuple[Place, str], ...]


def parse_template(text: str) -> Template:
    """Takes a template apart."""
    names: dict[str, Place] = {}
    mistakes: list[tuple[Place, str]] = []
    for found in _PIECE.finditer(text):
        piece, name = found.group(), found.group(1)
        if piece in ("{{", "}}"):
            continue
        before = text[: found.start()]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        if name is None:
            mistakes.append((place, f'a single "{piece}"'))
        elif _NAME.fullmatch(name):
            names.setdefault(name, place)
        else:
            mistakes.append((place, f'"{piece}" is not a name (a to z, digits, underscores) in braces'))
    return Template(names, tuple(mistakes))
