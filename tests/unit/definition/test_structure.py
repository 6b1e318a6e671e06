"""Rules on members, names, branches, counts and size."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition import examples
from tests.unit.definition.examples import (
    callback,
    condition,
    facts,
    failing,
    function,
    good,
    processing,
    with_steps,
)


def test_a_good_definition_has_no_problem() -> None:
    """Every type of step that the platform uses passes every rule."""
    assert facts(good()) == []


@pytest.mark.parametrize("definition", [None, [], "text", 7])
def test_a_definition_is_an_object(definition: Any) -> None:
    """Anything else is one problem and no crash."""
    assert facts(definition) == ["the pipeline: the definition must be a JSON object"]


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"PipelineExperimentConfig": "x"}, "the pipeline: PipelineExperimentConfig: must be an object"),
        ({"Metadata": [1]}, "the pipeline: Metadata: must be an object"),
        ({"Version": "2021-01-01"}, "the pipeline: Version: '2021-01-01', must be \"2020-12-01\""),
        ({"Step": []}, 'the pipeline: no member "Step"; did you mean "Steps"?'),
        ({"Parameters": {}}, "the pipeline: Parameters: must be a list"),
    ],
)
def test_the_top_has_known_members(change: dict[str, Any], fact: str) -> None:
    """An unknown member, another version or a wrong type is named."""
    assert facts({**good(), **change})[0] == fact


def test_arguments_are_an_object_and_no_reference() -> None:
    """What a step is given has names; a single value in their place has none."""
    changed = {**processing(), "Arguments": {"Get": "Parameters.Rows"}}
    assert 'step "prepare": Arguments: must be an object' in facts(with_steps(changed))


@pytest.mark.parametrize("steps", [None, [], {}])
def test_a_definition_has_steps(steps: Any) -> None:
    """A pipeline without a step is none."""
    assert "the pipeline: Steps: must be a list with at least one step" in facts({"Steps": steps})


def test_an_entry_without_name_or_type_is_named_by_its_place() -> None:
    """Also inside a branch."""
    definition = with_steps(processing(), {"Name": "x"}, condition(ElseSteps=["text"]))

    assert facts(definition) == [
        "the pipeline: Steps[1]: must be an object with a Name and a Type",
        'step "gate": Arguments.ElseSteps[0]: must be an object with a Name and a Type',
    ]


def test_a_branch_is_a_list() -> None:
    """An object in its place is a problem of the condition."""
    definition = with_steps(processing(), condition(ElseSteps={"Name": "x"}))

    assert facts(definition) == ['step "gate": Arguments.ElseSteps: must be a list of steps']


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ä", "x" * 65])
def test_step_names_fit_the_services_pattern(name: str) -> None:
    """Letters, digits, dashes, underscores; 64 at most."""
    step = failing(name)

    assert facts(with_steps(step)) == [
        f'step "{name}": Name: must be 1 to 64 letters, digits, dashes or underscores'
    ]


def test_step_names_are_unique_across_branches() -> None:
    """The same name at the top and in a branch is one problem."""
    definition = with_steps(processing(), failing("register"), condition())

    assert 'step "register": Name: 2 steps have this name, branches included' in facts(definition)


def test_an_unknown_type_is_named_with_the_nearest_one() -> None:
    """A slip of the pen gets a suggestion."""
    assert facts(with_steps({**failing(), "Type": "Fial"})) == [
        'step "missed": Type: no type "Fial"; did you mean "Fail"?'
    ]


def test_a_step_has_only_members_of_its_type() -> None:
    """RetryPolicies on a Lambda step, a CacheConfig on a Condition, a typing error."""
    definition = with_steps(
        processing(PropertyFile=[]),
        function(RetryPolicies=[]),
        {**condition(), "CacheConfig": {"Enabled": True}},
    )

    assert facts(definition) == [
        'step "prepare": no member "PropertyFile"; did you mean "PropertyFiles"?',
        'step "start": no member "RetryPolicies"',
        'step "gate": no member "CacheConfig"',
    ]


@pytest.mark.parametrize(
    ("step", "member"), [(function(), "FunctionArn"), (callback(), "SqsQueueUrl"), (failing(), "Arguments")]
)
def test_a_step_has_what_its_type_needs(step: dict[str, Any], member: str) -> None:
    """A missing member is named."""
    broken = {name: value for name, value in step.items() if name != member}
    definition = with_steps(processing(), function(), broken)

    assert f'step "{step["Name"]}": {member}: missing; a {step["Type"]} step needs it' in facts(definition)


def test_arguments_are_an_object_and_texts_have_their_length() -> None:
    """Also DisplayName and Description."""
    definition = with_steps({"Name": "a", "Type": "Fail", "Arguments": [], "Description": "d" * 3073})

    assert facts(definition) == [
        'step "a": Arguments: must be an object',
        'step "a": Description: 3073 characters, at most 3072',
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("prepar", 'no step "prepar"; did you mean "prepare"?'),
        (7, 'must be the name of a step or {"Step": name, "Trigger": ...}'),
        ({"Step": "prepare", "Trigger": "Maybe"}, "Trigger must be one of Completed, Failed, Stopped, Any"),
        ("missed", 'the Fail step "missed" ends the execution, nothing can follow it'),
    ],
)
def test_depends_on_names_steps_that_exist(entry: Any, message: str) -> None:
    """Unknown names, wrong shapes and steps after a Fail are refused."""
    definition = with_steps(processing(), failing(), function(DependsOn=["prepare", entry]))

    assert facts(definition) == [f'step "start": DependsOn[1]: {message}']


def test_run_conditions_are_accepted() -> None:
    """The SDK's newer form of DependsOn is no problem."""
    definition = with_steps(processing(), function(DependsOn=[{"Step": "prepare", "Trigger": "Failed"}]))

    assert facts(definition) == []


