"""Starting the AutoML job: the request, and that it is made once."""

from __future__ import annotations

from typing import Any

import pytest
from start_automl.request import request, start
from waiting.inputs import InputError, Inputs

from tests.unit.lambdas.fakes import ACCOUNT, EXECUTION_ARN, EXECUTION_ID, Aws, denied, error

EVENT: dict[str, Any] = {
    "pipeline_execution_id": EXECUTION_ID,
    "pipeline_execution_arn": EXECUTION_ARN,
    "training_data": "s3://bucket/training",
    "validation_data": "s3://bucket/validation",
    "validation_fraction": "",
    "content_type": "text/csv;header=present",
    "output_path": "s3://bucket/out",
    "base_model": "Llama2-7B",
    "accept_eula": True,
    "epoch_count": 3,
    "learning_rate": 0.00001,
    "batch_size": "1",
    "learning_rate_warmup_steps": 1.0,
    "max_runtime_seconds": 259_200,
    "max_training_job_seconds": "259200",
    "role_arn": "arn:aws:iam::123456789012:role/test-automl",
    "kms_key": "",
    "subnets": "",
    "security_groups": "",
    "tags": '{"team": "nlp"}',
}


def begin(aws: Aws, **changes: Any) -> dict[str, Any]:
    return start(Inputs({**EVENT, **changes}), aws.tools)


def test_the_whole_request() -> None:
    """What CreateAutoMLJobV2 gets from the shipped case, number by number."""
    assert request(Inputs(EVENT), f"{EXECUTION_ID}-1", "test") == {
        "AutoMLJobName": f"{EXECUTION_ID}-1",
        "AutoMLJobInputDataConfig": [
            {
                "ChannelType": channel,
                "ContentType": "text/csv;header=present",
                "CompressionType": "None",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://bucket/{channel}"}},
            }
            for channel in ("training", "validation")
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "AutoMLProblemTypeConfig": {
            "TextGenerationJobConfig": {
                "CompletionCriteria": {
                    "MaxCandidates": 1,
                    "MaxRuntimePerTrainingJobInSeconds": 259_200,
                    "MaxAutoMLJobRuntimeInSeconds": 259_200,
                },
                "BaseModelName": "Llama2-7B",
                "TextGenerationHyperParameters": {
                    "epochCount": "3",
                    "batchSize": "1",
                    "learningRate": "1e-05",
                    "learningRateWarmupSteps": "1",
                },
                "ModelAccessConfig": {"AcceptEula": True},
            }
        },
        "RoleArn": "arn:aws:iam::123456789012:role/test-automl",
        "Tags": [
            {"Key": "team", "Value": "nlp"},
            {"Key": "pipelines:execution", "Value": EXECUTION_ARN},
            {"Key": "pipelines:prefix", "Value": "test"},
        ],
    }


def test_the_job_is_named_after_execution_and_attempt() -> None:
    """At most 32 characters; the outputs tell name, ARN and attempt."""
    aws = Aws()
    name = f"{EXECUTION_ID}-1"
    assert begin(aws) == {"job_name": name, "job_arn": f"{ACCOUNT}:automl-job/{name}", "attempt": 1}


@pytest.mark.parametrize("status", ["InProgress", "Completed"])
def test_a_redelivery_finds_the_job(status: str) -> None:
    """One GPU job, however often the step's function is called."""
    aws = Aws()
    aws.sagemaker.job(f"{EXECUTION_ID}-1", "Failed")
    aws.sagemaker.job(f"{EXECUTION_ID}-2", status)
    assert begin(aws)["attempt"] == 2
    assert "CreateAutoMLJobV2" not in aws.sagemaker.calls


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Stopping"])
def test_a_job_that_ended_badly_is_followed_by_the_next_attempt(status: str) -> None:
    """Its name is taken for good; nothing more comes of it."""
    aws = Aws()
    aws.sagemaker.job(f"{EXECUTION_ID}-1", status)
    assert begin(aws)["job_name"] == f"{EXECUTION_ID}-2"


def test_two_at_once_share_one_job() -> None:
    """The second one's creation is refused, and finds the first one's job."""
    aws = Aws()

    def other_first(operation: str, _parameters: dict[str, Any]) -> None:
        if operation == "CreateAutoMLJobV2":
            aws.sagemaker.job(f"{EXECUTION_ID}-1")

    aws.sagemaker.before = other_first
    assert begin(aws)["attempt"] == 1


def test_a_refused_job_fails_the_step() -> None:
    """With the service's words."""
    aws = Aws()
    aws.sagemaker.fail_always(
        "CreateAutoMLJobV2", error("CreateAutoMLJobV2", "ResourceLimitExceeded", "4 jobs at once")
    )
    with pytest.raises(Exception, match="4 jobs at once"):
        begin(aws)


def test_what_may_not_be_described_is_not_started() -> None:
    """A missing permission is not a missing job."""
    aws = Aws()
    aws.sagemaker.fail_always("DescribeAutoMLJobV2", denied("DescribeAutoMLJobV2"))
    with pytest.raises(Exception, match="not authorized"):
        begin(aws)


def test_a_fraction_instead_of_a_channel() -> None:
    """The service then splits by itself."""
    made = request(
        Inputs({**EVENT, "validation_data": "", "validation_fraction": "0.1"}), f"{EXECUTION_ID}-1", "test"
    )
    assert made["DataSplitConfig"] == {"ValidationFraction": 0.1}
    assert [channel["ChannelType"] for channel in made["AutoMLJobInputDataConfig"]] == ["training"]


def test_key_and_network() -> None:
    """Output, volume and network interfaces, as the environment says."""
    aws = Aws()
    begin(aws, kms_key="key-1", subnets="subnet-1, subnet-2", security_groups="sg-1")
    made = aws.sagemaker.jobs[f"{EXECUTION_ID}-1"]
    assert made["OutputDataConfig"] == {"S3OutputPath": "s3://bucket/out", "KmsKeyId": "key-1"}
    network = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert made["SecurityConfig"] == {"VolumeKmsKeyId": "key-1", "VpcConfig": network}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"training_data": ""}, "input `training_data` is missing"),
        ({"validation_fraction": 0.1}, "exclude each other"),
        ({"validation_data": "", "validation_fraction": "ten"}, "should be a number, but is 'ten'"),
        ({"epoch_count": "many"}, "input `epoch_count` should be a whole number, but is 'many'"),
        ({"learning_rate": "1e+5"}, r"input `learning_rate` is '1e\+5', but the service takes only"),
        ({"learning_rate": "0.00000000000000001"}, "but the service takes only"),
        ({"accept_eula": "yes"}, "input `accept_eula` should be true or false, but is 'yes'"),
        ({"tags": "[]"}, "input `tags` should be a JSON object, but is a list"),
        ({"tags": "{"}, "input `tags` should be a JSON object: "),
    ],
)
def test_wrong_inputs_are_told_by_name(changes: dict[str, Any], reason: str) -> None:
    """Before anything is started."""
    aws = Aws()
    with pytest.raises(InputError, match=reason):
        begin(aws, **changes)
    assert aws.sagemaker.jobs == {}
