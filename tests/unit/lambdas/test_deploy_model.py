"""Model, configuration and endpoint of the best candidate: right, and made once."""

from __future__ import annotations

from typing import Any

import pytest
from deploy_model.deployment import DeployError, deploy, fit
from waiting.inputs import InputError, Inputs

from tests.unit.lambdas.fakes import ACCOUNT, EXECUTION_ARN, EXECUTION_ID, Aws, denied

NAME = f"test-{EXECUTION_ID}"
JOB = f"{EXECUTION_ID}-1"
CONTAINER = {
    "Image": "image:1",
    "ModelDataUrl": "s3://bucket/model.tar.gz",
    "Environment": {"A": "1", "B": "1"},
}
EVENT: dict[str, Any] = {
    "pipeline_execution_id": EXECUTION_ID,
    "pipeline_execution_arn": EXECUTION_ARN,
    "job_name": JOB,
    "name": NAME,
    "instance_type": "ml.g5.12xlarge",
    "instance_count": 1,
    "model_data_download_timeout_seconds": 3600,
    "startup_health_check_timeout_seconds": 3600,
    "environment": '{"B": "2", "HF_MODEL_ID": "/opt/ml/model"}',
    "role_arn": "arn:aws:iam::123456789012:role/test-endpoint",
    "after_evaluation": "delete",
    "kms_key": "",
    "subnets": "",
    "security_groups": "",
    "tags": '{"team": "nlp"}',
}
TAGS = [
    {"Key": "team", "Value": "nlp"},
    {"Key": "pipelines:execution", "Value": EXECUTION_ARN},
    {"Key": "pipelines:prefix", "Value": "test"},
    {"Key": "pipelines:after-evaluation", "Value": "delete"},
]


@pytest.fixture
def aws() -> Aws:
    made = Aws()
    made.sagemaker.job(JOB, "Completed", BestCandidate={"InferenceContainers": [CONTAINER]})
    return made


def run(aws: Aws, **changes: Any) -> dict[str, str]:
    return deploy(Inputs({**EVENT, **changes}), aws.tools)


def created(aws: Aws) -> list[str]:
    return [call for call in aws.sagemaker.calls if not call.startswith("Describe")]


def test_what_is_made_and_put_out(aws: Aws) -> None:
    """The candidate's container with the YAML's environment over its own; both long timeouts; our tags."""
    assert run(aws) == {
        "endpoint_name": NAME,
        "model_name": NAME,
        "model_data_url": "s3://bucket/model.tar.gz",
        "image": "image:1",
    }
    model = aws.sagemaker.models[NAME]
    environment = {"A": "1", "B": "2", "HF_MODEL_ID": "/opt/ml/model"}
    assert model["PrimaryContainer"] == {**CONTAINER, "Environment": environment}
    assert model["Tags"] == TAGS
    [configuration] = aws.sagemaker.configurations.values()
    assert configuration["ProductionVariants"] == [
        {
            "VariantName": "AllTraffic",
            "ModelName": NAME,
            "InstanceType": "ml.g5.12xlarge",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
            "ModelDataDownloadTimeoutInSeconds": 3600,
            "ContainerStartupHealthCheckTimeoutInSeconds": 3600,
        }
    ]
    assert aws.sagemaker.tags[configuration["EndpointConfigArn"]] == TAGS
    assert aws.sagemaker.endpoints[NAME]["EndpointConfigName"] == configuration["EndpointConfigName"]
    assert aws.sagemaker.tags[f"{ACCOUNT}:endpoint/{NAME}"] == TAGS


def test_a_second_call_makes_nothing(aws: Aws) -> None:
    """Found by name and content."""
    first = run(aws)
    aws.sagemaker.calls.clear()
    assert run(aws) == first
    assert created(aws) == []


@pytest.mark.parametrize("operation", ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"])
def test_a_call_that_died_halfway_is_taken_up(aws: Aws, operation: str) -> None:
    """Whatever was made before is kept."""
    aws.sagemaker.fail(operation, denied(operation))
    with pytest.raises(Exception, match="not authorized"):
        run(aws)
    run(aws)
    assert [len(aws.sagemaker.models), len(aws.sagemaker.configurations), len(aws.sagemaker.endpoints)] == [
        1,
        1,
        1,
    ]


def container(image: str) -> list[dict[str, Any]]:
    return [{**CONTAINER, "Image": image}]


@pytest.mark.parametrize(
    ("containers", "definitions", "image"),
    [
        (container("a"), {}, "a"),
        (container("a"), {"GPU": container("b")}, "a"),
        ([], {"GPU": container("b")}, "b"),
        ([], {"CPU": container("c"), "GPU": container("b")}, "b"),
        ([], {"CPU": container("c")}, "c"),
        ([], {"CPU": container("c"), "GPU": []}, "c"),
    ],
)
def test_both_container_members_are_read(containers: Any, definitions: Any, image: str) -> None:
    """InferenceContainers first, then the definitions for GPU, then for CPU."""
    aws = Aws()
    candidate = {"InferenceContainers": containers, "InferenceContainerDefinitions": definitions}
    aws.sagemaker.job(JOB, "Completed", BestCandidate=candidate)
    assert run(aws)["image"] == image


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"BestCandidate": {"InferenceContainers": []}}, r"\(Completed\) has no container to deploy"),
        ({"BestCandidate": {"InferenceContainerDefinitions": {"GPU": []}}}, "has no container to deploy"),
        ({}, "has no container to deploy"),
        ({"BestCandidate": {"InferenceContainers": [CONTAINER, CONTAINER]}}, "has 2 containers"),
    ],
)
def test_a_candidate_that_cannot_be_served_is_told(more: dict[str, Any], reason: str) -> None:
    """And nothing is made."""
    aws = Aws()
    aws.sagemaker.job(JOB, "Completed", **more)
    with pytest.raises(DeployError, match=reason):
        run(aws)
    assert created(aws) == []


