"""Costs: what steps used and what a start may use, from jobs, earlier executions and the table of prices."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from config.models import Project
from config.models.prices import Prices
from deploy import executions
from deploy.executions import Execution
from deploy.launching.again import Again
from deploy.launching.estimate import estimate
from deploy.launching.history import History, history, known_history
from deploy.launching.launch import Ready
from deploy.launching.selection import Selection
from deploy.observing.costs import Usage, total, usages
from tests.unit.deploy.fakes import AT, FakeAws, FakeRun, execution_arn, project, refusal, step
from tests.unit.deploy.runs import TRAINING, TRAINING_DEFINITION, TRAINING_ID, training_run

NOW = AT + timedelta(hours=2)
PIPELINE = "local-facts-training"


def priced(**usd: float | None) -> Project:
    """The project with a table of prices; `ml_m5_xlarge=0.23`."""
    table = {name.replace("_", "."): price for name, price in usd.items()}
    environment = project().environment.model_copy(update={"prices": Prices(usd_per_hour=table)})
    return dataclasses.replace(project(), environment=environment)


def prepared(fake: FakeAws, **more: Any) -> None:
    """The processing job of the training run: half an hour on two instances."""
    cluster = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}
    fake.sagemaker.jobs["prepare-1"] = {
        "ProcessingResources": {"ClusterConfig": cluster},
        "ProcessingStartTime": AT,
        "ProcessingEndTime": AT + timedelta(minutes=30),
        **more,
    }


def used(found: Project, fake: FakeAws) -> dict[str, Usage]:
    """By step."""
    seen = executions.look(fake.aws, TRAINING)
    return {usage.step: usage for usage in usages(found, fake.aws, seen, now=NOW)}


def test_a_job_costs_its_instances_for_its_time() -> None:
    """Price times instances times hours; what has no price is not known, never guessed."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    prepared(fake)
    found = used(priced(ml_m5_xlarge=0.2), fake)
    assert found["prepare"] == Usage("prepare", "job", "ml.m5.xlarge", 2, 1800, 0.2)
    assert used(priced(ml_m5_xlarge=None), fake)["prepare"].usd is None
    assert total(tuple(found.values())) == 0.2
    assert total(tuple(used(priced(), fake).values())) is None


def test_what_autopilot_ran_on_is_asked_for_job_by_job() -> None:
    """Where the service names the training jobs; else it stays unknown."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    assert used(priced(), fake)["wait-automl"].instance_type == ""
    training = {"CandidateStepType": "AWS::SageMaker::TrainingJob", "CandidateStepArn": "arn:x/tuned"}
    fake.sagemaker.jobs[f"{TRAINING_ID}-1"] = {"BestCandidate": {"CandidateSteps": [training]}}
    resources = {"InstanceType": "ml.g5.12xlarge", "InstanceCount": 1}
    fake.sagemaker.jobs["tuned"] = {"ResourceConfig": resources, "BillableTimeInSeconds": 7200}
    assert used(priced(ml_g5_12xlarge=7.0), fake)["wait-automl"] == Usage(
        "wait-automl", "job", "ml.g5.12xlarge", 1, 7200, 14.0
    )


def test_results_from_elsewhere_cost_nothing() -> None:
    """Neither a cache hit nor a step of another execution."""
    fake = FakeAws()
    run = training_run()
    run.steps[0]["CacheHitResult"] = {"SourcePipelineExecutionArn": TRAINING}
    fake.sagemaker.add_run(run)
    prepared(fake)
    assert "prepare" not in used(priced(ml_m5_xlarge=0.2), fake)


def past(fake: FakeAws, number: int, status: str = "Succeeded", rows: str = "0", seconds: int = 10) -> None:
    """An earlier execution whose first step took so long."""
    arn = execution_arn(PIPELINE, f"{number:012d}")
    begun = AT + timedelta(hours=number)
    metadata = {"ProcessingJob": {"Arn": "x"}}
    ended = begun + timedelta(seconds=seconds)
    steps = [step("prepare", "Succeeded", metadata, StartTime=begun, EndTime=ended)]
    values = {"SampleRows": rows}
    fake.sagemaker.add_run(FakeRun(arn, status, steps, TRAINING_DEFINITION, values, started=begun))


def test_times_are_medians_over_what_succeeded_on_as_many_rows() -> None:
    """Failed ones do not count, samples count for samples alone."""
    fake = FakeAws()
    for number, seconds in enumerate((10, 20, 90)):
        past(fake, number, seconds=seconds)
    past(fake, 3, status="Failed", seconds=1000)
    past(fake, 4, rows="30", seconds=2)
    found = history(fake.aws, PIPELINE, sample_rows="0")
    assert (found.seconds, found.runs, found.alike) == ({"prepare": 20.0}, 3, True)
    assert history(fake.aws, PIPELINE, sample_rows="30").seconds == {"prepare": 2.0}
    other = history(fake.aws, PIPELINE, sample_rows="99")
    assert (other.runs, other.alike) == (4, False)


def test_without_a_past_nothing_is_known() -> None:
    """A pipeline that was never deployed, and an AWS that does not answer."""
    assert history(FakeAws().aws, PIPELINE, sample_rows="0") == History()
    fake = FakeAws()

    def throttled(**_: Any) -> dict[str, Any]:
        raise refusal("List", "ThrottlingException", "Rate exceeded")

    fake.sagemaker.list_pipeline_executions = throttled  # type: ignore[method-assign]
    assert known_history(fake.aws, PIPELINE, sample_rows="0") == History()


DEFINITION: dict[str, Any] = {
    "Steps": [
        {
            "Name": "prepare",
            "Type": "Processing",
            "Arguments": {
                "ProcessingResources": {
                    "ClusterConfig": {"InstanceType": {"Get": "Parameters.Kind"}, "InstanceCount": 2}
                }
            },
        },
        {"Name": "wait-automl", "Type": "Callback", "Arguments": {"waits_for": "automl"}},
        {"Name": "gate", "Type": "Condition", "Arguments": {}},
    ]
}


def ready(selection: Selection | None = None) -> Ready:
    """A start that would do."""
    return Ready("facts-training", {"Kind": "ml.m5.xlarge"}, {}, DEFINITION, selection, "")


def test_an_estimate_is_price_times_usual_time() -> None:
    """What a parameter chose is resolved; what Autopilot chooses is named as unknown."""
    fake = FakeAws()
    past(fake, 1, seconds=1800)
    found = estimate(priced(ml_m5_xlarge=0.2), fake.aws, ready())
    assert [(each.step, each.seconds, each.usd) for each in found.steps] == [
        ("prepare", 1800.0, 0.2),
        ("wait-automl", None, None),
    ]
    assert (found.usd, found.unknown, found.past.runs) == (0.2, ("wait-automl",), 1)
    assert fake.sagemaker.calls == []


def test_an_estimate_of_chosen_steps_is_of_them_alone() -> None:
    """What is taken from elsewhere costs nothing again."""
    fake = FakeAws()
    past(fake, 1, seconds=1800)
    source = Execution(TRAINING, PIPELINE, "Succeeded", AT, AT)
    chosen = Selection(("gate",), ("prepare", "wait-automl"), source)
    found = estimate(priced(ml_m5_xlarge=0.2), fake.aws, ready(chosen))
    assert (found.steps, found.usd, found.seconds) == ((), None, None)
    assert Again(source, {}, {}).source == f"execution {TRAINING_ID}"
