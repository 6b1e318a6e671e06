"""A row's values by column: nested ones by dotted path, numbers as text, everything else refused."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]


def reader(column: str) -> Callable[[Row], Any]:
    """A function that takes a row's value of `column`, None where it has none.

    A name with dots is looked up as it stands, then as a path: `answers.text.0` is the first element of
    `text` in `answers`, as in SQuAD.
    """
    if "." not in column:
        return lambda row: row.get(column)
    path = column.split(".")

    def nested(row: Row) -> Any:
        if column in row:
            return row[column]
        value: Any = row
        for part in path:
            value = _child(value, part)
        return value

    return nested


def _child(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return None


def as_text(value: Any) -> str | None:
    """A value as a template takes it; None for one that is no text (a list, a mapping, bytes)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | decimal.Decimal | datetime.date | datetime.time):
        return str(value)
    return None


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: null, and the NaN that data frames write for it."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def has_column(row: Row, column: str) -> bool:
    """Whether a row has the column, or for a dotted name where its path starts."""
    return column in row or column.partition(".")[0] in row
