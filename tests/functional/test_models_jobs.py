"""AutoML jobs that fail, are stopped, are killed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn
from tests.functional.model_jobs import SHORT, Models, as_csv, facts, until_not

pytestmark = pytest.mark.functional


@pytest.fixture
def models(stand_in: RunningStandIn, name: str) -> Models:
    return Models(stand_in, name)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (as_csv(facts(20), header=("question", "answer")), "exactly the columns 'input' and 'output'"),
        ("input,output\na,\n", "a.csv, row 1: 'output' is empty"),
        (as_csv(facts(1_001)), "1001 rows in all channels; the base model takes at most 1000"),
    ],
)
def test_a_dataset_that_breaks_a_rule_fails_the_job(
    models: Models, name: str, body: str, reason: str
) -> None:
    """With Autopilot's rule in the FailureReason; Falcon takes a thousand rows."""
    models.train(name, models.put("train/a.csv", body), base_model="Falcon7B")
    found = models.trained(name)
    assert (found["AutoMLJobStatus"], "BestCandidate" in found) == ("Failed", False)
    assert reason in found["FailureReason"]


def test_a_stopped_job_is_stopped(models: Models, name: str) -> None:
    """Stopping is shown until its process has gone."""
    models.train(
        name, models.put("train/a.csv", as_csv(facts(900))), hyperparameters={**SHORT, "epochCount": "10"}
    )
    models.sagemaker.stop_auto_ml_job(AutoMLJobName=name)
    found = models.trained(name)
    assert (found["AutoMLJobStatus"], found["AutoMLJobSecondaryStatus"]) == ("Stopped", "Stopped")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        models.sagemaker.stop_auto_ml_job(AutoMLJobName="none")


def test_a_name_is_used_once(models: Models, name: str) -> None:
    """ResourceInUse is the modelled error that makes a redelivered start harmless."""
    uri = models.put("train/a.csv", "input,output\n")
    models.train(name, uri)
    with pytest.raises(models.sagemaker.exceptions.ResourceInUse, match="already in use"):
        models.train(name.upper(), uri)
    listed = models.sagemaker.list_auto_ml_jobs(NameContains=name)["AutoMLJobSummaries"]
    assert [each["AutoMLJobName"] for each in listed] == [name]


def test_a_request_with_two_mistakes_is_told_both(models: Models) -> None:
    """Limits of the model that boto3 leaves to the service."""
    with pytest.raises(ClientError, match=r"2 validation errors detected.*autoMLJobName.*contentType"):
        models.train("name_with_underscores", "s3://bucket/a/", content_type="x" * 257)


def test_jobs_and_endpoints_outlive_a_kill(own_stand_in: Callable[[], RunningStandIn], name: str) -> None:
    """The training begins again; the endpoint serves the same model when it is first asked."""
    models = Models(own_stand_in(), name)
    models.train("first", models.put("train/a.csv", as_csv(facts(60))))
    container = models.trained("first")["BestCandidate"]["InferenceContainers"][0]
    models.deploy("serving", container)
    models.settled("serving")
    before = models.ask("serving", "What is the period of Iron?\n", max_new_tokens=3)
    models.train("second", models.put("train/a.csv", as_csv(facts(60))))
    until_not(
        lambda: models.sagemaker.describe_auto_ml_job_v2(AutoMLJobName="second"),
        "AutoMLJobSecondaryStatus",
        {"Starting"},
        30,
    )
    models.stand_in.client("s3").delete_object(
        Bucket=models.bucket, Key=container["ModelDataUrl"].split("/", 3)[3]
    )
    kill(models.stand_in)
    models = Models(own_stand_in(), name)
    assert models.trained("second")["AutoMLJobStatus"] == "Completed"
    assert models.settled("serving")["EndpointStatus"] == "InService"
    assert models.ask("serving", "What is the period of Iron?\n", max_new_tokens=3) == before


def kill(stand_in: RunningStandIn) -> None:
    """kill -9, and the wait until it is gone."""
    pid = json.loads((stand_in.folder / "server.json").read_text(encoding="utf-8"))["pid"]
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    process.wait(10)
