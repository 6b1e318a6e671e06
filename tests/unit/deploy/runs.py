"""A training and an inference execution as SageMaker would tell of them, for tests that read executions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.deploy.fakes import ACCOUNT, AT, BUCKET, REGION, FakeAws, FakeRun, execution_arn, step

TRAINING_ID, INFERENCE_ID = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
TRAINING = execution_arn("local-facts-training", TRAINING_ID)
INFERENCE = execution_arn("local-facts-inference", INFERENCE_ID)
FOLDER = f"s3://{BUCKET}/local/executions/local-facts-training/{TRAINING_ID}"
METRICS_FOLDER = f"s3://{BUCKET}/local/executions/local-facts-inference/{INFERENCE_ID}/evaluate/metrics"
PACKAGE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/local-facts/3"
JOB = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/pipelines-{INFERENCE_ID}-evaluate-x"

TRAINING_DEFINITION: dict[str, Any] = {
    "Parameters": [{"Name": "EpochCount", "Type": "Integer", "DefaultValue": 8}],
    "Steps": [
        {"Name": "prepare", "Type": "Processing", "Arguments": {}},
        {"Name": "start-automl", "Type": "Lambda", "Arguments": {}},
        {
            "Name": "wait-automl",
            "Type": "Callback",
            "Arguments": {
                "waits_for": "automl",
                "name": {"Get": "Steps.start-automl.OutputParameters['job_name']"},
                "deadline_seconds": 60,
            },
        },
    ],
}
INFERENCE_DEFINITION: dict[str, Any] = {
    "Parameters": [{"Name": "MinimumF1", "Type": "Float", "DefaultValue": 0.5}],
    "Steps": [
        {
            "Name": "evaluate",
            "Type": "Processing",
            "Arguments": {},
            "PropertyFiles": [
                {
                    "PropertyFileName": "metrics",
                    "OutputName": "metrics",
                    "FilePath": "evaluation_metrics.json",
                }
            ],
        },
        {
            "Name": "gate",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [
                    {
                        "Type": "GreaterThanOrEqualTo",
                        "LeftValue": {
                            "Std:JsonGet": {
                                "PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.metrics"},
                                "Path": "metrics.f1.mean",
                            }
                        },
                        "RightValue": {"Get": "Parameters.MinimumF1"},
                    }
                ],
                "IfSteps": [{"Name": "register", "Type": "RegisterModel", "Arguments": {}}],
                "ElseSteps": [{"Name": "gate-missed", "Type": "Fail", "Arguments": {}}],
            },
        },
    ],
}


def training_run(status: str = "Succeeded", **more: Any) -> FakeRun:
    """A training execution, waiting unless it is over."""
    waiting = "Executing" if status == "Executing" else status
    callback = {
        "SqsQueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/local-wait",
        "CallbackToken": "t0ken00000",
    }
    function = {
        "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:local-start-automl:live",
        "OutputParameters": [{"Name": "job_name", "Value": f"{TRAINING_ID}-1"}],
    }
    steps = [
        step(
            "prepare",
            "Succeeded",
            {"ProcessingJob": {"Arn": "arn:aws:sagemaker:x:1:processing-job/prepare-1"}},
        ),
        step("start-automl", "Succeeded", {"Lambda": function}, StartTime=AT + timedelta(seconds=1)),
        step("wait-automl", waiting, {"Callback": callback}, StartTime=AT + timedelta(seconds=2)),
    ]
    return FakeRun(TRAINING, status, steps, TRAINING_DEFINITION, **more)


def inference_run(*, f1: float, minimum: float, fake: FakeAws, on_missed: str = "Failed") -> FakeRun:
    """An evaluated candidate with its metrics file, passed or missed as the figures say."""
    passed = f1 >= minimum
    outputs = {"Outputs": [{"OutputName": "metrics", "S3Output": {"S3Uri": METRICS_FOLDER}}]}
    fake.sagemaker.jobs[JOB.rpartition("/")[2]] = {"ProcessingOutputConfig": outputs}
    fake.s3.put_json(
        f"{METRICS_FOLDER}/evaluation_metrics.json",
        {"rows": 300, "failed": 0, "metrics": {"f1": {"mean": f1, "low": f1 - 0.05, "high": f1 + 0.05}}},
    )
    ending = step("register", "Succeeded", {"RegisterModel": {"Arn": PACKAGE}}) if passed else None
    if not passed and on_missed == "Failed":
        ending = step(
            "gate-missed", "Failed", {"Fail": {"ErrorMessage": "Gate missed"}}, FailureReason="Gate missed"
        )
    steps = [
        step("evaluate", "Succeeded", {"ProcessingJob": {"Arn": JOB}}),
        step("gate", "Succeeded", {"Condition": {"Outcome": str(passed)}}),
        *([ending] if ending else []),
    ]
    status = "Succeeded" if passed else on_missed
    values = {"MinimumF1": str(minimum), "EndpointName": "local-aaaaaaaaaaaa", "TrainingExecution": TRAINING}
    return FakeRun(INFERENCE, status, steps, INFERENCE_DEFINITION, values)


def candidate() -> dict[str, Any]:
    """candidate.json as publish_candidate writes it."""
    return {
        "version": 1,
        "pipeline_execution_arn": TRAINING,
        "pipeline_name": "local-facts-training",
        "automl_job_name": f"{TRAINING_ID}-1",
        "base_model": "Llama2-7B",
        "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:1",
        "model_data_url": f"{FOLDER}/automl/model.tar.gz",
        "endpoint_name": f"local-{TRAINING_ID}",
        "after_evaluation": "delete",
        "evaluation_data": f"{FOLDER}/prepare/evaluation",
        "training_data": f"{FOLDER}/prepare/training",
        "training_questions": f"{FOLDER}/prepare/report/training_questions.csv",
        "data_hash": "d4ta",
    }
