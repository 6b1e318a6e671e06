"""Rules on declared parameters, and on the values for one execution."""

from __future__ import annotations

from typing import Any

import pytest

from definition.checks import StartError, check_start, require_start
from tests.unit.definition.examples import facts, good, processing, with_steps


def declared(*entries: Any) -> dict[str, Any]:
    return {**with_steps({"Name": "end", "Type": "Fail", "Arguments": {}}), "Parameters": list(entries)}


@pytest.mark.parametrize(
    ("entry", "fact"),
    [
        ("Rows", "Parameters[0]: must be an object with a Name"),
        ({"Name": "a b"}, 'Parameters "a b": must be 1 to 256 letters, digits, dashes or underscores'),
        (
            {"Name": "A", "Type": "Number"},
            "Parameters \"A\": Type 'Number', must be one of String, Integer, Float, Boolean",
        ),
        (
            {"Name": "A", "Type": "Integer", "DefaultValue": "3"},
            "Parameters \"A\": DefaultValue '3' is not of type Integer",
        ),
        (
            {"Name": "A", "Type": "Float", "DefaultValue": 10**400},
            'Parameters "A": DefaultValue is too large a number, at most 64 bits',
        ),
        (
            {"Name": "A", "Type": "Integer", "DefaultValue": True},
            'Parameters "A": DefaultValue True is not of type Integer',
        ),
        (
            {"Name": "A", "DefaultValue": "x" * 4097},
            'Parameters "A": DefaultValue has 4097 characters, at most 4096',
        ),
        (
            {"Name": "A", "DefaultValue": "c", "EnumValues": ["a", "b"]},
            "Parameters \"A\": DefaultValue 'c' is not among EnumValues",
        ),
        (
            {"Name": "A", "EnumValues": [str(number) for number in range(17)]},
            'Parameters "A": 17 EnumValues, at most 16',
        ),
        (
            {"Name": "A", "EnumValues": "ab"},
            'Parameters "A": EnumValues must be a list of values of type String',
        ),
        ({"Name": "A", "Default": "x"}, 'Parameters "A": no member "Default"; did you mean "DefaultValue"?'),
    ],
)
def test_a_declaration_that_is_wrong_is_named(entry: Any, fact: str) -> None:
    """Name, type, default, allowed values, members."""
    assert facts(declared(entry)) == [f"the pipeline: {fact}"]


def test_names_are_unique_and_at_most_200() -> None:
    """Twice the same name, and one too many."""
    entries = [{"Name": f"P{number}"} for number in range(199)] + [{"Name": "A"}, {"Name": "A"}]

    assert facts(declared(*entries)) == [
        "the pipeline: Parameters: 201 parameters, at most 200",
        'the pipeline: Parameters "A": declared 2 times',
    ]


def starting(**values: Any) -> list[str]:
    return [problem.fact for problem in check_start(good(), {"Endpoint": "e", **values})]


def test_values_of_a_start_may_be_typed_or_texts() -> None:
    """As the command line and as the API have them."""
    assert starting(Rows=5) == []
    assert starting(Rows="5", Image="image:2") == []


@pytest.mark.parametrize(
    ("values", "fact"),
    [
        ({"Row": 1}, 'parameter "Row": no parameter "Row"; did you mean "Rows"?'),
        ({"Rows": "many"}, "parameter \"Rows\": 'many' is not a whole number; it is of type Integer"),
        ({"Image": "image:3"}, "parameter \"Image\": 'image:3' is not one of 'image:1', 'image:2'"),
        ({"Endpoint": "x" * 1025}, 'parameter "Endpoint": 1025 characters, at most 1024'),
    ],
)
def test_a_value_that_the_start_refuses_is_named(values: dict[str, Any], fact: str) -> None:
    """Unknown name, wrong type, not allowed, too long."""
    assert f"the pipeline: {fact}" in starting(**values)


def test_a_parameter_without_default_needs_a_value() -> None:
    """Before anything starts."""
    facts_found = [problem.fact for problem in check_start(good(), {})]

    assert facts_found == ['the pipeline: parameter "Endpoint": has no default and no value was given']


def test_a_value_that_overflows_a_container_argument_is_found_at_the_start() -> None:
    """The service would say so only when the step runs."""
    step = processing()
    step["Arguments"]["AppSpecification"]["ContainerArguments"] = [{"Get": "Parameters.Endpoint"}]
    step["Arguments"]["Environment"] = {
        "ENDPOINT": {"Std:Join": {"On": "=", "Values": ["e", {"Get": "Parameters.Endpoint"}]}}
    }

    assert facts(with_steps(step)) == []
    assert [problem.fact for problem in check_start(with_steps(step), {"Endpoint": "x" * 256})] == [
        'step "prepare": Arguments.Environment.ENDPOINT: 258 characters, at most 256'
    ]
    assert [problem.fact for problem in check_start(with_steps(step), {"Endpoint": "x" * 257})] == [
        'step "prepare": Arguments.AppSpecification.ContainerArguments[0]: 257 characters, at most 256',
        'step "prepare": Arguments.Environment.ENDPOINT: 259 characters, at most 256',
    ]


def test_a_refused_start_is_one_error_with_all_values() -> None:
    """Every problem on a line of its own."""
    with pytest.raises(StartError, match=r'execution of "facts" would fail.*\n- .*"Row".*\n- .*"Endpoint"'):
        require_start(good(), "facts", {"Row": 1})