def test_a_job_that_is_gone_is_told() -> None:
    """By name."""
    with pytest.raises(DeployError, match=f"AutoML job '{JOB}' does not exist"):
        run(Aws())


def test_another_model_of_the_name_makes_way(aws: Aws) -> None:
    """A model can not be changed; the endpoint is updated to a configuration of the new one."""
    run(aws)
    aws.sagemaker.endpoints[NAME]["EndpointStatus"] = "InService"
    other = {**CONTAINER, "ModelDataUrl": "s3://bucket/other.tar.gz"}
    aws.sagemaker.jobs[JOB]["BestCandidate"] = {"InferenceContainers": [other]}
    assert run(aws)["model_data_url"] == "s3://bucket/other.tar.gz"
    assert aws.sagemaker.models[NAME]["PrimaryContainer"]["ModelDataUrl"] == "s3://bucket/other.tar.gz"
    assert aws.sagemaker.endpoints[NAME]["EndpointStatus"] == "Updating"
    assert len(aws.sagemaker.configurations) == 2


def test_an_endpoint_that_changes_to_something_else_is_told(aws: Aws) -> None:
    """The service takes no second update meanwhile."""
    run(aws)
    with pytest.raises(DeployError, match=f"endpoint '{NAME}' is Creating to another configuration"):
        run(aws, instance_type="ml.g5.24xlarge")


@pytest.mark.parametrize("status", ["Failed", "OutOfService"])
def test_a_failed_endpoint_is_deleted_and_made_again(aws: Aws, status: str) -> None:
    """An endpoint that failed can only be deleted."""
    run(aws)
    aws.sagemaker.endpoints[NAME]["EndpointStatus"] = status
    run(aws)
    assert aws.sagemaker.endpoints[NAME]["EndpointStatus"] == "Creating"
    assert "DeleteEndpoint" in aws.sagemaker.calls


def test_an_endpoint_that_does_not_go_is_told(aws: Aws) -> None:
    """After a minute; the function does not wait longer."""
    run(aws)
    aws.sagemaker.endpoints[NAME]["EndpointStatus"] = "Failed"
    still_there = aws.sagemaker.endpoints[NAME]
    aws.sagemaker.after = lambda operation, parameters: aws.sagemaker.endpoints.update({NAME: still_there})
    began = aws.clock.time
    with pytest.raises(DeployError, match="is still being deleted; retry when it is gone"):
        run(aws)
    assert aws.clock.time - began == 60


def test_a_key_is_left_out_where_disks_are_local(aws: Aws) -> None:
    """The service refuses it for instances whose disks the hardware encrypts."""
    run(aws, kms_key="key-1")
    [local] = aws.sagemaker.configurations.values()
    assert "KmsKeyId" not in local
    aws.sagemaker.endpoints.clear()
    run(aws, kms_key="key-1", instance_type="ml.m5.xlarge")
    [_, volume] = aws.sagemaker.configurations.values()
    assert volume["KmsKeyId"] == "key-1"


def test_the_network_is_the_models(aws: Aws) -> None:
    """Endpoints attach where their model says."""
    run(aws, subnets="subnet-1,subnet-2", security_groups="sg-1")
    network = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert aws.sagemaker.models[NAME]["VpcConfig"] == network


def test_long_names_fit_and_stay_apart() -> None:
    """63 characters; names that differ only in their ends stay different."""
    one, other = fit("x" * 70 + "a"), fit("x" * 70 + "b")
    assert (len(one), one == other) == (63, False)
    assert fit("x" * 63) == "x" * 63


def test_the_environment_is_not_logged(aws: Aws) -> None:
    """It may hold secrets."""
    for _ in range(2):
        run(aws, environment='{"HF_TOKEN": "hf_secret"}')
    with pytest.raises(InputError, match="input `environment` should be a JSON object") as raised:
        run(aws, environment='{"HF_TOKEN": "hf_secret"')
    assert "hf_secret" not in f"{aws.log.lines} {raised.value}"
