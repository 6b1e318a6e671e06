"""Lines and elements of files of any size, one in memory at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from steps.runtime.rows.blocks import MAX_ROW_BYTES, bounded_lines
from steps.segments.answers import UnreadableAnswerError, parse, writable

Line = dict[str, Any] | tuple[str, str]
_CHUNK = 1 << 20


def objects_of(path: Path, skip: Sequence[int] = b"") -> Iterator[tuple[int, Line]]:
    """(line from 0, object) of JSON Lines; (reason, detail) in the place of one that is none.

    Lines with a mark in `skip`, which may be shorter than the file, are not parsed.
    """
    marked = len(skip)
    with path.open("rb") as file:
        if file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        for number, line in enumerate(bounded_lines(file, path.stat().st_size)):
            if number < marked and skip[number]:
                continue
            if line is None:
                yield number, ("too_large", f"more than {MAX_ROW_BYTES >> 20} MiB in one line")
            elif line.strip():
                yield number, _object(line)


def _object(line: bytes) -> Line:
    try:
        found = parse(line)
    except UnreadableAnswerError as error:
        return "unreadable", str(error)
    if isinstance(found, dict):
        return found
    return "unreadable", f"a JSON object is needed, found {type(found).__name__}"


def elements_of(path: Path) -> Iterator[tuple[int, Line]]:
    """The same of a file that is one JSON array or one object; of JSON Lines otherwise."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.read(256).lstrip()
    if head.startswith("["):
        yield from _array(path)
    else:
        yield from _whole_or_lines(path)


def _whole_or_lines(path: Path) -> Iterator[tuple[int, Line]]:
    """One object over many lines is told from JSON Lines by the first line: it is no object."""
    first = next(objects_of(path), (0, ("unreadable", "there is nothing in it")))
    if path.suffix != ".json" or isinstance(first[1], dict):
        yield from objects_of(path)
    elif path.stat().st_size > MAX_ROW_BYTES:
        yield 0, ("too_large", f"one object of more than {MAX_ROW_BYTES >> 20} MiB")
    else:
        yield 0, _object(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))


def _array(path: Path) -> Iterator[tuple[int, Line]]:
    """Elements of a JSON array, parsed as the text streams by."""
    number = 0
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        text = file.read(_CHUNK)
        place = text.index("[") + 1
        wanted = 0  # characters below which another try is not worth it
        while True:
            place = _after_blanks(text, place)
            if text.startswith("]", place):
                return
            try:
                element, end = _element(text, place, wanted)
            except (ValueError, RecursionError) as error:
                text = text[place:]
                more = file.read(max(_CHUNK, len(text)))
                if not more or len(text) > MAX_ROW_BYTES or isinstance(error, RecursionError):
                    what = f"element {number} of the array, and what follows it: {error}"
                    yield number, ("unreadable", what)
                    return
                text, wanted, place = text + more, len(text), 0
                continue
            plain = isinstance(element, dict)
            yield number, element if plain else ("unreadable", "an element of the array is no object")
            place, wanted, number = end, 0, number + 1


_DECODER = json.JSONDecoder()
_BETWEEN = re.compile(r"[ \t\r\n,]*")


def _after_blanks(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _element(text: str, place: int, wanted: int) -> tuple[Any, int]:
    """The element that begins at a place, and where it ends; raises ValueError where it is not whole."""
    if len(text) - place < wanted:
        raise ValueError("too early")
    element, end = _DECODER.raw_decode(text, place)
    if end == len(text) and not isinstance(element, dict):
        raise ValueError("a number or word may go on")
    return writable(element), end
