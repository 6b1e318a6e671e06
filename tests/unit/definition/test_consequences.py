"""What a change of a definition means: to caches, gates and people."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from definition.consequences import explained, re_running

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "facts-inference.local.json"
Definition = dict[str, Any]


def definition(*, cached: bool = True) -> Definition:
    """The shipped inference pipeline: preprocess -> evaluate -> gate (register, else gate-missed)."""
    text = GOLDEN.read_text(encoding="utf-8").replace("<sha256>", "a" * 64)
    made: Definition = json.loads(text)
    for step in made["Steps"]:
        if cached and step["Type"] == "Processing":
            step["CacheConfig"] = {"Enabled": True, "ExpireAfter": "P30D"}
    return made


def step(made: Definition, name: str) -> Definition:
    """A step of the top level."""
    found: Definition = next(each for each in made["Steps"] if each["Name"] == name)
    return found


def message_of(made: Definition) -> list[Any]:
    """The parts of what `gate-missed` says."""
    arguments = step(made, "gate")["Arguments"]["ElseSteps"][0]["Arguments"]
    found: list[Any] = arguments["ErrorMessage"]["Std:Join"]["Values"]
    return found


def told(change: Callable[[Definition], Any], *, cached: bool = True) -> list[tuple[str, str, str, Any, str]]:
    """Kind, step, what, marks and effect of each change that `change` makes."""
    before = definition(cached=cached)
    after = copy.deepcopy(before)
    change(after)
    return [(each.kind, each.step, each.what, each.marks, each.effect) for each in explained(before, after)]


def new_code(made: Definition) -> None:
    uri = step(made, "preprocess")["Arguments"]["ProcessingInputs"][0]["S3Input"]
    uri["S3Uri"] = uri["S3Uri"].replace("a" * 64, "b" * 64)


def test_other_code_of_a_step_re_runs_it_and_the_cached_steps_behind_it() -> None:
    """One change, of kind code, with the step behind it named."""
    assert told(new_code) == [
        (
            "code",
            "preprocess",
            "Arguments.ProcessingInputs.code.S3Input.S3Uri",
            ("re-runs",),
            "re-runs preprocess, and behind it evaluate",
        )
    ]
    before = definition()
    after = copy.deepcopy(before)
    new_code(after)
    assert re_running(before, after) == ("preprocess", "evaluate")


def test_a_step_that_is_not_cached_runs_anyway() -> None:
    """Said so, and no step is named as re-running."""
    assert told(new_code, cached=False)[0][3:] == (
        ("re-runs",),
        "preprocess runs in every execution: not cached",
    )
    before = definition(cached=False)
    after = copy.deepcopy(before)
    new_code(after)
    assert re_running(before, after) == ()


def test_resources_are_not_in_the_key() -> None:
    """Another instance applies when the step next runs; a cached result still stands in."""

    def change(made: Definition) -> None:
        cluster = step(made, "evaluate")["Arguments"]["ProcessingResources"]["ClusterConfig"]
        cluster["InstanceType"] = "ml.m5.large"

    what = "Arguments.ProcessingResources.ClusterConfig.InstanceType"
    assert told(change) == [("argument", "evaluate", what, ("behaviour",), "")]


def test_a_threshold_changes_the_gate_and_re_runs_who_is_told_it() -> None:
    """The default of a parameter that the Condition compares with and the evaluation gets."""

    def change(made: Definition) -> None:
        made["Parameters"][1]["DefaultValue"] = 0.6

    effect = "re-runs evaluate; for executions without a value of their own"
    assert told(change) == [("parameter", "", "MinimumF1.DefaultValue", ("re-runs", "gate"), effect)]


def test_what_a_condition_compares_is_a_gate() -> None:
    """Another metric in the condition."""

    def change(made: Definition) -> None:
        left = step(made, "gate")["Arguments"]["Conditions"][0]["LeftValue"]
        left["Std:JsonGet"]["Path"] = "metrics.exact_match.mean"

    assert [each[1:4] for each in told(change)] == [
        ("gate", "Arguments.Conditions[0].LeftValue", ("gate",)),
    ]


def test_a_step_in_a_branch_that_goes_changes_the_gate() -> None:
    """Told once, as the step, and not as an argument of the condition too."""

    def change(made: Definition) -> None:
        step(made, "gate")["Arguments"]["ElseSteps"] = []

    assert told(change) == [("step", "gate-missed", "gate-missed", ("gate",), "")]


def test_the_file_that_a_condition_reads_is_of_the_gate() -> None:
    """Another path of the property file."""

    def change(made: Definition) -> None:
        step(made, "evaluate")["PropertyFiles"][0]["FilePath"] = "other.json"

    assert [each[3] for each in told(change)] == [("gate",)]


@pytest.mark.parametrize(
    "change",
    [
        lambda made: step(made, "evaluate").update(Description="words"),
        lambda made: made.update(Metadata={"any": "thing"}),
        lambda made: made.update(NewTopMember=None),
        lambda made: made["Parameters"].reverse(),
        lambda made: message_of(made).insert(0, "words"),
        lambda made: step(made, "gate")["Arguments"]["IfSteps"][0]["Arguments"].update(
            ModelPackageDescription="words"
        ),
    ],
)
def test_words_and_order_are_cosmetic(change: Callable[[Definition], Any]) -> None:
    """Nothing runs differently."""
    assert [each[3] for each in told(change)] == [("cosmetic",)]


def test_an_edge_of_its_own_is_told_as_one() -> None:
    """A step that waits for another without taking anything."""

    def change(made: Definition) -> None:
        step(made, "evaluate")["DependsOn"] = ["preprocess"]
        step(made, "gate")["DependsOn"] = ["preprocess"]

    assert told(change) == [("edge", "gate", "preprocess -> gate", ("gate",), "")]


def test_a_step_that_comes_brings_no_edges_beside() -> None:
    """Told once; a change of the steps around it is told with them."""

    def change(made: Definition) -> None:
        made["Steps"].append(
            {"Name": "more", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}, "DependsOn": ["gate"]}
        )

    assert told(change) == [("step", "more", "more", ("behaviour",), "")]


def test_caching_that_is_turned_off_is_said() -> None:
    """And turned on again it is how the step behaves."""

    def off(made: Definition) -> None:
        del step(made, "evaluate")["CacheConfig"]

    effect = "evaluate is not cached any more: it runs in every execution"
    assert told(off) == [("argument", "evaluate", "CacheConfig", ("re-runs",), effect)]
    before = definition()
    after = copy.deepcopy(before)
    off(after)
    assert [each.marks for each in explained(after, before)] == [("behaviour",)]


def test_the_same_definition_has_no_changes() -> None:
    """Nor has one that is spelled otherwise."""
    again = json.loads(json.dumps(definition(), sort_keys=False, indent=3))
    assert explained(definition(), again) == ()


@pytest.mark.parametrize("broken", [{}, {"Steps": None}, {"Steps": [1, {"Name": 3}], "Parameters": {"a": 1}}])
def test_what_somebody_broke_is_compared_all_the_same(broken: Definition) -> None:
    """A definition from the console may be anything; every step of ours is told as new."""
    changes = explained(broken, definition())
    assert {each.step for each in changes if each.kind == "step"} >= {"preprocess", "evaluate", "gate"}
