"""What the YAML parser says, in words that help: what is wrong and what to type instead."""

from __future__ import annotations

import re
from typing import Final

import yaml

from config.document import Place

_QUOTES: Final = (
    'a value with ": " or " #" in it, or one that starts with a sign such as @ % ` { [ * & !, needs quotes'
)

# (part of the parser's message, what is wrong, what to do); the first that fits is taken.
_EXPLANATIONS: Final = (
    ("found character '\\t'", "a tab where YAML wants spaces", "indent with spaces"),
    ("cannot start any token", "a value cannot start with this sign", _QUOTES),
    ("mapping values are not allowed", 'a ":" where none can be', _QUOTES + "; or the indentation is wrong"),
    (
        "expected ':'",
        'a line without ":" where a key was expected',
        'write key: value, with a space after ":"',
    ),
    ("simple key", 'a line without ":" where a key was expected', 'write key: value, with a space after ":"'),
    (
        "expected <block end>",
        "this line does not fit the indentation of those above",
        "align it with its siblings",
    ),
    ("expected ',' or ']'", "a list that is not closed", 'end it with "]"'),
    ("expected ',' or '}'", "a mapping that is not closed", 'end it with "}"'),
    ("unexpected end of stream", "a quoted text that is not closed", "close the quotes"),
    (
        "unknown escape character",
        "an unknown escape in a quoted text",
        "write \\\\ for a backslash, or use single quotes",
    ),
    (
        "expected the node content",
        "a key or a value is missing here",
        "a bracket may be left open, or a sign need quotes",
    ),
    (
        "expected <document start>",
        "something stands behind the end of the document",
        "align it with the first key",
    ),
    (
        "indentation indicators",
        "the text block's indentation is wrong",
        "indent its lines by the same spaces",
    ),
    ("expected alphabetic or numeric", "a * or & without a name behind it", _QUOTES),
    ("undefined tag handle", "a tag that is not defined", "tags are not read: write the plain value"),
)

# Of these the parser notices only later that something was wrong.
_TOLD_AT_THEIR_BEGINNING: Final = ("expected ':'", "expected ',' or")


def explain_syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str | None, Place]:
    """(what is wrong, hint, place) of a mistake in YAML's syntax."""
    said = f"{error.problem or ''} {error.context or ''}".strip()
    mark = error.problem_mark or error.context_mark
    if error.context_mark is not None and any(part in said for part in _TOLD_AT_THEIR_BEGINNING):
        mark = error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    if (tab := _tab_in_indentation(text, place.line)) is not None:
        return "a tab where YAML wants spaces", "indent with spaces", Place(place.line, tab)
    if (runaway := _runaway_quotes(text)) is not None:
        message = f"a quoted text that runs to line {runaway[1]}"
        return message, "close the quotes where the text ends", runaway[0]
    for part, message, hint in _EXPLANATIONS:
        if part in said:
            return f"{message}{_opened(error)}", hint, place
    return f"not valid YAML: {said}", None, place


def _tab_in_indentation(text: str, line: int) -> int | None:
    lines = text.splitlines()
    indentation = re.match(r" *\t", lines[line - 1]) if 0 < line <= len(lines) else None
    return indentation.end() if indentation else None


def _runaway_quotes(text: str) -> tuple[Place, int] | None:
    """(beginning, last line) of a quoted text that swallowed keys, because its own quotes are not closed."""
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                start, end = token.start_mark, token.end_mark
                if re.search(r"\n *[\w-]+:(?:\s|$)", text[start.index : end.index]):
                    return Place(start.line + 1, start.column + 1), end.line + 1
    except (yaml.YAMLError, ValueError, OverflowError):
        return None  # the mistake lies before any such text
    return None


def _opened(error: yaml.MarkedYAMLError) -> str:
    mark = error.context_mark
    if mark is None or error.problem_mark is None or mark.line == error.problem_mark.line:
        return ""
    if any(part in str(error.problem) for part in _TOLD_AT_THEIR_BEGINNING):
        return ""
    return f" (it began in line {mark.line + 1})"
