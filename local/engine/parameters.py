"""The parameters of an execution: what was given, checked and typed, over what the definition declares."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from local.engine.definition import ParameterSpec, Scalar
from local.engine.resolve import as_text

# Python alone would also take 1_000, Arabic-Indic digits and "infinity".
_NUMBERS = {
    "Integer": re.compile(r"[-+]?[0-9]{1,30}"),
    "Float": re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"),
}
# API shape String1024, of values given at a start and of output parameters; a default may be longer.
MAX_VALUE_LENGTH = 1024


class ParameterError(Exception):
    """A parameter value that SageMaker refuses at the start."""


def merge(declared: Mapping[str, ParameterSpec], given: Iterable[Mapping[str, Any]]) -> dict[str, Scalar]:
    """Typed values of all declared parameters; `given` is StartPipelineExecution's list of Name and Value."""
    values = _by_name(given)
    unknown = [name for name in values if name not in declared]
    if unknown:
        raise ParameterError(
            f"The pipeline does not declare the parameters [{', '.join(unknown)}]; "
            f"it declares [{', '.join(declared)}]."
        )
    missing = [name for name, spec in declared.items() if spec.default is None and name not in values]
    if missing:
        raise ParameterError(f"The parameters [{', '.join(missing)}] have no default and no value was given.")
    return {
        name: spec.default if spec.default is not None and name not in values else _value(spec, values[name])
        for name, spec in declared.items()
    }


def _by_name(given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for entry in given:
        if entry["Name"] in values:
            raise ParameterError(f"The parameter [{entry['Name']}] is given twice.")
        values[entry["Name"]] = entry["Value"]
    return values


def _value(spec: ParameterSpec, given: str) -> Scalar:
    if len(given) > MAX_VALUE_LENGTH:
        raise ParameterError(
            f"The value of parameter [{spec.name}] has {len(given)} characters; at most "
            f"{MAX_VALUE_LENGTH} are taken."
        )
    value = typed(spec.type, given)
    if value is None:
        raise ParameterError(f"The value '{given}' of parameter [{spec.name}] is no {spec.type}.")
    if spec.choices and value not in spec.choices:
        allowed = ", ".join(map(str, spec.choices))
        raise ParameterError(f"The value '{given}' of parameter [{spec.name}] is not one of [{allowed}].")
    return value


def typed(kind: str, text: str) -> Scalar | None:
    """The text as String, Integer, Float or Boolean; None where it is none."""
    if kind == "String":
        return text
    if kind == "Boolean":
        return {"true": True, "false": False}.get(text.strip().lower())
    if not _NUMBERS[kind].fullmatch(text.strip()):
        return None
    number = int(text) if kind == "Integer" else float(text)
    return number if math.isfinite(number) else None


def as_list(values: Mapping[str, Scalar]) -> list[dict[str, str]]:
    """ListPipelineParametersForExecution's form: Name and Value, every value a text."""
    return [{"Name": name, "Value": as_text(value)} for name, value in values.items()]
