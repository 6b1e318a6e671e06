"""The one YAML reader: text in, plain data and the place of everything out.

It reads safe YAML only and keeps itself bounded: no tags, one document, at most 1 MiB, 50 levels and
50,000 values with aliases counted where they are used. Plain scalars follow YAML 1.2, as editors do: ``no``
and dates are texts, ``1e-5`` is a number, and a number with a leading zero stays the text it is, so that an
account id is not read as octal. Every mistake of a file that can be told apart is reported, not the first.

    bytes -> text -> events (PyYAML) -> nodes with places -> Document
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from config.errors import ConfigurationError, Problem
from config.syntax import explain_syntax

KeyPath = tuple[str | int, ...]

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 50
MAX_VALUES: Final = 50_000

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,30})(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,5})?")
_SPECIAL: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# libyaml where it is at hand, ten times as fast; mistakes are always worded by the parser in Python.
_FAST_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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

    def problem(
        self, path: KeyPath, message: str, hint: str | None = None, *, at_key: bool = False
    ) -> Problem:
        """A problem of the value (or key) at ``path``, or of its nearest parent that is in the file."""
        place = self._place(path, at_key)
        return Problem(self.file, place.line, place.column, dotted(path), message, hint)

    def _place(self, path: KeyPath, at_key: bool) -> Place:
        if at_key and path in self.keys:
            return self.keys[path]
        if path in self.values:
            return self.values[path]
        parents = (path[:length] for length in range(len(path) - 1, -1, -1))
        known = (self.keys.get(parent) or self.values.get(parent) for parent in parents)
        return next((place for place in known if place), Place(1, 1))


def dotted(path: KeyPath) -> str:
    """``("gates", 0, "metric")`` as ``gates[0].metric``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_file(path: Path, label: str) -> tuple[Document | None, list[Problem]]:
    """Reads one file, called ``label`` in messages; no document when it is no YAML at all."""
    try:
        if not path.is_file():
            return None, [
                Problem(label, 0, 0, "", "there is no such file" if not path.exists() else "not a file")
            ]
        if path.stat().st_size > MAX_BYTES:
            return None, [
                Problem(label, 0, 0, "", f"larger than {MAX_BYTES} bytes, which no configuration is")
            ]
        raw = path.read_bytes()
    except OSError as error:
        return None, [Problem(label, 0, 0, "", f"cannot be read: {error.strerror}")]
    return read_bytes(raw, label)


def read_bytes(raw: bytes, label: str) -> tuple[Document | None, list[Problem]]:
    """Reads UTF-8, with or without a byte order mark."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None, [Problem(label, 1, 1, "", "this is UTF-16", "save the file as UTF-8")]
    try:
        return read_text(raw.decode("utf-8-sig"), label)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        place = _end_of(before)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        return None, [Problem(label, place.line, place.column, "", message, "save the file as UTF-8")]


def read_text(text: str, label: str) -> tuple[Document | None, list[Problem]]:
    """Reads the text of one file."""
    if len(text) > MAX_BYTES:
        return None, [Problem(label, 0, 0, "", f"larger than {MAX_BYTES} bytes, which no configuration is")]
    text = text.removeprefix("\ufeff")
    if found := _UNPRINTABLE.search(text):
        place = _end_of(text[: found.start()])
        message = f"the character U+{ord(found.group()):04X} does not belong into a text file"
        return None, [Problem(label, place.line, place.column, "", message, "delete it")]
    try:
        root = _Composer(label).compose(text)
    except ConfigurationError as error:
        return None, list(error.problems)
    if root is None:
        return None, [Problem(label, 1, 1, "", "the file is empty")]
    builder = _Builder(label)
    try:
        data = builder.build(root, (), 0)
    except ConfigurationError as error:
        return None, [*builder.problems, *error.problems]
    return Document(label, data, builder.values, builder.keys, builder.written), builder.problems


def resolve_scalar(text: str) -> str | int | float | bool | None:
    """What a plain scalar means: the core schema of YAML 1.2 without octal and hexadecimal numbers."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "", 1)) if _SPECIAL.fullmatch(text) else text


def _end_of(text: str) -> Place:
    lines = text.split("\n")
    return Place(len(lines), len(lines[-1]) + 1)


# -- events to nodes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Node:
    place: Place
    anchored: str | None = None


@dataclass(frozen=True)
class _Scalar(_Node):
    text: str = ""
    plain: bool = True


@dataclass(frozen=True)
class _Sequence(_Node):
    items: list[_Node] = field(default_factory=list)


@dataclass(frozen=True)
class _Mapping(_Node):
    pairs: list[tuple[_Node, _Node]] = field(default_factory=list)


