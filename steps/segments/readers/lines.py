"""Lines and elements of files of any size, one in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steps.runtime.rows.blocks import MAX_ROW_BYTES, bounded_lines
from steps.segments.answers import UnreadableAnswerError, parse

Line = dict[str, Any] | tuple[str, str]
_CHUNK = 1 << 20


def objects_of(path: Path) -> Iterator[tuple[int, Line]]:
    """(line from 0, object) of JSON Lines; (reason, detail) in the place of one that is none."""
    with path.open("rb") as file:
        if file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        for number, line in enumerate(bounded_lines(file, path.stat().st_size)):
            if line is None:
                yield number, ("too_large", f"more than {MAX_ROW_BYTES >> 20} MiB in one line")
            elif line.strip():
                yield number, _object(line)


def _object(line: bytes) -> Line:
    try:
        found = parse(line)
    except UnreadableAnswerError as error:
        return "unreadable", str(error)
    if not isinstance(found, dict):
        return "unreadable", f"a JSON object is needed, found {type(found).__name__}"
    return found


def elements_of(path: Path) -> Iterator[tuple[int, Line]]:
    """The same of a file that is one JSON array or one object; of JSON Lines otherwise."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.read(256).lstrip()
    if head.startswith("["):
        yield from _array(path)
    else:
        yield from _whole_or_lines(path)


def _whole_or_lines(path: Path) -> Iterator[tuple[int, Line]]:
    if path.suffix == ".json" and path.stat().st_size <= MAX_ROW_BYTES:
        found = _object(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        if isinstance(found, dict):
            yield 0, found
            return
    yield from objects_of(path)


def _array(path: Path) -> Iterator[tuple[int, Line]]:
    """Elements of a JSON array, parsed as the text streams by."""
    decoder, number = json.JSONDecoder(), 0
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        text = file.read(_CHUNK).lstrip()[1:]
        wanted = 0  # characters below which another try is not worth it
        while True:
            text = text.lstrip(" \t\r\n,")
            if text.startswith("]"):
                return
            try:
                if len(text) < wanted:
                    raise ValueError("too early")
                element, end = decoder.raw_decode(text)
                if end == len(text) and not isinstance(element, dict):
                    raise ValueError("a number or word may go on")
            except ValueError as error:
                more = file.read(max(_CHUNK, len(text)))
                if not more or len(text) > MAX_ROW_BYTES:
                    yield number, ("unreadable", f"element {number} of the array: {error}")
                    return
                text, wanted = text + more, len(text)
                continue
            plain = isinstance(element, dict)
            yield number, element if plain else ("unreadable", "an element of the array is no object")
            text, wanted, number = text[end:], 0, number + 1
