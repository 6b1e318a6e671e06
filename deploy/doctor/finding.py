"""What a check finds: one fact, how bad it is, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# fine; worth knowing; will fail; could not be found out.
Status = Literal["fine", "note", "broken", "unknown"]


@dataclass(frozen=True)
class Finding:
    """`command` can be typed; empty where there is nothing to do."""

    status: Status
    fact: str
    command: str = ""


def fine(fact: str) -> Finding:
    """As it should be."""
    return Finding("fine", fact)


def note(fact: str, command: str = "") -> Finding:
    """Nothing fails for it."""
    return Finding("note", fact, command)


def broken(fact: str, command: str = "") -> Finding:
    """Something will fail for it."""
    return Finding("broken", fact, command)


def unknown(fact: str, command: str = "") -> Finding:
    """It could not be found out."""
    return Finding("unknown", fact, command)