class _Composer:
    """Events to nodes. An alias is the very node that it names."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._anchors: dict[str, _Node] = {}
        self._open: set[str] = set()

    def compose(self, text: str) -> _Node | None:
        """The root of the only document, or None when there is nothing in it."""
        try:
            return self._document(iter(yaml.parse(text, Loader=_FAST_LOADER)))
        except (yaml.YAMLError, RecursionError):
            self._anchors.clear()
            self._open.clear()
        try:
            return self._document(iter(yaml.parse(text, Loader=yaml.SafeLoader)))
        except yaml.MarkedYAMLError as error:
            message, hint, line, column = explain_syntax(error, text)
            raise ConfigurationError([Problem(self._label, line, column, "", message, hint)]) from error

    def _document(self, events: Iterator[Any]) -> _Node | None:
        root: _Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(
                        event, "a second document starts here", "one file holds one document: remove ---"
                    )
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 1)
        return None if isinstance(root, _Scalar) and root.plain and not root.text else root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> _Node:
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels", None)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            self._refuse(event, f'the tag "{event.tag}" is not read', "write the plain value")
        if event.anchor is not None:
            self._open.add(event.anchor)
        node = self._content(event, events, depth)
        if event.anchor is not None:
            self._open.discard(event.anchor)
            self._anchors[event.anchor] = node
        return node

    def _content(self, event: Any, events: Iterator[Any], depth: int) -> _Node:
        place = _place_of(event)
        if isinstance(event, yaml.ScalarEvent):
            return _Scalar(place, event.anchor, event.value, event.implicit[0])
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[_Node] = []
            while not isinstance(following := next(events), yaml.SequenceEndEvent):
                items.append(self._node(following, events, depth + 1))
            return _Sequence(place, event.anchor, items)
        pairs: list[tuple[_Node, _Node]] = []
        while not isinstance(following := next(events), yaml.MappingEndEvent):
            key = self._node(following, events, depth + 1)
            pairs.append((key, self._node(next(events), events, depth + 1)))
        return _Mapping(place, event.anchor, pairs)

    def _alias(self, event: Any) -> _Node:
        if event.anchor in self._open:
            self._refuse(event, f'"*{event.anchor}" refers to itself', None)
        if event.anchor not in self._anchors:
            self._refuse(event, f'"*{event.anchor}" refers to an anchor that is not above it', None)
        return self._anchors[event.anchor]

    def _refuse(self, event: Any, message: str, hint: str | None) -> None:
        place = _place_of(event)
        raise ConfigurationError([Problem(self._label, place.line, place.column, "", message, hint)])


def _place_of(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


# -- nodes to data ---------------------------------------------------------------------------------------


class _Builder:
    """Nodes to plain data, noting the place of every key and value and every mistake in keys."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._count = 0
        self.values: dict[KeyPath, Place] = {}
        self.keys: dict[KeyPath, Place] = {}
        self.written: dict[KeyPath, str] = {}
        self.problems: list[Problem] = []

    def build(self, node: _Node, path: KeyPath, depth: int) -> Any:
        """The data of a node; aliases are counted as often as they are used."""
        self._count += 1
        if self._count > MAX_VALUES or depth > MAX_DEPTH:
            message = (
                f"more than {MAX_VALUES} values or {MAX_DEPTH} levels, aliases counted where they are used"
            )
            raise ConfigurationError([self._problem(node.place, path, message)])
        self.values[path] = node.place
        if isinstance(node, _Mapping):
            return self._mapping(node, path, depth)
        if isinstance(node, _Sequence):
            return [self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.items)]
        return self._scalar(node, path)

    def _scalar(self, node: _Node, path: KeyPath) -> Any:
        if not isinstance(node, _Scalar):
            raise TypeError(f"unknown node {node!r}")
        if not node.plain:
            return node.text
        value = resolve_scalar(node.text)
        if not isinstance(value, str):
            self.written[path] = node.text
        return value

    def _mapping(self, node: _Mapping, path: KeyPath, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: list[_Node] = []
        for key, value in node.pairs:
            if isinstance(key, _Scalar) and key.plain and key.text == "<<":
                merged.append(value)
            elif (name := self._key(key, path)) is not None:
                self._add(data, path, name, key, value, depth)
        for value in merged:
            self._merge(data, value, path, depth)
        return data

    def _add(
        self, data: dict[str, Any], parent: KeyPath, name: str, key: _Node, value: _Node, depth: int
    ) -> None:
        path = (*parent, name)
        if name in data:
            message = f'the key "{name}" is already in line {self.keys[path].line}'
            self.problems.append(self._problem(key.place, path, message, "remove one of the two"))
            return
        self.keys[path] = key.place
        data[name] = self.build(value, path, depth + 1)

    def _key(self, node: _Node, path: KeyPath) -> str | None:
        if isinstance(node, _Scalar) and (node.text or not node.plain):
            return node.text
        message = (
            "an empty key" if isinstance(node, _Scalar) else "a key must be a text, not a list or mapping"
        )
        hint = None if isinstance(node, _Scalar) else 'a value that starts with "{" or "[" needs quotes'
        self.problems.append(self._problem(node.place, path, message, hint))
        return None

    def _merge(self, data: dict[str, Any], node: _Node, path: KeyPath, depth: int) -> None:
        """Adds the keys of ``<<: *anchor`` that are not written out; of several, the first one wins."""
        for source in node.items if isinstance(node, _Sequence) else [node]:
            if not isinstance(source, _Mapping):
                self.problems.append(self._problem(source.place, path, '"<<" takes mappings only'))
                continue
            for key, value in source.pairs:
                name = self._key(key, path)
                if name is not None and name not in data:
                    self._add(data, path, name, key, value, depth)

    def _problem(self, place: Place, path: KeyPath, message: str, hint: str | None = None) -> Problem:
        return Problem(self._label, place.line, place.column, dotted(path), message, hint)
