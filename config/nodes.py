"""YAML events to nodes with places, within bounds: no tags, one document, 50 levels, no endless aliases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias

import yaml

from config.document import Place
from config.errors import ConfigurationError, Problem
from config.syntax import explain_syntax

MAX_DEPTH: Final = 50

# libyaml where it is at hand, ten times as fast; mistakes are always worded by the parser in Python.
_FAST_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Scalar:
    """One value; ``plain``: without quotes and no text block; ``literal``: a text block that keeps lines."""

    place: Place
    text: str
    plain: bool
    literal: bool


@dataclass(frozen=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Mapping:
    """Keys and values in order, duplicates included."""

    place: Place
    pairs: tuple[tuple[Node, Node], ...]


Node: TypeAlias = Scalar | Sequence | Mapping


def compose(text: str, label: str) -> Node | None:
    """The root of the only document, None when there is nothing in it; raises ConfigurationError."""
    try:
        return _Composer(label).document(iter(yaml.parse(text, Loader=_FAST_LOADER)))
    except (yaml.YAMLError, ValueError, OverflowError):
        pass  # said again, in better words and with its place, by the parser in Python
    try:
        return _Composer(label).document(iter(yaml.parse(text, Loader=yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        message, hint, place = explain_syntax(error, text)
        raise ConfigurationError([Problem(label, place.line, place.column, "", message, hint)]) from error
    except (ValueError, OverflowError) as error:  # an escape such as "\\UFFFFFFFF", in the parser in Python
        message = "an escape in a quoted text names no character"
        raise ConfigurationError([Problem(label, 0, 0, "", message, "write the character itself")]) from error


class _Composer:
    """Walks the events once; an alias becomes the very node that it names."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._anchors: dict[str, Node] = {}
        self._open: set[str] = set()

    def document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document starts here", "one file, one document: remove ---")
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 1)
        return None if isinstance(root, Scalar) and root.plain and not root.text else root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, f'the tag "{shown}" is not read', "write the plain value, a text in quotes")
        if event.anchor is None:
            return self._content(event, events, depth)
        self._open.add(event.anchor)
        node = self._content(event, events, depth)
        self._open.discard(event.anchor)
        self._anchors[event.anchor] = node
        return node

    def _content(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        place = _place(event)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(place, event.value, event.implicit[0], event.style == "|")
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(place, tuple(self._children(events, yaml.SequenceEndEvent, depth)))
        children = list(self._children(events, yaml.MappingEndEvent, depth))
        return Mapping(place, tuple(zip(children[::2], children[1::2], strict=True)))

    def _children(self, events: Iterator[Any], end: type[Any], depth: int) -> Iterator[Node]:
        while not isinstance(event := next(events), end):
            yield self._node(event, events, depth + 1)

    def _alias(self, event: Any) -> Node:
        if event.anchor in self._open:
            self._refuse(event, f'"*{event.anchor}" refers to itself', "write the values out")
        if event.anchor not in self._anchors:
            hint = 'a text that starts with "*" needs quotes'
            self._refuse(event, f'"*{event.anchor}" refers to an anchor that is not above it', hint)
        return self._anchors[event.anchor]

    def _refuse(self, event: Any, message: str, hint: str | None = None) -> NoReturn:
        place = _place(event)
        raise ConfigurationError([Problem(self._label, place.line, place.column, "", message, hint)])


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
