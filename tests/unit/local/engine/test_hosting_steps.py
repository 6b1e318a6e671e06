"""Model, EndpointConfig and Endpoint steps, through the machine's own operations."""

from __future__ import annotations

from typing import Any

import pytest

from local.api import ApiError
from tests.unit.local.engine.fakes import ROLE, World

CONTAINER = {
    "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1",
    "ModelDataUrl": "s3://bucket/m.tar.gz",
}
VARIANT = {"VariantName": "v", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def steps(**endpoint: Any) -> list[dict[str, Any]]:
    """A model, a configuration of it by reference, and an endpoint of that."""
    variant = {**VARIANT, "ModelName": {"Get": "Steps.model.ModelName"}}
    config = {"Get": "Steps.config.EndpointConfigName"}
    return [
        {
            "Name": "model",
            "Type": "Model",
            "Arguments": {"PrimaryContainer": CONTAINER, "ExecutionRoleArn": ROLE},
        },
        {"Name": "config", "Type": "EndpointConfig", "Arguments": {"ProductionVariants": [variant]}},
        {
            "Name": "endpoint",
            "Type": "Endpoint",
            "Arguments": {"EndpointName": "e", "EndpointConfigName": config, **endpoint},
        },
    ]


def hosting(*statuses: str, exists: bool = False, reason: str | None = None) -> World:
    """A world whose endpoint goes through these statuses."""
    world = World()
    left = list(statuses)
    made = [exists]

    def describe_endpoint(_: dict[str, Any]) -> dict[str, Any]:
        if not made[0]:
            raise ApiError("ValidationException", "Could not find endpoint")
        status = left.pop(0) if len(left) > 1 else left[0]
        answer = {
            "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
            "EndpointStatus": status,
        }
        return {**answer, "FailureReason": reason} if reason else answer

    def make_endpoint(_: dict[str, Any]) -> dict[str, Any]:
        made[0] = True
        return {"EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"}

    world.answers.update(
        CreateModel=lambda asked: {"ModelArn": f"arn:model/{asked['ModelName']}"},
        DescribeModel=lambda asked: {"ModelName": asked["ModelName"]},
        CreateEndpointConfig=lambda asked: {"EndpointConfigArn": f"arn:config/{asked['EndpointConfigName']}"},
        DescribeEndpointConfig=lambda asked: {"EndpointConfigName": asked["EndpointConfigName"]},
        DescribeEndpoint=describe_endpoint,
        CreateEndpoint=make_endpoint,
        UpdateEndpoint=make_endpoint,
    )
    return world


def called(world: World, operation: str) -> list[dict[str, Any]]:
    return [parameters for name, parameters in world.calls if name == operation]


@pytest.mark.parametrize(("exists", "operation"), [(False, "CreateEndpoint"), (True, "UpdateEndpoint")])
def test_an_endpoint_is_made_or_updated_and_waited_for(exists: bool, operation: str) -> None:
    """Generated names are handed on by reference; which call is made depends on what there is."""
    world = hosting("Creating", "InService", exists=exists)
    world.create(*steps())
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    (model,), (config,) = called(world, "CreateModel"), called(world, "CreateEndpointConfig")
    assert model["ModelName"].startswith(f"pipelines-{execution.rpartition('/')[2]}-model-")
    assert config["ProductionVariants"][0]["ModelName"] == model["ModelName"]
    made = {"EndpointName": "e", "EndpointConfigName": config["EndpointConfigName"]}
    assert called(world, operation) == [made]
    shown = world.steps(execution)
    assert shown["model"]["Metadata"] == {"Model": {"Arn": f"arn:model/{model['ModelName']}"}}
    assert shown["endpoint"]["Metadata"] == {
        "Endpoint": {"Arn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"}
    }


def test_an_endpoint_that_fails_gives_its_reason() -> None:
    """The endpoint's own words are the step's."""
    world = hosting("Failed", reason="no capacity")
    world.create(*steps())
    execution = world.start()
    assert world.ended(execution) == "Failed"
    assert world.steps(execution)["endpoint"]["FailureReason"] == "ClientError: endpoint 'e': no capacity"


def test_a_stop_does_not_wait_for_an_endpoint() -> None:
    """The step is Stopped while the endpoint is still being created."""
    world = hosting("Creating")
    world.create(*steps())
    execution = world.start()
    world.until(lambda: called(world, "CreateEndpoint"))
    world.sagemaker("StopPipelineExecution", PipelineExecutionArn=execution)
    assert world.ended(execution) == "Stopped"
    assert world.statuses(execution)["endpoint"] == "Stopped"
