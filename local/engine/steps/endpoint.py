"""Endpoint: created, or updated where one of that name exists, and waited for until it is in service."""

from __future__ import annotations

from typing import Any

from local.api import ApiError
from local.engine.steps.contract import StepFailedError, StepResult, StepRun, StepStoppedError, jsonable

POLL_SECONDS = 0.5
_UNDERWAY = ("Creating", "Updating", "SystemUpdating", "RollingBack")


class EndpointStep:
    def run(self, step: StepRun) -> StepResult:
        """The properties are DescribeEndpoint's answer; the name is taken as given, never generated upon."""
        name = step.arguments.get("EndpointName", step.job_name)
        request = {**step.arguments, "EndpointName": name}
        if not step.begun:
            _create_or_update(step, request)
        endpoint = self._wait(step, name)
        if endpoint["EndpointStatus"] != "InService":
            reason = endpoint.get("FailureReason") or f"the endpoint is {endpoint['EndpointStatus']}"
            raise StepFailedError(f"ClientError: endpoint '{name}': {reason}")
        return StepResult(
            metadata={"Endpoint": {"Arn": endpoint["EndpointArn"]}}, properties=jsonable(endpoint)
        )

    def _wait(self, step: StepRun, name: str) -> dict[str, Any]:
        endpoint = step.call("DescribeEndpoint", {"EndpointName": name})
        while endpoint["EndpointStatus"] in _UNDERWAY:
            if step.stop.wait(POLL_SECONDS):
                raise StepStoppedError()
            endpoint = step.call("DescribeEndpoint", {"EndpointName": name})
        return endpoint


def _create_or_update(step: StepRun, request: dict[str, Any]) -> None:
    operation = "UpdateEndpoint" if _exists(step, request["EndpointName"]) else "CreateEndpoint"
    taken = ("EndpointName", "EndpointConfigName") if operation == "UpdateEndpoint" else tuple(request)
    answer = step.call(operation, {member: request[member] for member in taken if member in request})
    step.note({"Endpoint": {"Arn": answer["EndpointArn"]}})


def _exists(step: StepRun, name: str) -> bool:
    try:
        step.call("DescribeEndpoint", {"EndpointName": name})
    except ApiError as error:
        if error.code in ("ValidationException", "ResourceNotFound"):
            return False
        raise
    return True
