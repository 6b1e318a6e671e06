"""A file that was read: its data, and the place of every key and value in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.errors import Problem

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where something stands; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """What a file says, and where it says it."""

    file: str
    data: Any
    values: Mapping[KeyPath, Place]  # place of the value at a path
    keys: Mapping[KeyPath, Place]  # place of the key of a path
    written: Mapping[KeyPath, str]  # a number, boolean or null as it is spelled in the file
    blocks: Mapping[KeyPath, Place]  # first character of a text block that keeps its lines

    def problem(
        self,
        path: KeyPath,
        message: str,
        hint: str | None = None,
        *,
        at_key: bool = False,
        within: Place | None = None,
    ) -> Problem:
        """A problem of the value (or key) at ``path``, or of its nearest parent that is in the file.

        ``within`` is a place in the text at ``path``, taken where the file shows that text line by line.
        """
        place = self._place(path, at_key=at_key)
        if within is not None and (block := self.blocks.get(path)) is not None:
            place = Place(block.line + within.line - 1, block.column + within.column - 1)
        told = _one_line(hint) if hint is not None else None
        return Problem(self.file, place.line, place.column, dotted(path), _one_line(message), told)

    def _place(self, path: KeyPath, *, at_key: bool) -> Place:
        if at_key and path in self.keys:
            return self.keys[path]
        if path in self.values:
            return self.values[path]
        parents = (path[:length] for length in range(len(path) - 1, -1, -1))
        known = (self.keys.get(parent) or self.values.get(parent) for parent in parents)
        return next((place for place in known if place), Place(1, 1))


def dotted(path: KeyPath) -> str:
    """``("gates", 0, "metric")`` as ``gates[0].metric``; a key that is no plain word stands in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[\w-]{1,64}", part):
            text += f".{part}" if text else part
        else:
            text += f'["{_one_line(part[:64])}"]'
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def overlaps(one: KeyPath, other: KeyPath) -> bool:
    """Whether one path is the other or lies below it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def value_at(data: Any, path: KeyPath) -> Any:
    """The value at a path of plain data; raises LookupError where there is none."""
    for part in path:
        if not isinstance(data, dict | list):
            raise KeyError(part)
        data = data[part]  # type: ignore[index]  # a list's part is its index
    return data


def with_values(data: Any, replaced: Mapping[KeyPath, Any], path: KeyPath = ()) -> Any:
    """A copy of plain data with the values at some paths replaced."""
    if path in replaced:
        return replaced[path]
    if isinstance(data, dict):
        return {key: with_values(value, replaced, (*path, key)) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [with_values(value, replaced, (*path, index)) for index, value in enumerate(data)]
    return data
