"""The conditions of a Condition step, evaluated on resolved values; comparing unlike types raises."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

Compare = Callable[[Any, Any], bool]

_COMPARISONS: Mapping[str, Compare] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "Boolean"),
    ((int, float), "number"),
    (str, "String"),
)


class ConditionError(Exception):
    """A condition that cannot be evaluated."""


def evaluate(conditions: list[Any]) -> bool:
    """Whether all of the conditions hold; each is JSON with its references already resolved."""
    # Every one is evaluated: a condition that cannot be raises even where another is False.
    outcomes = [_holds(condition) for condition in conditions]
    return all(outcomes)


def _holds(condition: Any) -> bool:
    kind: Any = condition.get("Type") if isinstance(condition, Mapping) else None
    if kind in _COMPARISONS:
        return _compare(kind, _member(condition, "LeftValue"), _member(condition, "RightValue"))
    if kind not in _EVALUATORS:
        raise ConditionError(
            f"the condition type {kind!r} is not known; there are {', '.join((*_COMPARISONS, *_EVALUATORS))}"
        )
    return _EVALUATORS[kind](condition)


def _compare(kind: str, left: Any, right: Any) -> bool:
    if _kind_of(left) != _kind_of(right):
        raise ConditionError(
            f"{kind} compares {left!r} ({_kind_of(left)}) with {right!r} ({_kind_of(right)})"
        )
    if kind != "Equals" and isinstance(left, bool):
        raise ConditionError(f"{kind} cannot order the Booleans {left!r} and {right!r}")
    return _COMPARISONS[kind](left, right)


def _kind_of(value: Any) -> str:
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    raise ConditionError(f"{value!r} is not a single value that can be compared")


def _in(condition: Mapping[str, Any]) -> bool:
    values = _member(condition, "Values")
    if not isinstance(values, list):
        raise ConditionError("'Values' of an In condition is not a list")
    query = _member(condition, "QueryValue")
    matches = [_compare("Equals", query, value) for value in values]
    return any(matches)


def _not(condition: Mapping[str, Any]) -> bool:
    return not _holds(_member(condition, "Condition"))


def _or(condition: Mapping[str, Any]) -> bool:
    members = _member(condition, "Conditions")
    if not isinstance(members, list):
        raise ConditionError("'Conditions' of an Or condition is not a list")
    outcomes = [_holds(member) for member in members]
    return any(outcomes)


def _member(condition: Mapping[str, Any], name: str) -> Any:
    if name not in condition:
        raise ConditionError(f"a condition of type {condition['Type']!r} needs '{name}'")
    return condition[name]


_EVALUATORS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {"In": _in, "Not": _not, "Or": _or}
