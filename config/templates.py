"""Templates of prompts and answers: ``{name}`` is filled from a column, ``{{`` and ``}}`` are braces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Template:
    """The names that a template is filled with, in order, and what is wrong with its braces."""

    names: tuple[str, ...]
    mistakes: tuple[str, ...]


def parse_template(text: str) -> Template:
    """Takes a template apart; a mistake names the line of the text it is in."""
    names: dict[str, None] = {}
    mistakes: list[str] = []
    for found in _PIECE.finditer(text):
        piece, name = found.group(), found.group(1)
        line = text.count("\n", 0, found.start()) + 1
        where = f" in line {line} of the text" if "\n" in text.rstrip("\n") else ""
        if piece in ("{{", "}}"):
            continue
        if name is None:
            mistakes.append(f'a single "{piece}"{where}')
        elif _NAME.fullmatch(name):
            names[name] = None
        else:
            mistakes.append(f'"{piece}"{where} is not a name in braces')
    return Template(tuple(names), tuple(mistakes))
