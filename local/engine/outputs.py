"""Output parameters of Lambda and Callback steps: texts on the wire, typed by the definition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.engine.definition import Scalar
from local.engine.parameters import MAX_VALUE_LENGTH, typed
from local.engine.resolve import as_text


class OutputError(Exception):
    """An output that is not of its declared type, or longer than the service keeps."""


def type_outputs(declared: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Scalar]:
    """Declared outputs that came, typed; what was not declared is dropped, what did not come is absent."""
    return {name: _typed(name, kind, values[name]) for name, kind in declared.items() if name in values}


def _typed(name: str, kind: str, value: Any) -> Scalar:
    text = flat(value)
    if len(text) > MAX_VALUE_LENGTH:
        raise OutputError(
            f"the output '{name}' has {len(text)} characters; at most {MAX_VALUE_LENGTH} are taken"
        )
    result = typed(kind, text)
    if result is None:
        raise OutputError(f"the output '{name}' is {value!r}, which is no {kind}")
    return result


def flat(value: Any) -> str:
    """One text: nesting is flattened, as the Developer Guide says of callback steps."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return as_text(value)
    return json.dumps(value, ensure_ascii=False)


def as_entries(values: Mapping[str, Scalar]) -> list[dict[str, str]]:
    """The step metadata's form: a list of Name and Value."""
    return [{"Name": name, "Value": as_text(value)} for name, value in values.items()]
