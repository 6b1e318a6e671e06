"""What came of an execution: exit code, gates, package, endpoint, files."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from deploy import executions
from deploy.observing.gates import figure_text, gates
from deploy.observing.summary import exit_code, summarize, summarize_end, verdict
from tests.unit.deploy.fakes import AT, FakeAws, FakeRun, execution_arn, project
from tests.unit.deploy.runs import (
    INFERENCE,
    INFERENCE_DEFINITION,
    METRICS_FOLDER,
    PACKAGE,
    TRAINING,
    inference_run,
    training_run,
)


def account(*, f1: float, minimum: float, on_missed: str = "Failed") -> FakeAws:
    """An account in which one candidate was evaluated."""
    fake = FakeAws()
    fake.sagemaker.add_run(inference_run(f1=f1, minimum=minimum, fake=fake, on_missed=on_missed))
    fake.sagemaker.packages[PACKAGE] = {
        "ModelPackageArn": PACKAGE,
        "ModelPackageGroupName": "local-facts",
        "ModelPackageVersion": 3,
        "ModelApprovalStatus": "PendingManualApproval",
        "CreationTime": AT,
    }
    return fake


def test_a_passed_gate_is_shown_with_its_figure_and_the_package() -> None:
    """Exit code 0; the figure is the one that the condition read, the bound the one that it ran with."""
    fake = account(f1=0.68, minimum=0.5)
    summary = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE))
    assert summary.exit_code == 0
    assert [gate.text for gate in summary.gates] == ["f1 = 0.68, needs at least 0.5"]
    assert summary.gates[0].passed is True
    assert summary.package is not None
    assert summary.package.name == "local-facts/3"
    assert summary.metrics["rows"] == 300
    assert [file.uri for file in summary.files] == [f"{METRICS_FOLDER}/evaluation_metrics.json"]
    assert summary.files[0].step == "evaluate"


def test_an_execution_is_summed_up_after_its_package_was_deleted() -> None:
    """Its steps, figures and files are as they were."""
    fake = account(f1=0.68, minimum=0.5)
    fake.sagemaker.packages.clear()
    summary = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE))
    assert (summary.package, summary.exit_code, len(summary.files)) == (None, 0, 1)


@pytest.mark.parametrize("on_missed", ["Failed", "Succeeded"])
def test_a_missed_gate_is_exit_code_5_however_it_ends(on_missed: str) -> None:
    """Whether the execution then fails or just ends: nothing is registered, and 5 says why."""
    fake = account(f1=0.43, minimum=0.5, on_missed=on_missed)
    summary = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE))
    assert summary.exit_code == 5
    assert [gate.text for gate in summary.gates] == ["f1 = 0.43, needs at least 0.5"]
    assert summary.gates[0].passed is False
    assert summary.package is None


@pytest.mark.parametrize("status", ["Failed", "Stopped", "CompletedWithFailures"])
def test_any_other_end_is_exit_code_1(status: str) -> None:
    """Only success is 0."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run(status))
    assert exit_code(executions.look(fake.aws, TRAINING)) == 1


def test_a_gate_without_a_figure_is_not_measured() -> None:
    """An evaluation that wrote nothing passes no gate."""
    fake = account(f1=0.68, minimum=0.5)
    fake.s3.objects.clear()
    seen = executions.look(fake.aws, INFERENCE)
    (gate,) = gates(fake.aws, seen, executions.parameters(fake.aws, INFERENCE))
    assert (gate.passed, gate.text) == (None, "f1 not measured, needs at least 0.5")


def test_an_endpoint_that_outlives_its_evaluation_is_told_with_its_price() -> None:
    """While it runs it costs; deleted it does not."""
    fake = account(f1=0.68, minimum=0.5)
    fake.sagemaker.endpoints["local-aaaaaaaaaaaa"] = "InService"
    running = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE)).endpoint
    assert running is not None
    assert (running.should_go, running.is_running, running.price) == (True, True, 7.09)
    fake.sagemaker.endpoints.clear()
    gone = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE)).endpoint
    assert gone is not None
    assert (gone.should_go, gone.is_running, gone.status) == (False, False, "gone")


def test_the_end_waits_for_the_endpoint_to_go() -> None:
    """The function that deletes it hears of the end seconds later; the summary tells of the outcome."""
    fake = account(f1=0.68, minimum=0.5)
    fake.sagemaker.endpoints["local-aaaaaaaaaaaa"] = "InService"
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            fake.sagemaker.endpoints.clear()

    seen = executions.look(fake.aws, INFERENCE)
    found = summarize_end(project(), fake.aws, seen, sleep=sleep).endpoint
    assert found is not None
    assert (found.status, slept) == ("gone", [0.5, 0.5, 0.5])


def test_an_endpoint_that_never_goes_is_not_waited_for_for_ever() -> None:
    """Twenty seconds, then it is told as it is."""
    fake = account(f1=0.68, minimum=0.5)
    fake.sagemaker.endpoints["local-aaaaaaaaaaaa"] = "InService"
    slept: list[float] = []
    seen = executions.look(fake.aws, INFERENCE)
    found = summarize_end(project(), fake.aws, seen, sleep=slept.append).endpoint
    assert found is not None
    assert (found.should_go, sum(slept)) == (True, 20.0)


def test_a_missed_gate_is_told_with_its_figures() -> None:
    """What was missed, by how much, that nothing was registered, and where to look."""
    fake = account(f1=0.43, minimum=0.5)
    found = verdict(
        "facts-inference", summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE)), "local"
    )
    assert found is not None
    assert found.exit_code == 5
    assert found.fact == (
        'gate of "facts-inference" missed: f1 = 0.43, needs at least 0.5; nothing was registered'
    )
    assert found.hint == ("run_pipeline.py outputs bbbbbbbbbbbb lists the answers and the report")


