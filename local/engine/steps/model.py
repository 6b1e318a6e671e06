"""Model: CreateModel."""

from __future__ import annotations

from local.engine.steps.contract import StepResult, StepRun, jsonable


class ModelStep:
    def run(self, step: StepRun) -> StepResult:
        """The properties are DescribeModel's answer."""
        request = {"ExecutionRoleArn": step.execution.role, **step.named("ModelName")}
        arn = step.call("CreateModel", request)["ModelArn"]
        model = step.call("DescribeModel", {"ModelName": request["ModelName"]})
        return StepResult(metadata={"Model": {"Arn": arn}}, properties=jsonable(model))
