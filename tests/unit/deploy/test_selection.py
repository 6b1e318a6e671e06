"""Selective execution: which steps run, and what SageMaker would not let us."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.executions import Execution
from deploy.launching.selection import SelectionError, select
from tests.unit.deploy.fakes import AT, FakeAws, FakeRun, execution_arn, step

SOURCE = execution_arn("local-facts-inference", "bbbbbbbbbbbb")
ALL = ("preprocess", "evaluate", "gate", "register", "gate-missed")


def definition() -> dict[str, Any]:
    """preprocess -> evaluate -> gate with a step in each branch."""

    def after(name: str, kind: str, source: str) -> dict[str, Any]:
        return {"Name": name, "Type": kind, "Arguments": {"x": {"Get": f"Steps.{source}.Outputs['a']"}}}

    gate = {
        "Name": "gate",
        "Type": "Condition",
        "DependsOn": ["evaluate"],
        "Arguments": {
            "Conditions": [],
            "IfSteps": [{"Name": "register", "Type": "RegisterModel", "Arguments": {}}],
            "ElseSteps": [{"Name": "gate-missed", "Type": "Fail", "Arguments": {}}],
        },
    }
    first = {"Name": "preprocess", "Type": "Processing", "Arguments": {}}
    return {"Steps": [first, after("evaluate", "Processing", "preprocess"), gate]}


def source(status: str = "Failed", done: tuple[str, ...] = ("preprocess", "evaluate", "gate")) -> FakeAws:
    """An account with an execution to take results from."""
    fake = FakeAws()
    steps = [step(name, "Succeeded", {"ProcessingJob": {"Arn": "x"}}) for name in done]
    fake.sagemaker.runs[SOURCE] = FakeRun(SOURCE, status, steps, {})
    return fake


def chosen(fake: FakeAws, status: str = "Failed", **wanted: Any) -> Any:
    """The selection from that execution."""
    execution = Execution(SOURCE, "local-facts-inference", status, AT, AT)
    return select(fake.aws, definition(), execution, **wanted)


def test_only_takes_what_is_needed_from_the_source() -> None:
    """A Condition brings its branches; the request is SageMaker's."""
    found = chosen(source(), only=["gate"])
    assert found.steps == ("gate", "register", "gate-missed")
    assert found.reused == ("preprocess", "evaluate")
    assert found.request == {
        "SourcePipelineExecutionArn": SOURCE,
        "SelectedSteps": [{"StepName": "gate"}, {"StepName": "register"}, {"StepName": "gate-missed"}],
    }


def test_skip_leaves_out_what_stands_before_too() -> None:
    """Where what is skipped is needed; where it is not, the steps before it run."""
    assert chosen(source(), skip=["evaluate"]).steps == ("gate", "register", "gate-missed")
    found = chosen(source(), skip=["gate"])
    assert (found.steps, found.reused) == (("preprocess", "evaluate"), ())


@pytest.mark.parametrize(
    ("wanted", "fact"),
    [
        ({"only": ["evalute"]}, r'the pipeline has no step "evalute"; it has preprocess'),
        ({"only": ["preprocess", "gate"]}, r'step "evaluate" stands between .* \("preprocess" before it\)'),
        ({"skip": list(ALL)}, "no step is left to run"),
    ],
)
def test_what_cannot_be_selected_is_said(wanted: dict[str, Any], fact: str) -> None:
    """Unknown names, holes in a path, nothing at all."""
    with pytest.raises(SelectionError, match=fact):
        chosen(source(), **wanted)


def test_the_source_must_have_what_is_needed() -> None:
    """A step that did not succeed there has no result."""
    with pytest.raises(SelectionError, match='need the results of "evaluate", which did not succeed'):
        chosen(source(done=("preprocess",)), only=["gate"])


@pytest.mark.parametrize("status", ["Executing", "Stopped", "CompletedWithFailures"])
def test_the_source_must_have_succeeded_or_failed(status: str) -> None:
    """SageMaker takes no other."""
    with pytest.raises(SelectionError, match=f"is {status}; results are taken from one that"):
        chosen(source(status), status=status, only=["gate"])
