"""Templates: what refers to what, the order of making, and what is refused before it starts."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloudformation.template import TemplateError, check, check_parameters, dependency_order, references


def known(_name: str) -> bool:
    return True


def resource(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def test_every_kind_of_reference_is_seen() -> None:
    """Ref, GetAtt, both forms of Sub, below lists and conditions; literals and own names of a Sub are not."""
    value = {
        "a": {"Ref": "A"},
        "b": [{"Fn::GetAtt": ["B", "Arn"]}, {"Fn::Sub": "x-${C}-${D.Arn}-${!Literal}"}],
        "c": {"Fn::If": ["Condition", {"Ref": "E"}, {"Ref": "AWS::NoValue"}]},
        "d": {"Fn::Sub": ["${Own}-${F}", {"Own": {"Ref": "G"}}]},
    }
    assert set(references(value)) == {
        ("A", None),
        ("B", "Arn"),
        ("C", None),
        ("D", "Arn"),
        ("E", None),
        ("AWS::NoValue", None),
        ("F", None),
        ("G", None),
    }


def test_resources_come_after_what_they_need() -> None:
    """By references and by DependsOn, whatever their order in the text."""
    resources = {
        "Last": resource(x={"Ref": "Middle"}),
        "Middle": {**resource(), "DependsOn": ["First"]},
        "First": resource(),
        "Alone": resource(y={"Ref": "AParameter"}),
    }
    assert dependency_order(resources) == ["First", "Middle", "Last", "Alone"]


def test_a_circle_is_named() -> None:
    """With its members."""
    resources = {"A": resource(x={"Ref": "B"}), "B": resource(x={"Fn::GetAtt": ["A", "Arn"]})}
    with pytest.raises(TemplateError, match=r"Circular dependency between resources: \[A, B\]"):
        dependency_order(resources)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({}, "At least one Resources member"),
        ({"Resources": {"A": resource(x={"Ref": "B"})}}, r"\[B\] in the Resources block"),
        ({"Resources": {"A": {**resource(), "DependsOn": "B"}}}, r"\[B\] in the Resources block"),
        (
            {"Resources": {"A": resource()}, "Outputs": {"O": {"Value": {"Ref": "B"}}}},
            r"\[B\] in the Outputs block",
        ),
        ({"Resources": {"A": {**resource(), "Condition": "C"}}}, "Unresolved condition dependency C"),
        (
            {"Resources": {"A": resource(), "B": resource(x={"Fn::GetAtt": ["A", "Size"]})}},
            "resource A does not support attribute type Size",
        ),
    ],
)
def test_what_cannot_be_deployed_is_refused(template: dict[str, Any], message: str) -> None:
    """In the words of CloudFormation."""
    with pytest.raises(TemplateError, match=message):
        check(template, known)


def test_an_unknown_type_is_refused_by_name() -> None:
    """All of them at once."""
    template = {"Resources": {"A": {"Type": "AWS::X::Y"}, "B": {"Type": "AWS::X::Z"}, "C": resource()}}
    with pytest.raises(TemplateError, match="AWS::X::Y, AWS::X::Z"):
        check(template, lambda name: name == "AWS::SQS::Queue")


@pytest.mark.parametrize(
    ("parameter", "given", "message"),
    [
        ({"Type": "String"}, {}, r"\[P\] must have values"),
        ({"Type": "String", "Default": "a"}, {"Q": "1"}, r"\[Q\] do not exist in the template"),
        ({"Type": "String", "AllowedValues": ["a"]}, {"P": "b"}, "must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, {"P": "a1"}, "must match pattern"),
        ({"Type": "String", "MinLength": 2}, {"P": "a"}, "at least 2 characters"),
        ({"Type": "String", "MaxLength": 2}, {"P": "abc"}, "at most 2 characters"),
    ],
)
def test_parameters_are_checked(parameter: dict[str, Any], given: dict[str, str], message: str) -> None:
    """Missing, unknown, and outside what the template allows."""
    with pytest.raises(TemplateError, match=message):
        check_parameters({"Parameters": {"P": parameter}}, given)
