"""Reads tests/broken_yaml: more than one hundred ways in which a file can be wrong, and what is said."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.unit.config.project_folder import ENVIRONMENT_FILE, FILES, INFERENCE_FILE, TRAINING_FILE

FOLDER = Path(__file__).parents[2] / "broken_yaml"
BROKEN_FILES = {"training": TRAINING_FILE, "inference": INFERENCE_FILE, "environment": ENVIRONMENT_FILE}
MARK = "^"


@dataclass(frozen=True)
class Case:
    """One change to a sound file, and the one problem that it makes."""

    id: str
    file: str
    text: str  # of the broken file
    place: str | None  # line:column
    says: str  # key path and message, from their beginning
    hint: str  # a part of it


def read_cases() -> list[Case]:
    """Every case of every file of the folder."""
    return [case for name in BROKEN_FILES for case in _cases(name)]


def _cases(name: str) -> Iterator[Case]:
    blocks = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\n\n")
    for number, block in enumerate(blocks):
        lines = {line[0]: _unescaped(line[2:]) for line in block.split("\n") if line[:1] in tuple("-+@!?")}
        if "-" in lines:
            text, place = _changed(FILES[BROKEN_FILES[name]], lines["-"], lines["+"])
            title = re.sub(r"[^\w:.{}-]+", " ", lines["!"])[:48].strip()
            where = lines.get("@", place)
            yield Case(
                f"{name} {number}: {title}", BROKEN_FILES[name], text, where, lines["!"], lines.get("?", "")
            )


def _changed(sound: str, old: str, new: str) -> tuple[str, str | None]:
    """The text with the change made, and line:column of the mark in it."""
    if old not in sound:
        raise ValueError(f"not in the sound file: {old}")
    start = sound.index(old)
    text = sound[:start] + new + sound[start + len(old) :]
    if MARK not in new:
        return text, None
    mark = start + new.index(MARK)
    line = text.count("\n", 0, mark) + 1
    return text[:mark] + text[mark + 1 :], f"{line}:{mark - text.rfind(chr(10), 0, mark)}"


def _unescaped(text: str) -> str:
    return codecs.decode(text.encode("ascii"), "unicode_escape")
