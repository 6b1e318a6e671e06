"""Executions as the service tells of them, page by page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from deploy import executions, reference
from deploy.errors import UnknownExecutionError
from tests.unit.deploy.fakes import AT, FakeAws, FakeRun, execution_arn, project, step
from tests.unit.deploy.runs import TRAINING, TRAINING_ID, training_run


def test_all_pages_of_steps_are_read_in_the_order_they_began() -> None:
    """A hundred and more steps, whatever order the pages have; those not begun come last."""
    steps = [step(f"s{n}", "Succeeded", StartTime=AT + timedelta(seconds=n)) for n in range(250)]
    waiting = {"StepName": "later", "StepStatus": "Starting"}
    fake = FakeAws()
    fake.sagemaker.add_run(FakeRun(TRAINING, "Executing", [waiting, *reversed(steps)], {"Steps": []}))
    names = [each.name for each in executions.steps(fake.aws, TRAINING)]
    assert names == [*(f"s{n}" for n in range(250)), "later"]


def test_a_steps_type_is_told_by_its_metadata() -> None:
    """The service does not return the type."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    kinds = [each.kind for each in executions.steps(fake.aws, TRAINING)]
    assert kinds == ["Processing", "Lambda", "Callback"]


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Stopped", "CompletedWithFailures"])
def test_every_terminal_status_is_an_end(status: str) -> None:
    """Four statuses are final, not two."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run(status))
    assert executions.describe(fake.aws, TRAINING).is_over


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_the_others_are_not(status: str) -> None:
    """Stopping is not stopped."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run(status))
    assert executions.describe(fake.aws, TRAINING).ended is None


def test_values_are_those_given_over_the_defaults() -> None:
    """The service lists what was given; the definition of that run has the defaults."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run(values={"Commit": "abc"}))
    assert executions.parameters(fake.aws, TRAINING) == {"EpochCount": "8", "Commit": "abc"}


def test_starting_sends_texts_and_a_token() -> None:
    """Every value is a text, and a repeated request cannot start twice."""
    fake = FakeAws()
    arn = executions.start(fake.aws, "local-facts-training", {"EpochCount": "3"}, description="d" * 4000)
    request = fake.sagemaker.calls[0][1]
    assert request["PipelineParameters"] == [{"Name": "EpochCount", "Value": "3"}]
    assert len(request["ClientRequestToken"]) == 32
    assert len(request["PipelineExecutionDescription"]) == 3072
    assert arn == execution_arn("local-facts-training", "abcdefghijkl")


@pytest.mark.parametrize("name", [TRAINING, TRAINING_ID, "facts-training", "local-facts-training"])
def test_an_execution_goes_by_four_names(name: str) -> None:
    """ARN, id, the pipeline's name in its file, and SageMaker's name of it."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    assert reference.find(project(), fake.aws, name).arn == TRAINING


def test_a_pipelines_name_means_its_newest_execution() -> None:
    """Of two, the later one."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    newer = execution_arn("local-facts-training", "cccccccccccc")
    fake.sagemaker.add_run(FakeRun(newer, "Executing", [], {}, started=AT + timedelta(hours=1)))
    assert reference.find(project(), fake.aws, "facts-training").arn == newer


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("zzzzzzzzzzzz", 'environment "local" has no execution "zzzzzzzzzzzz"'),
        (
            TRAINING.replace("us-east-1", "eu-west-1"),
            'this execution is in region "eu-west-1", environment "local" is in region "us-east-1"',
        ),
        (
            TRAINING.replace("123456789012", "999999999999"),
            'this execution is in account "999999999999", environment "local" is in account "123456789012"',
        ),
        (
            "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x",
            '"arn:aws:sagemaker:us-east-1:123456789012:endpoint/x" is not the ARN of an execution',
        ),
    ],
)
def test_what_names_no_execution_is_said_so(name: str, fact: str) -> None:
    """One clear error each, with exit code 2."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    with pytest.raises(UnknownExecutionError, match=re.escape(fact)) as caught:
        reference.find(project(), fake.aws, name)
    assert (caught.value.fact, caught.value.exit_code) == (fact, 2)


def test_a_misspelt_pipeline_gets_the_known_ones() -> None:
    """Neither a pipeline nor an id: the forms that are understood, and a near name."""
    with pytest.raises(UnknownExecutionError, match='"facts-trainin" names no execution') as caught:
        reference.find(project(), FakeAws().aws, "facts-trainin")
    assert caught.value.hint == 'did you mean "facts-training"?'


def test_a_pipeline_that_is_not_deployed_names_upsert() -> None:
    """There is nothing to have executions."""
    with pytest.raises(UnknownExecutionError, match="is not deployed to environment") as caught:
        reference.find(project(), FakeAws().aws, "facts-training")
    assert caught.value.hint == "run_pipeline.py upsert facts-training"


def test_an_id_of_two_executions_asks_for_the_arn() -> None:
    """Ids are unique in practice, and nobody promises it: the wrong one must not be stopped."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    twin = execution_arn("local-facts-inference", TRAINING_ID)
    fake.sagemaker.add_run(FakeRun(twin, "Executing", [], {"Steps": []}))
    with pytest.raises(UnknownExecutionError, match=f'"{TRAINING_ID}" is an execution of ') as caught:
        reference.find(project(), fake.aws, TRAINING_ID)
    assert caught.value.hint == f"name it by its ARN: {twin}"
