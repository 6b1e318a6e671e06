"""References to values: a step's JSON with every `Get`, `Std:Join` and `Std:JsonGet` replaced, typed.

What cannot be resolved raises UnresolvedError with the reference and the step; nothing becomes None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.engine.definition import DefinitionError, Scalar
from local.engine.paths import PathError, parse_path, walk
from local.engine.references import Reference, function_of, parse_reference


class UnresolvedError(Exception):
    """A reference of a step that leads nowhere."""

    def __init__(self, step: str, reference: str, why: str) -> None:
        super().__init__(f"Step '{step}' cannot resolve {reference}: {why}")
        self.step = step
        self.reference = reference
        self.why = why


@dataclass(frozen=True)
class Scope:
    """What the references of one step can reach.

    `properties(step)` gives the properties of a step that succeeded and raises LookupError for any other;
    `property_file(step, name)` and `read_json(uri)` give parsed JSON and raise LookupError with the reason.
    """

    step: str
    parameters: Mapping[str, Scalar]
    execution: Mapping[str, str]
    properties: Callable[[str], Mapping[str, Any]]
    property_file: Callable[[str, str], Any]
    read_json: Callable[[str], Any]


def resolve(value: Any, scope: Scope) -> Any:
    """The same JSON with every reference replaced by its value."""
    if isinstance(value, Mapping):
        function = function_of(value)
        if function is not None:
            return _call(function, value[function], scope)
        return {name: resolve(member, scope) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(member, scope) for member in value]
    return value


def _call(function: str, argument: Any, scope: Scope) -> Any:
    if function not in _FUNCTIONS:
        raise UnresolvedError(scope.step, f"'{function}'", "there is no such function")
    return _FUNCTIONS[function](argument, scope)


def _get(text: Any, scope: Scope) -> Any:
    try:
        reference = parse_reference(text)
        return _ROOTS[reference.root](reference, scope)
    except (DefinitionError, LookupError, PathError) as error:
        raise UnresolvedError(scope.step, f"'{text}'", _reason(error)) from error


def _parameter(reference: Reference, scope: Scope) -> Scalar:
    if reference.name not in scope.parameters:
        raise LookupError("the pipeline has no such parameter")
    return scope.parameters[reference.name]


def _execution(reference: Reference, scope: Scope) -> str:
    if reference.name not in scope.execution:
        raise LookupError("there is no such variable for this step")
    return scope.execution[reference.name]


def _step(reference: Reference, scope: Scope) -> Any:
    if reference.is_property_file:
        raise LookupError("a property file can only be read by Std:JsonGet")
    return walk(scope.properties(reference.name), reference.rest)


def _join(argument: Any, scope: Scope) -> str:
    if not isinstance(argument, Mapping) or not isinstance(argument.get("Values"), list):
        raise UnresolvedError(scope.step, "a Std:Join", "it needs a list named 'Values'")
    on = argument.get("On", "")
    return str(on).join(_joined(resolve(value, scope), scope) for value in argument["Values"])


def _joined(value: Any, scope: Scope) -> str:
    if value is None or isinstance(value, Mapping | list):
        raise UnresolvedError(scope.step, "a Std:Join", f"{value!r} is not a single value")
    return as_text(value)


def as_text(value: Scalar) -> str:
    """A typed value as the service writes it into a text: true, 0.00001 (no exponent), 12."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value)


def _json_get(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, Mapping) or not isinstance(argument.get("Path"), str):
        raise UnresolvedError(scope.step, "a Std:JsonGet", "it needs a 'Path'")
    place = _place(argument)
    shown = f"'{argument['Path']}' in {place}"
    try:
        document = _document(argument, scope)
        return walk(document, parse_path(argument["Path"]))
    except (DefinitionError, LookupError, PathError) as error:
        raise UnresolvedError(scope.step, shown, _reason(error)) from error


def _place(argument: Mapping[str, Any]) -> str:
    file = argument.get("PropertyFile")
    return f"'{file['Get']}'" if isinstance(file, Mapping) and "Get" in file else "the file of a Std:JsonGet"


def _document(argument: Mapping[str, Any], scope: Scope) -> Any:
    if "S3Uri" in argument:
        return scope.read_json(str(resolve(argument["S3Uri"], scope)))
    file = argument.get("PropertyFile")
    if not isinstance(file, Mapping) or "Get" not in file:
        raise LookupError("a Std:JsonGet needs a 'PropertyFile' or an 'S3Uri'")
    reference = parse_reference(file["Get"])
    if not reference.is_property_file or len(reference.rest) != 2:
        raise LookupError(f"'{reference.text}' is not a property file")
    return scope.property_file(reference.name, str(reference.rest[1]))


def _reason(error: Exception) -> str:
    # str() of a KeyError would put quotes around its text.
    return str(error.args[0]) if error.args else str(error)


_FUNCTIONS: Mapping[str, Callable[[Any, Scope], Any]] = {
    "Get": _get,
    "Std:Join": _join,
    "Std:JsonGet": _json_get,
}
_ROOTS: Mapping[str, Callable[[Reference, Scope], Any]] = {
    "Parameters": _parameter,
    "Execution": _execution,
    "Steps": _step,
}
