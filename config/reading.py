"""The one YAML reader: a file in, plain data and the place of everything out.

Plain scalars follow YAML 1.2, as editors do: ``no`` and dates are texts, ``1e-5`` is a number, and a number
with a leading zero stays the text it is, so that nothing is read as octal. ``<<`` merges mappings. A file
has at most 1 MiB and 50,000 values, aliases counted where they are used. Every mistake that can be told
apart is reported, not the first one alone.

    bytes -> text -> nodes (nodes.py) -> Document
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from config.document import Document, KeyPath, Place, dotted
from config.errors import ConfigurationError, Problem
from config.nodes import MAX_DEPTH, Mapping, Node, Scalar, Sequence, compose

MAX_BYTES: Final = 1024 * 1024
MAX_VALUES: Final = 50_000

Read = tuple[Document | None, list[Problem]]

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,30})(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,5})?")
_SPECIAL: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOO_LARGE: Final = f"larger than {MAX_BYTES} bytes, which no configuration is"


def read_file(path: Path, label: str) -> Read:
    """Reads one file, called ``label`` in messages; no document when it cannot be read as YAML."""
    try:
        if not path.is_file():
            return None, [
                Problem(label, 0, 0, "", "not a file" if path.exists() else "there is no such file")
            ]
        if path.stat().st_size > MAX_BYTES:
            return None, [Problem(label, 0, 0, "", _TOO_LARGE)]
        return read_bytes(path.read_bytes(), label)
    except OSError as error:
        return None, [Problem(label, 0, 0, "", f"cannot be read: {error.strerror}")]


def read_bytes(raw: bytes, label: str) -> Read:
    """Reads UTF-8, with or without a byte order mark."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None, [Problem(label, 1, 1, "", "this is UTF-16", "save the file as UTF-8")]
    try:
        return read_text(raw.decode("utf-8-sig"), label)
    except UnicodeDecodeError as error:
        start = _end_of(error.object[: error.start].decode("utf-8", "replace"))
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        return None, [Problem(label, start.line, start.column, "", message, "save the file as UTF-8")]


def read_text(text: str, label: str) -> Read:
    """Reads the text of one file."""
    if len(text) > MAX_BYTES:
        return None, [Problem(label, 0, 0, "", _TOO_LARGE)]
    if found := _UNPRINTABLE.search(text):
        place = _end_of(text[: found.start()])
        message = f"the character U+{ord(found.group()):04X} does not belong into a text file"
        return None, [Problem(label, place.line, place.column, "", message, "delete it")]
    builder = _Builder(label, text.split("\n"))
    try:
        root = compose(text.removeprefix("\ufeff"), label)
        if root is None:
            return None, [Problem(label, 1, 1, "", "the file is empty")]
        data = builder.build(root, ())
    except ConfigurationError as error:
        return None, [*builder.problems, *error.problems]
    return Document(
        label, data, builder.values, builder.keys, builder.written, builder.blocks
    ), builder.problems


def resolve_scalar(text: str) -> str | int | float | bool | None:
    """What a plain scalar means: YAML 1.2's core schema without octal and hexadecimal numbers."""
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


class _Builder:
    """Nodes to plain data, noting the place of every key and value and every mistake in keys."""

    def __init__(self, label: str, lines: list[str]) -> None:
        self._label = label
        self._lines = lines
        self.values: dict[KeyPath, Place] = {}
        self.keys: dict[KeyPath, Place] = {}
        self.written: dict[KeyPath, str] = {}
        self.blocks: dict[KeyPath, Place] = {}
        self.problems: list[Problem] = []

    def build(self, node: Node, path: KeyPath) -> Any:
        """The data of a node; aliases are counted as often as they are used."""
        if len(self.values) >= MAX_VALUES or len(path) > MAX_DEPTH:
            message = f"more than {MAX_VALUES} values or {MAX_DEPTH} levels, aliases written out"
            raise ConfigurationError([self._problem(node.place, path, message)])
        self.values[path] = node.place
        if isinstance(node, Mapping):
            return self._mapping(node, path)
        if isinstance(node, Sequence):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.items)]
        return self._scalar(node, path)

    def _scalar(self, node: Scalar, path: KeyPath) -> Any:
        if node.literal:
            self.blocks[path] = self._first_character(node.place.line)
        value = resolve_scalar(node.text) if node.plain else node.text
        if not isinstance(value, str):
            self.written[path] = node.text
        elif found := _UNPRINTABLE.search(value):
            message = f"an escape makes the character U+{ord(found.group()):04X}, which no value needs"
            self.problems.append(self._problem(node.place, path, message, "delete it"))
            return _UNPRINTABLE.sub("", value)
        return value

    def _first_character(self, header: int) -> Place:
        """Where the text of the block begins whose header stands in that line."""
        texts = (line for line in self._lines[header:] if line.strip())
        first = next(texts, "")
        return Place(header + 1, len(first) - len(first.lstrip(" ")) + 1)

    def _mapping(self, node: Mapping, path: KeyPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.pairs:
            if not _merges(key) and (name := self._key(key, path)) is not None:
                if name in data:
                    self._repeated(key, (*path, name))
                else:
                    self._add(data, (*path, name), key, value)
        for key, value in node.pairs:
            if _merges(key):
                self._merge(data, value, path)
        return data

    def _add(self, data: dict[str, Any], path: KeyPath, key: Node, value: Node) -> None:
        self.keys[path] = key.place
        data[str(path[-1])] = self.build(value, path)

    def _repeated(self, key: Node, path: KeyPath) -> None:
        message = f'the key "{path[-1]}" stands in line {self.keys[path].line} already'
        self.problems.append(self._problem(key.place, path, message, "remove one of the two"))

    def _key(self, node: Node, path: KeyPath) -> str | None:
        if isinstance(node, Scalar) and node.text:
            return node.text
        message = "an empty key" if isinstance(node, Scalar) else "a key is a text, not a list or a mapping"
        hint = None if isinstance(node, Scalar) else 'a text that starts with "{" or "[" needs quotes'
        self.problems.append(self._problem(node.place, path, message, hint))
        return None

    def _merge(self, data: dict[str, Any], node: Node, path: KeyPath) -> None:
        """Adds the keys of ``<<: *anchor`` that are not written out; of several sources the first wins."""
        for source in node.items if isinstance(node, Sequence) else (node,):
            if not isinstance(source, Mapping):
                self.problems.append(
                    self._problem(source.place, path, '"<<" takes a mapping or a list of them')
                )
                continue
            for key, value in source.pairs:
                name = None if _merges(key) else self._key(key, path)
                if name is not None and name not in data:
                    self._add(data, (*path, name), key, value)

    def _problem(self, place: Place, path: KeyPath, message: str, hint: str | None = None) -> Problem:
        return Problem(self._label, place.line, place.column, dotted(path), message, hint)


def _merges(key: Node) -> bool:
    return isinstance(key, Scalar) and key.plain and key.text == "<<"
