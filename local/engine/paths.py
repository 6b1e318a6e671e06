"""Paths into JSON as SageMaker writes them: `A.B[0]['key'].c`, parsed once and walked without eval."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str | int, ...]

_PART = re.compile(
    r"""\.?(?P<name>[^.\[\]'"]+)|\[(?P<index>\d+)\]|\[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]"""
)

# Lists that SageMaker lets a path enter by name: the member that holds an element's name.
_NAME_MEMBERS = ("OutputName", "InputName", "ChannelName", "VariantName", "Name")


class PathError(ValueError):
    """A path that cannot be read, or leads nowhere."""


def parse_path(text: str) -> Path:
    """`"a.b[0]['k']"` -> `("a", "b", 0, "k")`; PathError where it is not a path."""
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[str | int]:
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None or (match["name"] is not None and _misplaced_dot(text, position)):
            raise PathError(f"'{text}' is not a path: cannot read it from '{text[position:]}'")
        position = match.end()
        if match["index"] is not None:
            yield int(match["index"])
        else:
            yield match["name"] if match["name"] is not None else match["key"]
    if not text:
        raise PathError("a path is empty")


def _misplaced_dot(text: str, position: int) -> bool:
    """A dot stands between two parts: never first, never missing before a name that follows another part."""
    return (text[position] == ".") == (position == 0)


def walk(value: Any, path: Path) -> Any:
    """What stands at `path` in `value`; PathError says which part is missing and what there is."""
    for depth, part in enumerate(path):
        value = _enter(value, part, walked=path[:depth])
    return value


def _enter(value: Any, part: str | int, *, walked: Path) -> Any:
    if isinstance(value, Mapping) and isinstance(part, str) and part in value:
        return value[part]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if isinstance(part, int) and part < len(value):
            return value[part]
        for element in value:
            if isinstance(element, Mapping) and any(element.get(name) == part for name in _NAME_MEMBERS):
                return element
    raise PathError(f"there is no {_shown(part)} {_place(walked)}; {_content(value)}")


def _shown(part: str | int) -> str:
    return f"element {part}" if isinstance(part, int) else f"'{part}'"


def _place(walked: Path) -> str:
    return f"in '{path_text(walked)}'" if walked else "at the top"


def path_text(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _content(value: Any) -> str:
    if isinstance(value, Mapping):
        return "it has " + (", ".join(f"'{name}'" for name in sorted(value)) or "nothing")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"it is a list of {len(value)}"
    return f"it is {value!r}"
