"""AutoML jobs from CreateAutoMLJobV2 to their end, with programs that do what a test says."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from local.api import ApiError
from local.automl import jobs as automl
from local.automl.describe import description
from local.automl.jobs import AutoMLJobs
from local.automl.run import Workshop
from tests.unit.local.engine.fakes import FakeDocuments
from tests.unit.local.models.fakes import (
    PLACE,
    ROLE,
    Clock,
    FakeLogs,
    FakeObjects,
    Processes,
    ScriptEnvironments,
    resources,
)

WELL = """
echo epoch 1 of 1
mkdir "$3/model" && echo weights > "$3/model/weights"
echo '{"metrics": {"TrainingLoss": 1.0, "ValidationLoss": 0.5, "Rouge1": 0.25}}' > "$3/result.json"
"""
REFUSED = """
echo '{"metrics": {}, "failure": "a.csv must have a header."}' > "$3/result.json"
exit 1
"""
DATA = "input,output\\nq,a\\n"


class Bench:
    """A machine with one training file and a program."""

    def __init__(self, folder: Path, script: str, *, concurrent: int = 2) -> None:
        self.folder, self.concurrent = folder, concurrent
        self.documents, self.logs, self.processes = FakeDocuments(), FakeLogs(), Processes()
        self.objects = FakeObjects(folder, **{"train/a.csv": DATA})
        self.environments = ScriptEnvironments(folder, script)
        self.jobs = self.restarted()

    def restarted(self) -> AutoMLJobs:
        workshop = Workshop(
            self.objects, self.logs, self.processes, self.environments, self.folder / "requirements.txt", {}
        )
        return AutoMLJobs(
            resources(automl.KIND, automl, self.documents, Clock()),
            workshop,
            folder=self.folder / "automl",
            concurrent=self.concurrent,
            check_role=lambda role: None,
        )

    def create(self, name: str = "Job-1", **changes: Any) -> str:
        criteria = changes.pop("criteria", {})
        request = {
            "AutoMLJobName": name,
            "AutoMLJobInputDataConfig": [
                {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train/"}}}
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
            "AutoMLProblemTypeConfig": {"TextGenerationJobConfig": {"CompletionCriteria": criteria}},
            "RoleArn": ROLE,
            **changes,
        }
        return self.jobs.create(request)

    def ended(self, name: str = "Job-1") -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = description(self.jobs.resources.get(name), PLACE)
            if found["AutoMLJobStatus"] not in automl.RUNNING:
                return found
            time.sleep(0.02)
        raise AssertionError("the job did not end")


def test_a_job_that_trains_ends_with_its_candidate(tmp_path: Path) -> None:
    """Metrics by their standard names, an archive where the container says, the log in CloudWatch."""
    bench = Bench(tmp_path, WELL)
    arn = bench.create()
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:automl-job/job-1"
    found = bench.ended()
    assert (found["AutoMLJobStatus"], found["AutoMLJobSecondaryStatus"]) == ("Completed", "Completed")
    best = found["BestCandidate"]
    assert best["InferenceContainers"][0]["ModelDataUrl"] in bench.objects.written
    metrics = {
        m["StandardMetricName"]: (m["Value"], m["Set"])
        for m in best["CandidateProperties"]["CandidateMetrics"]
    }
    assert metrics == {
        "TrainingLoss": (1.0, "Train"),
        "ValidationLoss": (0.5, "Validation"),
        "Rouge1": (0.25, "Validation"),
    }
    resolved = found["ResolvedAttributes"]["AutoMLProblemTypeResolvedAttributes"]
    assert resolved == {"TextGenerationResolvedAttributes": {"BaseModelName": "Falcon7BInstruct"}}
    assert ("/aws/sagemaker/TrainingJobs", "epoch 1 of 1") in bench.logs.lines
    assert not (tmp_path / "automl" / "job-1").exists()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (REFUSED, "ClientError: a.csv must have a header."),
        ("echo Killed; exit 3", "AlgorithmError: Killed, exit code: 3"),
        ("kill -9 $$", r"AlgorithmError: the program was ended by signal 9, SIGKILL .*, exit code: 137"),
    ],
)
def test_a_job_that_does_not_train_says_why_and_leaves_nothing(
    tmp_path: Path, script: str, reason: str
) -> None:
    """No candidate, no object, the reason in the description."""
    bench = Bench(tmp_path, script)
    bench.create()
    found = bench.ended()
    assert (found["AutoMLJobStatus"], "BestCandidate" in found) == ("Failed", False)
    with pytest.raises(ApiError, match=reason):
        raise ApiError("FailureReason", found["FailureReason"])
    assert bench.objects.written == {}


def test_data_that_are_not_there_fail_the_job(tmp_path: Path) -> None:
    """By the URI, before any program starts."""
    bench = Bench(tmp_path, WELL)
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/other/"}
    bench.create(AutoMLJobInputDataConfig=[{"DataSource": {"S3DataSource": source}}])
    assert 'No S3 objects found under S3 URL "s3://bucket/other/"' in bench.ended()["FailureReason"]
    assert not bench.processes.started.is_set()


def test_an_output_bucket_that_is_not_there_fails_the_job(tmp_path: Path) -> None:
    """After the training, as in the service, but with the reason."""
    bench = Bench(tmp_path, WELL)
    bench.create(OutputDataConfig={"S3OutputPath": "s3://nowhere/out"})
    assert "the model cannot be written to s3://nowhere/out" in bench.ended()["FailureReason"]


@pytest.mark.parametrize(
    ("limit", "secondary"),
    [
        ("MaxAutoMLJobRuntimeInSeconds", "MaxAutoMLJobRuntimeReached"),
        ("MaxRuntimePerTrainingJobInSeconds", "Failed"),
    ],
)
def test_both_time_limits_end_the_training(tmp_path: Path, limit: str, secondary: str) -> None:
    """No candidate comes out of a training that was cut off."""
    bench = Bench(tmp_path, "exec sleep 60")
    began = time.monotonic()
    bench.create(criteria={limit: 1})
    found = bench.ended()
    assert time.monotonic() - began < 10
    assert (found["AutoMLJobStatus"], found["AutoMLJobSecondaryStatus"]) == ("Failed", secondary)
    assert found["FailureReason"] == f"ClientError: no candidate was trained within {limit} of 1 seconds"


def test_a_stopped_job_ends_stopped(tmp_path: Path) -> None:
    """Its process is killed; stopping it again changes nothing."""
    bench = Bench(tmp_path, "exec sleep 60")
    bench.create()
    assert bench.processes.started.wait(10)
    assert (
        description(bench.jobs.resources.get("Job-1"), PLACE)["AutoMLJobSecondaryStatus"] == "TrainingModels"
    )
    bench.jobs.stop("JOB-1")
    found = bench.ended()
    assert (found["AutoMLJobStatus"], found["AutoMLJobSecondaryStatus"]) == ("Stopped", "Stopped")
    bench.jobs.stop("job-1")
    assert bench.ended() == found


def test_a_name_is_taken_whatever_its_case(tmp_path: Path) -> None:
    """ResourceInUse is what makes a redelivered start harmless."""
    bench = Bench(tmp_path, WELL)
    bench.create("Job-1")
    with pytest.raises(ApiError, match="ResourceInUse: The AutoML job name 'JOB-1' is already in use"):
        bench.create("JOB-1")


def test_more_jobs_at_once_than_the_region_has_are_refused(tmp_path: Path) -> None:
    """A name that is taken says so first: a redelivery must find its job."""
    bench = Bench(tmp_path, "exec sleep 60", concurrent=1)
    bench.create("one")
    with pytest.raises(
        ApiError, match=r"ResourceLimitExceeded: .* is 1 jobs, with current utilization of 1 jobs"
    ):
        bench.create("two")
    with pytest.raises(ApiError, match="ResourceInUse"):
        bench.create("one")
    bench.jobs.stop("one")
    bench.ended("one")
    bench.create("two")
    bench.jobs.stop("two")
    bench.ended("two")


def test_an_unknown_job_is_not_found(tmp_path: Path) -> None:
    """With the error that the API declares."""
    with pytest.raises(ApiError, match="ResourceNotFound: Could not find AutoML job 'none'"):
        Bench(tmp_path, WELL).jobs.stop("none")


def test_after_a_restart_what_was_training_trains_again(tmp_path: Path) -> None:
    """Under its own name; what was being stopped is Stopped; after four times it is given up."""
    bench = Bench(tmp_path, "exec sleep 60")
    for name in ("trains", "stops"):
        bench.create(name)
    bench.jobs.close()  # as in a kill: nothing is written from here on
    bench.processes.kill_all(2)
    for thread in threading.enumerate():  # a real kill leaves none, which would clear the jobs' folders
        if thread.name in {"AutoML job trains", "AutoML job stops"}:
            thread.join(20)
    bench.documents.update(automl.KIND, "stops", lambda found: {**(found or {}), "status": "Stopping"})
    bench.environments = ScriptEnvironments(tmp_path / "again", WELL)
    bench.jobs = bench.restarted()
    bench.jobs.resume()
    assert bench.ended("trains")["AutoMLJobStatus"] == "Completed"
    assert bench.ended("stops")["AutoMLJobStatus"] == "Stopped"
    lost = {"status": "InProgress", "reruns": automl.MAX_RERUNS, "metrics": None}
    bench.documents.update(automl.KIND, "trains", lambda found: {**(found or {}), **lost})
    bench.restarted().resume()
    assert "went down 4 times" in bench.ended("trains")["FailureReason"]