def test_a_missed_gate_without_a_registry_speaks_of_none() -> None:
    """A pipeline that registers nothing, such as guardrails, is told without the registry."""
    fake = account(f1=0.43, minimum=0.5)
    summary = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE))
    steps = [*INFERENCE_DEFINITION["Steps"]]
    steps[-1] = {**steps[-1], "Arguments": {**steps[-1]["Arguments"], "IfSteps": []}}
    seen = dataclasses.replace(summary.seen, definition={**INFERENCE_DEFINITION, "Steps": steps})
    found = verdict("calls", dataclasses.replace(summary, seen=seen), "local")
    assert found is not None
    assert found.fact == 'gate of "calls" missed: f1 = 0.43, needs at least 0.5'


def test_a_failure_is_told_with_its_step_and_reason() -> None:
    """The reason, its log and how to go on from there."""
    fake = FakeAws()
    run = fake.sagemaker.add_run(training_run("Failed"))
    run.steps[-1]["FailureReason"] = "AutoML job failed: out of memory"
    found = verdict(
        "facts-training", summarize(project(), fake.aws, executions.look(fake.aws, TRAINING)), "dev"
    )
    assert found is not None
    assert found.exit_code == 1
    assert found.fact == '"facts-training" failed in step "wait-automl": AutoML job failed: out of memory'
    assert found.hint == (
        "run_pipeline.py logs aaaaaaaaaaaa --step wait-automl --env dev\n"
        "run_pipeline.py retry aaaaaaaaaaaa --wait --env dev"
    )


def test_of_a_strangers_execution_the_arn_is_named() -> None:
    """An id is looked for below the pipelines of this repository."""
    fake, theirs = FakeAws(), execution_arn("theirs", "aaaaaaaaaaaa")
    fake.sagemaker.add_run(FakeRun(theirs, "Failed", [], {"Steps": []}))
    found = verdict("theirs", summarize(project(), fake.aws, executions.look(fake.aws, theirs)), "dev")
    assert found is not None
    assert found.hint == f"run_pipeline.py retry {theirs} --wait --env dev"


def test_success_needs_no_words() -> None:
    """Exit code 0 says nothing on stderr."""
    fake = account(f1=0.68, minimum=0.5)
    seen = executions.look(fake.aws, INFERENCE)
    assert verdict("facts-inference", summarize(project(), fake.aws, seen), "local") is None


def test_figures_have_four_digits() -> None:
    """Enough to compare, short enough to read."""
    assert [figure_text(value) for value in (0.678123, 0.5, 12345.678, 0.00012345)] == [
        "0.6781",
        "0.5",
        "1.235e+04",
        "0.0001234",
    ]


def compared(fake: FakeAws, comparison: dict[str, Any]) -> FakeRun:
    """The execution with a second condition, on what the evaluation found against the approved package."""
    run = inference_run(f1=0.68, minimum=0.5, fake=fake)
    definition = json.loads(json.dumps(run.definition))
    conditions = definition["Steps"][1]["Arguments"]["Conditions"]
    second = json.loads(json.dumps(conditions[0]))
    second["LeftValue"]["Std:JsonGet"]["Path"] = "comparisons.f1.passed"
    conditions.append({**second, "RightValue": 1})
    metrics = {"rows": 300, "failed": 0, "metrics": {"f1": {"mean": 0.68}}, "comparisons": {"f1": comparison}}
    fake.s3.put_json(f"{METRICS_FOLDER}/evaluation_metrics.json", metrics)
    outcome = str(bool(comparison.get("passed")))
    steps = [
        {**each, "Metadata": {"Condition": {"Outcome": outcome}}} if each["StepName"] == "gate" else each
        for each in run.steps
    ]
    steps = steps if comparison.get("passed") else steps[:-1]
    return fake.sagemaker.add_run(dataclasses.replace(run, definition=definition, steps=steps))


COMPARED = {
    "passed": 0,
    "verdict": "not enough evidence",
    "told": "+0.0040 against local-facts/1",
    "difference": 0.004,
    "margin": 0.01,
}


def test_a_comparison_that_is_missed_is_told_with_what_was_found() -> None:
    """Exit code 5; the words are the evaluation's, the bound passes beside it."""
    fake = account(f1=0.68, minimum=0.5)
    compared(fake, COMPARED)
    summary = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE))
    bound, gate = summary.gates
    assert (summary.exit_code, bound.passed, gate.passed) == (5, True, False)
    assert (gate.metric, gate.comparison, gate.bound, gate.value) == (
        "f1",
        "better than approved",
        0.01,
        0.004,
    )
    problem = verdict("facts-inference", summary, "local")
    assert problem is not None
    assert problem.fact == (
        'gate of "facts-inference" missed: f1: not enough evidence, +0.0040 against local-facts/1; '
        "nothing was registered"
    )


def test_a_comparison_without_an_incumbent_passes_and_is_marked() -> None:
    """No figure, but decided."""
    fake = account(f1=0.68, minimum=0.5)
    compared(
        fake,
        {
            "passed": 1,
            "verdict": "nothing approved",
            "told": "nothing is approved yet",
            "difference": None,
            "margin": 0,
        },
    )
    _, gate = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE)).gates
    assert (gate.passed, gate.value, gate.text) == (
        True,
        None,
        "f1: nothing approved, nothing is approved yet",
    )


def test_a_comparison_that_was_not_made_is_not_decided() -> None:
    """An evaluation that wrote nothing passes no gate."""
    fake = account(f1=0.68, minimum=0.5)
    compared(fake, {})
    _, gate = summarize(project(), fake.aws, executions.look(fake.aws, INFERENCE)).gates
    assert (gate.passed, gate.text) == (None, "f1: not compared with the approved package")
