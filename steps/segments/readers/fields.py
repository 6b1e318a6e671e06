"""Named values of a line: the keys that the YAML names, nested ones by dots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_LONGEST = 7 * 24 * 3600.0


def value_of(line: Mapping[str, Any], key: str | None) -> Any:
    """The value under a key, or under a path of keys joined by dots; None where there is none."""
    if key is None:
        return None
    if key in line:
        return line[key]
    value: Any = line
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def text_of(line: Mapping[str, Any], key: str | None) -> str | None:
    """The value as a text; None where there is none or it is empty."""
    value = value_of(line, key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 7.0 and 7 name one recording
    return str(value) if isinstance(value, str | int | float) and str(value) else None


def duration_of(line: Mapping[str, Any], key: str | None) -> float | None:
    """Seconds of the recording; None where the line does not say."""
    return seconds_of(value_of(line, key))


def seconds_of(value: Any) -> float | None:
    """A value as the length of a recording; None where it is none, or more than a week."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) and value is not True else math.nan
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= _LONGEST else None


def fields_of(line: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """The values that templates and targets use, as texts; empty where a line lacks one.

    NUL, which is also what is left of half a surrogate pair, is shown as what could not be read.
    """
    return {name: (text_of(line, key) or "").replace("\0", "\ufffd") for name, key in names.items()}
