"""EndpointConfig: CreateEndpointConfig."""

from __future__ import annotations

from local.engine.steps.contract import StepResult, StepRun, jsonable


class EndpointConfigStep:
    def run(self, step: StepRun) -> StepResult:
        """The properties are DescribeEndpointConfig's answer."""
        request = step.named("EndpointConfigName")
        arn = step.call("CreateEndpointConfig", request)["EndpointConfigArn"]
        config = step.call("DescribeEndpointConfig", {"EndpointConfigName": request["EndpointConfigName"]})
        return StepResult(metadata={"EndpointConfig": {"Arn": arn}}, properties=jsonable(config))
