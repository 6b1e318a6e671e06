"""The lines of a log that tell why: the end of the last traceback, lines of errors, else the log's end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deploy.observing.logs import Line

MOST = 14
# Of a traceback the last frames and the error itself; what comes after it may say more.
FRAMES = 8
TRACEBACK = "Traceback (most recent call last)"
ERROR = re.compile(
    r"\b(error|exception|fatal|killed|denied|refused|exceeded|cannot|could not|failed)\b"
    r"|\w(Error|Exception)\b",
    re.IGNORECASE,
)
# A warning is not why it failed, and "0 failed" is good news.
HARMLESS = re.compile(r"\bwarn(ing)?\b|\b0 (failed|errors?)\b|\bno errors?\b", re.IGNORECASE)


def telling(lines: Sequence[Line]) -> tuple[Line, ...]:
    """At most MOST of the lines, in their order, each text once in a row."""
    lines = [line for line in lines if line.text.strip()]
    chosen = set(_traceback(lines)) | set(_errors(lines))
    if not chosen:
        chosen = set(range(max(0, len(lines) - FRAMES), len(lines)))
    kept = [lines[place] for place in sorted(chosen)][-MOST:]
    return tuple(line for place, line in enumerate(kept) if place == 0 or line.text != kept[place - 1].text)


def _traceback(lines: Sequence[Line]) -> range:
    """The places of the end of the last traceback: it ends with the first line that is not indented."""
    begins = [place for place, line in enumerate(lines) if TRACEBACK in line.text]
    if not begins:
        return range(0)
    end = begins[-1] + 1
    while end < len(lines) and lines[end].text[:1].isspace():
        end += 1
    return range(max(begins[-1], end - FRAMES), min(end + 1, len(lines)))


def _errors(lines: Sequence[Line]) -> list[int]:
    found = [
        place
        for place, line in enumerate(lines)
        if ERROR.search(line.text) and not HARMLESS.search(line.text) and not line.text[:1].isspace()
    ]
    return found[-FRAMES:]