def test_a_condition_cannot_stand_inside_a_condition() -> None:
    """The service refuses nested condition steps."""
    inner = condition("inner", IfSteps=[], ElseSteps=[])
    definition = with_steps(processing(), condition(IfSteps=[inner], ElseSteps=[]))

    assert facts(definition) == ['step "inner": a Condition cannot stand inside the Condition "gate"']


def test_a_loop_holds_no_fail_step() -> None:
    """The body of a ForEach takes jobs, not ends."""
    loop = {"Name": "each", "Type": "ForEach", "Arguments": {"ForEachBody": [failing("end")]}}

    assert facts(with_steps(loop)) == ['step "end": a Fail step cannot stand in the body of "each"']


def test_fifty_steps_are_allowed_and_one_more_is_not() -> None:
    """Steps of branches count."""
    fifty = [failing(f"f{number}") for number in range(50)]

    assert facts(with_steps(*fifty)) == []
    assert facts(with_steps(*fifty, failing("one-more"))) == ["the pipeline: Steps: 51 steps, at most 50"]


def test_a_definition_over_a_mebibyte_is_refused() -> None:
    """1,048,576 characters of JSON."""
    definition = with_steps(processing())
    definition["Metadata"] = {"long": "x" * 1_048_576}

    assert facts(definition)[0].endswith("at most 1048576")


def test_dependencies_in_a_circle_are_shown() -> None:
    """By DependsOn and by data alike."""
    start = function(Arguments={"status": {"Get": "Steps.wait.OutputParameters['status']"}})

    assert facts(with_steps(start, callback())) == ['step "start": waits for itself: start -> wait -> start']


def test_all_problems_are_reported_at_once() -> None:
    """Three mistakes in three steps are three lines."""
    definition = with_steps(
        processing(DependsOn=["nobody"]), function(FunctionArn="arn"), examples.registration(Colour="red")
    )

    assert [line.split(":")[0] for line in facts(definition)] == [
        'step "prepare"',
        'step "start"',
        'step "register"',
    ]
