"""Definitions as frozen values, and what is refused while reading them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.engine.definition import Branch, DefinitionError, Dependency, parse_definition
from local.engine.graph import build_graph
from tests.unit.local.engine.fakes import condition, definition, fail, function, processing


def parse(*steps: dict[str, Any], **members: Any) -> Any:
    return parse_definition(json.dumps({**definition(*steps), **members}))


def test_branch_steps_stand_beside_the_others() -> None:
    """Steps inside a Condition know their condition and the outcome that runs them."""
    steps = parse(condition("gate", yes=(function("a"),), no=(fail("b", "x"),))).steps
    assert list(steps) == ["gate", "a", "b"]
    assert (steps["a"].branch, steps["b"].branch) == (Branch("gate", True), Branch("gate", False))


def test_run_conditions_are_read() -> None:
    """A DependsOn may be a name or an object with a trigger."""
    step = parse(function("a"), function("b", after=("a", {"Step": "a", "Trigger": "Any"}))).steps["b"]
    assert step.depends_on == (Dependency("a"), Dependency("a", "Any"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "needs a list named 'Steps'"),
        ('{"Steps": []}', "Version is None"),
        ('{"Version": "2020-12-01", "Steps": []}', "has no steps"),
        ('{"Version": "2020-12-01", "Steps": [{}]}', "A step needs a Name"),
        ('{"Version": "2020-12-01", "Steps": [{"Name": "a"}]}', "Step 'a' needs a Type"),
    ],
)
def test_what_is_no_definition_is_refused(text: str, message: str) -> None:
    """Each refusal says what is missing."""
    with pytest.raises(DefinitionError, match=message):
        parse_definition(text)


def test_names_are_unique_across_branches() -> None:
    """A branch's step may not be called as a step outside is."""
    with pytest.raises(DefinitionError, match="Step name 'a' is used twice"):
        parse(function("a"), condition("gate", yes=(function("a"),)))


def test_conditions_are_not_nested() -> None:
    """The inner one is named."""
    with pytest.raises(DefinitionError, match="Step 'inner': a Condition step inside a branch"):
        parse(condition("outer", yes=(condition("inner"),)))


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"Name": "A", "Type": "Date"}, "Parameter 'A' has the type 'Date'"),
        ({"Name": "A", "Type": "Integer", "DefaultValue": "5"}, "'5', is no Integer"),
        ({"Name": "A", "Type": "Integer", "DefaultValue": True}, "True, is no Integer"),
        (
            {"Name": "A", "Type": "String", "DefaultValue": "x", "EnumValues": ["y"]},
            "not among its EnumValues y",
        ),
    ],
)
def test_parameters_are_checked(parameter: dict[str, Any], message: str) -> None:
    """Type and default must fit."""
    with pytest.raises(DefinitionError, match=message):
        parse(function("a"), Parameters=[parameter])


def graph_of(*steps: dict[str, Any], **members: Any) -> Any:
    return build_graph(parse(*steps, **members))


def test_a_circle_is_named() -> None:
    """All steps of the circle stand in the message."""
    with pytest.raises(DefinitionError, match=r"in a circle: (a -> b -> a|b -> a -> b)"):
        graph_of(function("a", after=("b",)), function("b", after=("a",)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Get": "Steps.gone.X"}, "Step 'a' refers to 'Steps.gone.X', but 'gone' is not among"),
        ({"Get": "Parameters.Gone"}, "'Gone' is not among the pipeline's Parameters"),
        ({"Get": "Execution.Gone"}, "'Gone' is not among the pipeline's Execution"),
        ({"Get": "ForEach.CurrentItem"}, "is not a reference to Parameters, Execution or Steps"),
        ({"Get": "Steps.a"}, "'Steps.a' is not a whole reference"),
        ({"Get": 5}, "a Get takes a text, not 5"),
        ({"Std:Shout": {}}, "Step 'a': the function 'Std:Shout' is not supported"),
        ({"Get": "Steps.s.PropertyFiles.gone"}, "step 's' declares no such property file"),
    ],
)
def test_references_are_checked_before_anything_runs(value: Any, message: str) -> None:
    """Unknown names and functions are told with their step."""
    with pytest.raises(DefinitionError, match=message):
        graph_of(function("a", x=value), processing("s"))


def test_a_dependency_on_nothing_is_refused() -> None:
    """DependsOn of a step that is not there."""
    with pytest.raises(
        DefinitionError, match="Step 'a' depends on step 'gone', which is not in the pipeline"
    ):
        graph_of(function("a", after=("gone",)))
