"""What is known of values before an execution."""

from __future__ import annotations

from typing import Any

import pytest

from definition.values import Known, Open, evaluate, text, typed

PARAMETERS = {"Rows": 12, "Rate": 0.00001, "Flag": True, "Name": "n"}


def join(*values: Any, on: str = "") -> dict[str, Any]:
    return {"Std:Join": {"On": on, "Values": list(values)}}


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("plain", Known("plain")),
        ({"Get": "Parameters.Rows"}, Known(12)),
        (join("Rows", {"Get": "Parameters.Rows"}, on="="), Known("Rows=12")),
        (join({"Get": "Parameters.Rate"}, " ", {"Get": "Parameters.Flag"}), Known("0.00001 true")),
        (join("a", join("b", {"Get": "Parameters.Name"})), Known("abn")),
        ({"Get": "Parameters.Unknown"}, Open()),
        ({"Get": "Execution.PipelineExecutionId"}, Open(12)),
        ({"Get": "Steps.a.OutputParameters['x']"}, Open()),
        (join("s3://b/", {"Get": "Execution.PipelineExecutionId"}, on="/"), Open(20, is_text=True)),
        ({"Std:JsonGet": {}}, Open()),
        ({"Std:Join": {"Values": "no list"}}, Open()),
        ({"Get": "nothing"}, Open()),
    ],
)
def test_a_value_is_known_or_has_a_least_length(value: Any, known: Known | Open) -> None:
    """Parameters and joins of them are known; of an execution's variables only the length."""
    assert evaluate(value, PARAMETERS) == known


@pytest.mark.parametrize(
    ("value", "type_name", "expected"),
    [
        ("12", "Integer", 12),
        (12, "Integer", 12),
        ("1e-5", "Float", 0.00001),
        ("3", "Float", 3.0),
        ("true", "Boolean", True),
        (False, "Boolean", False),
        ("text", "String", "text"),
    ],
)
def test_a_parameters_value_is_read_as_its_type(value: Any, type_name: str, expected: Any) -> None:
    """Typed values and the texts of the API give the same."""
    result = typed(value, type_name)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "type_name"),
    [("1.5", "Integer"), (True, "Integer"), ("1_000", "Integer"), ("nan", "Float"), ("x", "Float"),
     (True, "Float"), ("yes", "Boolean"), (1, "Boolean"), (7, "String")],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(value: Any, type_name: str) -> None:
    """Nothing is rounded, guessed or turned into a text."""
    with pytest.raises(ValueError, match=r"is not (a whole number|a number|true or false|a text)"):
        typed(value, type_name)


def test_a_number_in_a_text_has_no_exponent() -> None:
    """As the service writes it."""
    assert [text(0.00001), text(2.0), text(False), text(3)] == ["0.00001", "2.0", "false", "3"]
