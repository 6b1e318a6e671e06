"""Differences of two values: by meaning, at the place where they are."""

from __future__ import annotations

from typing import Any

import pytest

from definition.difference import ABSENT, Difference, differences
from definition.expressions import shown

JOIN = {"Std:Join": {"On": "=", "Values": ["Rows", {"Get": "Parameters.Rows"}]}}


def found(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Path, before and after of each difference."""
    return [(".".join(each.path), each.before, each.after) for each in differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 2.0}, {"a": 2}),
        ({"a": [1, {"b": []}]}, {"a": [1, {"b": []}]}),
    ],
)
def test_spelling_is_no_difference(before: Any, after: Any) -> None:
    """Order of keys, and whether a number is written 2 or 2.0."""
    assert found(before, after) == []


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (0, False), ("1", 1), (None, ""), ([], {}), (None, 0)]
)
def test_values_of_other_types_are_other_values(before: Any, after: Any) -> None:
    """Python thinks that 1 == True; SageMaker does not."""
    assert found({"a": before}, {"a": after}) == [("a", before, after)]


def test_a_member_that_comes_or_goes_is_told_from_null() -> None:
    """ABSENT stands where there is nothing; null is a value."""
    assert found({"gone": 1}, {"come": None}) == [("gone", 1, ABSENT), ("come", ABSENT, None)]


def test_named_entries_are_compared_by_name() -> None:
    """An entry put in front of others is one that came, not a change of all."""
    one, two = {"InputName": "code", "Uri": "a"}, {"InputName": "data", "Uri": "b"}
    new = {"InputName": "wheels", "Uri": "c"}
    assert found([one, two], [new, one, {**two, "Uri": "x"}]) == [
        ("data.Uri", "b", "x"),
        ("wheels", ABSENT, new),
    ]
    assert found([one, two], [two, one]) == [("order", "code, data", "data, code")]


def test_entries_with_the_same_name_are_compared_by_place() -> None:
    """Two of one name cannot be told apart by it."""
    entries = [{"Name": "a", "Value": 1}, {"Name": "a", "Value": 2}]
    assert found(entries, [entries[0], {"Name": "a", "Value": 3}]) == [("[1].Value", 2, 3)]


def test_container_arguments_are_options() -> None:
    """By option, a repeated one by what it assigns; an option put in between changes nothing else."""
    before = ["evaluate", "--settings", "s", "--parameter", JOIN, "--quiet"]
    after = ["evaluate", "--region", "r", "--settings", "t", "--parameter", JOIN]
    assert found(before, after) == [
        ("--settings", "s", "t"),
        ("--quiet", True, ABSENT),
        ("--region", ABSENT, "r"),
    ]


def test_lists_without_names_are_aligned() -> None:
    """What was put in is what is told, not everything behind it."""
    assert found(["a", "b", "c"], ["a", "x", "b", "c"]) == [("[1]", ABSENT, "x")]
    assert found([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 3}]) == [("[1].n", 2, 3)]


def test_an_expression_is_one_value() -> None:
    """A reference that changes is told whole, as it reads."""
    other = {"Std:Join": {"On": "=", "Values": ["Rows", {"Get": "Parameters.Lines"}]}}
    [difference] = differences({"a": JOIN}, {"a": other})
    assert difference == Difference(("a",), JOIN, other)
    assert (shown(difference.before), shown(difference.after)) == (
        "Rows=${Parameters.Rows}",
        "Rows=${Parameters.Lines}",
    )


def test_a_function_of_a_template_is_one_value_unless_it_stays() -> None:
    """Another function is another value; within the same one the place is told."""
    before, after = {"Ref": "Live"}, {"Fn::If": ["Makes", {"Ref": "Live"}, {"Ref": "Arn"}]}
    assert found({"Arn": before}, {"Arn": after}) == [("Arn", before, after)]
    one, other = {"Fn::If": ["Makes", "a", "b"]}, {"Fn::If": ["Makes", "a", "c"]}
    assert found({"Arn": one}, {"Arn": other}) == [("Arn.Fn::If.[2]", "b", "c")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("s3://b/code/" + "0123456789abcdef" * 4, "s3://b/code/01234567"),
        (
            {
                "Std:JsonGet": {
                    "PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.metrics"},
                    "Path": "f1.mean",
                }
            },
            "${Steps.evaluate.PropertyFiles.metrics: f1.mean}",
        ),
        ({"b": [{"Get": "Parameters.A"}], "a": None}, '{"a": null, "b": ["${Parameters.A}"]}'),
        (0.00001, "0.00001"),
        (True, "true"),
        ({"Std:Join": {"Values": "broken"}}, '{"Std:Join": {"Values": "broken"}}'),
        ({"Get": ["broken"]}, "${['broken']}"),
    ],
)
def test_values_are_shown_as_people_read_them(value: Any, text: str) -> None:
    """References in place, hashes cut, broken expressions as they are."""
    assert shown(value) == text
