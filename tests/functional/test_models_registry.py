"""The Model Registry with plain boto3: approval keeps what it does not name, and reaches rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn

pytestmark = pytest.mark.functional

SPECIFICATION = {
    "Containers": [
        {
            "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:1",
            "ModelDataUrl": "s3://b/m.tar.gz",
        }
    ],
    "SupportedContentTypes": ["application/json"],
    "SupportedResponseMIMETypes": ["application/json"],
    "SupportedRealtimeInferenceInstanceTypes": ["ml.g5.12xlarge"],
}


@pytest.fixture
def sagemaker(stand_in: RunningStandIn, name: str) -> Any:
    client = stand_in.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName=name)
    return client


def test_an_approval_reaches_a_rule_with_the_field_that_changed(
    stand_in: RunningStandIn, sagemaker: Any, name: str
) -> None:
    """A rule on UpdatedModelPackageFields sees approvals, and no other edit of an approved package."""
    events, sqs = stand_in.client("events"), stand_in.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": [name],
            "ModelApprovalStatus": ["Approved"],
            "UpdatedModelPackageFields": ["ModelApprovalStatus"],
        },
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    package = sagemaker.create_model_package(
        ModelPackageGroupName=name, InferenceSpecification=SPECIFICATION
    )["ModelPackageArn"]
    for change in (
        {"ModelApprovalStatus": "Approved", "ApprovalDescription": "looked at the report"},
        {"CustomerMetadataProperties": {"note": "still good"}},
    ):
        sagemaker.update_model_package(ModelPackageArn=package, **change)
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=2)["Messages"]
    assert len(messages) == 1
    event = json.loads(messages[0]["Body"])
    assert event["resources"] == [package]
    assert event["detail"]["UpdatedModelPackageFields"] == ["ModelApprovalStatus", "ApprovalDescription"]
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


def test_an_update_keeps_what_it_does_not_name(sagemaker: Any, name: str) -> None:
    """Moto writes null over everything else."""
    card = {"ModelCardContent": "{}", "ModelCardStatus": "Draft"}
    package = sagemaker.create_model_package(
        ModelPackageGroupName=name,
        InferenceSpecification=SPECIFICATION,
        CustomerMetadataProperties={"data_hash": "abc"},
        ModelCard=card,
        MetadataProperties={"CommitId": "1234"},
    )["ModelPackageArn"]
    assert package.endswith(f":model-package/{name}/1")
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Rejected")
    found = sagemaker.describe_model_package(ModelPackageName=package)
    assert found["ModelApprovalStatus"] == "Rejected"
    assert found["CustomerMetadataProperties"] == {"data_hash": "abc"}
    assert (found["ModelCard"], found["MetadataProperties"]) == (card, {"CommitId": "1234"})
    assert found["InferenceSpecification"] == SPECIFICATION


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"CustomerMetadataProperties": {"a": "x" * 257}}, "length less than or equal to 256"),
        (
            {"CustomerMetadataProperties": {f"k{n}": "v" for n in range(51)}},
            "length less than or equal to 50",
        ),
        ({"ModelPackageDescription": "x" * 1_025}, "length less than or equal to 1024"),
        ({"ModelApprovalStatus": "Maybe"}, "enum value set"),
        (
            {"ModelCard": {"ModelCardContent": "x" * 100_001, "ModelCardStatus": "Draft"}},
            "length less than or equal to 100000",
        ),
        ({"ModelCard": {"ModelCardContent": "{", "ModelCardStatus": "Draft"}}, "it is no JSON"),
        (
            {
                "ModelCard": {
                    "ModelCardContent": '{"model_package_details": {}, "model_overview": {"model_id": ""}}',
                    "ModelCardStatus": "Draft",
                }
            },
            "a package's card has not: model_package_details, model_id",
        ),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "Tags are not allowed with ModelPackageGroupName"),
    ],
)
def test_the_registrys_limits_hold(sagemaker: Any, name: str, members: dict[str, Any], reason: str) -> None:
    """What boto3 lets pass and the service would refuse."""
    with pytest.raises(ClientError, match=f"ValidationException.*{reason}"):
        sagemaker.create_model_package(ModelPackageGroupName=name, **members)
    assert sagemaker.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"] == []


def test_versions_are_listed_and_a_group_with_versions_stays(sagemaker: Any, name: str) -> None:
    """The newest first when asked; a deleted version's number is not used again."""
    arns = [sagemaker.create_model_package(ModelPackageGroupName=name)["ModelPackageArn"] for _ in range(2)]
    sagemaker.update_model_package(ModelPackageArn=arns[0], ModelApprovalStatus="Approved")
    newest = sagemaker.list_model_packages(
        ModelPackageGroupName=name, SortBy="CreationTime", SortOrder="Descending"
    )
    assert [each["ModelPackageVersion"] for each in newest["ModelPackageSummaryList"]] == [2, 1]
    approved = sagemaker.list_model_packages(ModelPackageGroupName=name, ModelApprovalStatus="Approved")
    assert [each["ModelPackageArn"] for each in approved["ModelPackageSummaryList"]] == arns[:1]
    many = sagemaker.batch_describe_model_package(ModelPackageArnList=[*arns, f"{arns[0]}9"])
    assert set(many["ModelPackageSummaries"]) == set(arns)
    assert set(many["BatchDescribeModelPackageErrorMap"]) == {f"{arns[0]}9"}
    with pytest.raises(sagemaker.exceptions.ConflictException, match="still contains Model Packages"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    sagemaker.delete_model_package(ModelPackageName=arns[1])
    third = sagemaker.create_model_package(ModelPackageGroupName=name)["ModelPackageArn"]
    assert third.endswith("/3")
    for arn in (arns[0], third):
        sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    with pytest.raises(ClientError, match=r"ValidationException.*does not exist"):
        sagemaker.describe_model_package_group(ModelPackageGroupName=name)
