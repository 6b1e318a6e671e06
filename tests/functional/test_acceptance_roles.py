"""A role that does not trust SageMaker: refused where SageMaker would first take it."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn

pytestmark = pytest.mark.functional

REFUSED = r"ValidationException.*Could not assume role .* allows principal 'sagemaker.amazonaws.com'"


@pytest.fixture
def role(stand_in: RunningStandIn, name: str) -> str:
    """One for another service."""
    allowed = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    made = stand_in.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])


def test_an_execution_with_it_is_not_started(stand_in: RunningStandIn, name: str, role: str) -> None:
    """Mending the trust policy mends it: nothing has to be made again."""
    sagemaker = stand_in.client("sagemaker")
    fail = {"Name": "fail", "Type": "Fail", "Arguments": {"ErrorMessage": "it ran"}}
    definition = json.dumps({"Version": "2020-12-01", "Steps": [fail]})
    sagemaker.create_pipeline(
        PipelineName=name, PipelineDefinition=definition, RoleArn=role, ClientRequestToken=name * 3
    )
    with pytest.raises(ClientError, match=REFUSED):
        sagemaker.start_pipeline_execution(PipelineName=name)
    assert sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"] == []
    trust = stand_in.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Principal"]["Service"] = "sagemaker.amazonaws.com"
    stand_in.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    assert sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]


def test_a_model_with_it_is_not_made(stand_in: RunningStandIn, name: str, role: str) -> None:
    """Before an endpoint would fail for it."""
    with pytest.raises(ClientError, match=REFUSED):
        stand_in.client("sagemaker").create_model(
            ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "image"}
        )
