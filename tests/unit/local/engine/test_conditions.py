"""Conditions on resolved values."""

from __future__ import annotations

from typing import Any

import pytest

from local.engine.conditions import ConditionError, evaluate


def compare(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (compare("Equals", "a", "a"), True),
        (compare("Equals", 1, 1.0), True),
        (compare("Equals", True, True), True),
        (compare("GreaterThan", 2, 1.5), True),
        (compare("GreaterThan", 1, 1), False),
        (compare("GreaterThanOrEqualTo", 1, 1), True),
        (compare("LessThan", "a", "b"), True),
        (compare("LessThanOrEqualTo", 2, 1), False),
        ({"Type": "In", "QueryValue": "a", "Values": ["b", "a"]}, True),
        ({"Type": "In", "QueryValue": 3, "Values": []}, False),
        ({"Type": "Not", "Condition": compare("Equals", 1, 2)}, True),
        ({"Type": "Or", "Conditions": [compare("Equals", 1, 2), compare("Equals", 2, 2)]}, True),
        ({"Type": "Or", "Conditions": []}, False),
    ],
)
def test_each_type(condition: dict[str, Any], expected: bool) -> None:
    """All of SageMaker's condition types."""
    assert evaluate([condition]) is expected


def test_conditions_are_anded() -> None:
    """All must hold; none at all hold."""
    true, false = compare("Equals", 1, 1), compare("Equals", 1, 2)
    assert evaluate([true, true]) is True
    assert evaluate([true, false]) is False
    assert evaluate([]) is True


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (compare("Equals", "1", 1), r"Equals compares '1' \(String\) with 1 \(number\)"),
        (compare("Equals", True, 1), r"True \(Boolean\) with 1 \(number\)"),
        (compare("GreaterThan", True, False), "cannot order the Booleans"),
        (compare("Equals", None, 1), "None is not a single value"),
        (compare("Equals", [1], [1]), "is not a single value"),
        ({"Type": "Near"}, "the condition type 'Near' is not known"),
        ({"Type": "Equals", "LeftValue": 1}, "needs 'RightValue'"),
        ({"Type": "In", "QueryValue": 1, "Values": 1}, "is not a list"),
        ("x", "the condition type None is not known"),
    ],
)
def test_what_cannot_be_evaluated_raises(condition: Any, message: str) -> None:
    """Never False for a mistake; and not hidden by an earlier condition that does not hold."""
    with pytest.raises(ConditionError, match=message):
        evaluate([compare("Equals", 1, 2), condition])
