"""Durations as a CacheConfig's ExpireAfter gives them: ISO 8601 (`P30D`), also without the P (`T12H`)."""

from __future__ import annotations

import re

# Months and years count as on the calendar's average; the service's own rule is not documented.
_SECONDS = {"Y": 31_556_952, "MO": 2_629_746, "W": 604_800, "D": 86_400, "H": 3_600, "M": 60, "S": 1}
_DURATION = re.compile(
    r"P?(?:(?P<Y>\d+)Y)?(?:(?P<MO>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?:(?P<H>\d+)H)?(?:(?P<M>\d+)M)?(?:(?P<S>\d+(?:\.\d+)?)S)?)?",
    re.IGNORECASE,
)


def seconds(text: str) -> float:
    """The duration's seconds; ValueError where the text is none."""
    match = _DURATION.fullmatch(text.strip())
    parts = {name: value for name, value in match.groupdict().items() if value} if match else {}
    if not parts:
        raise ValueError(f"'{text}' is no ISO 8601 duration such as P30D or PT1H30M")
    return sum(float(value) * _SECONDS[name] for name, value in parts.items())
