"""candidate.json."""

from __future__ import annotations

import json
from typing import Any

import pytest
from publish_candidate.candidate import PublishError, publish
from waiting.inputs import Inputs

from tests.unit.lambdas.fakes import EXECUTION_ARN, EXECUTION_ID, Aws, denied

JOB = f"{EXECUTION_ID}-1"
ENDPOINT = f"test-{EXECUTION_ID}"
FOLDER = f"test-bucket/test/executions/test-facts-training/{EXECUTION_ID}"
EVENT = {
    "pipeline_execution_id": EXECUTION_ID,
    "pipeline_execution_arn": EXECUTION_ARN,
    "pipeline_name": "test-facts-training",
    "job_name": JOB,
    "endpoint_name": ENDPOINT,
    "model_data_url": "s3://bucket/model.tar.gz",
    "image": "image",
    "base_model": "Llama2-7B",
    "training_data": f"s3://{FOLDER}/prepare/training",
    "evaluation_data": f"s3://{FOLDER}/prepare/evaluation",
    "report_data": f"s3://{FOLDER}/prepare/report/",
    "after_evaluation": "delete",
    "output_uri": f"s3://{FOLDER}/candidate.json",
    "commit": "abc",
}


def metric(name: str, value: float, of: str = "Validation") -> dict[str, Any]:
    return {"StandardMetricName": name, "Value": value, "Set": of}


METRICS = [
    metric("Perplexity", 3.0, "Train"),
    metric("Perplexity", 2.5),
    metric("ValidationLoss", 0.9),
    metric("Rouge1", 0.5, "Test"),
    metric("RougeLSum", 0.4),
    {"MetricName": "Accuracy", "Value": 1.0, "Set": "Train"},
]


@pytest.fixture
def aws() -> Aws:
    made = Aws()
    best = {"CandidateProperties": {"CandidateMetrics": METRICS}}
    made.sagemaker.job(JOB, "Completed", BestCandidate=best)
    made.sagemaker.served(ENDPOINT)
    report = json.dumps({"data_hash": "sha256:1234", "rows": 10})
    made.s3.objects[f"{FOLDER}/prepare/report/data_report.json"] = report.encode()
    return made


def test_the_whole_file(aws: Aws) -> None:
    """Every member, from inputs, endpoint, job and data report."""
    assert publish(Inputs(EVENT), aws.tools) == {"candidate_uri": f"s3://{FOLDER}/candidate.json"}
    assert json.loads(aws.s3.objects[f"{FOLDER}/candidate.json"]) == {
        "version": 1,
        "pipeline_execution_arn": EXECUTION_ARN,
        "pipeline_name": "test-facts-training",
        "created_at": "2023-11-14T22:13:20+00:00",
        "automl_job_name": JOB,
        "base_model": "Llama2-7B",
        "image": "image",
        "model_data_url": "s3://bucket/model.tar.gz",
        "environment": {"A": "1"},
        "endpoint_name": ENDPOINT,
        "endpoint_instance_type": "ml.g5.12xlarge",
        "after_evaluation": "delete",
        "metrics": {"perplexity": 2.5, "validation_loss": 0.9, "rouge_l_sum": 0.4, "rouge1": 0.5},
        "training_data": f"s3://{FOLDER}/prepare/training",
        "training_questions": f"s3://{FOLDER}/prepare/report/training_questions.csv",
        "evaluation_data": f"s3://{FOLDER}/prepare/evaluation",
        "data_report": f"s3://{FOLDER}/prepare/report/data_report.json",
        "data_hash": "sha256:1234",
        "sample_rows": 0,
        "commit": "abc",
    }


def test_a_job_without_figures_has_none(aws: Aws) -> None:
    """The candidate can be evaluated all the same."""
    del aws.sagemaker.jobs[JOB]["BestCandidate"]
    publish(Inputs(EVENT), aws.tools)
    assert json.loads(aws.s3.objects[f"{FOLDER}/candidate.json"])["metrics"] == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"model_data_url": "s3://bucket/other"},
            "serves 's3://bucket/model.tar.gz', not 's3://bucket/other'",
        ),
        ({"endpoint_name": "test-gone"}, "endpoint 'test-gone' is gone: an execution that fails loses"),
        ({"job_name": "gone-1"}, "AutoML job 'gone-1' does not exist"),
        ({"report_data": f"s3://{FOLDER}/x"}, "x/data_report.json' does not exist"),
        ({"report_data": "x"}, "'x/data_report.json' is not the S3 URI of an object"),
    ],
)
def test_what_is_not_there_is_told(aws: Aws, changes: dict[str, str], reason: str) -> None:
    """And no candidate is written."""
    with pytest.raises(PublishError, match=reason):
        publish(Inputs({**EVENT, **changes}), aws.tools)
    assert f"{FOLDER}/candidate.json" not in aws.s3.objects


def test_a_report_without_hash_is_told(aws: Aws) -> None:
    """A candidate without the hash of its data could not be traced."""
    aws.s3.objects[f"{FOLDER}/prepare/report/data_report.json"] = b"{}"
    with pytest.raises(PublishError, match="has no `data_hash`"):
        publish(Inputs(EVENT), aws.tools)


def test_a_forbidden_report_is_not_taken_for_missing(aws: Aws) -> None:
    """The service's own words."""
    aws.s3.fail("GetObject", denied("GetObject"))
    with pytest.raises(Exception, match="not authorized to perform GetObject"):
        publish(Inputs(EVENT), aws.tools)
