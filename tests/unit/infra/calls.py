"""The AWS calls of each function, collected by driving it through everything that it does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dead_letter.give_up import give_up
from deploy_model.deployment import deploy
from publish_candidate.candidate import publish
from reconcile.lost import reconcile
from release.leftovers import release
from start_automl.request import start
from wait.poll import handle
from waiting.inputs import Inputs
from waiting.messages import Stop, callback, form

from tests.unit.lambdas import test_deploy_model, test_publish_candidate, test_reconcile, test_start_automl
from tests.unit.lambdas.fakes import EXECUTION_ARN, EXECUTION_ID, Aws, wait

JOB = f"{EXECUTION_ID}-1"
ENDPOINT = f"test-{EXECUTION_ID}"
CANDIDATE = {"InferenceContainers": [test_deploy_model.CONTAINER]}


def waiting_step(**job: Any) -> Aws:
    """An execution whose step waits."""
    aws = Aws()
    aws.sagemaker.job(JOB, **job)
    aws.sagemaker.execution(definition=test_reconcile.DEFINITION, parameters={"Deadline": "7200"})
    aws.sagemaker.executions[EXECUTION_ARN].steps.append(test_reconcile.STARTED)
    aws.sagemaker.open_step()
    return aws


def _start_automl() -> list[Aws]:
    aws = Aws()
    start(Inputs(test_start_automl.EVENT), aws.tools)
    return [aws]


def arrives(aws: Aws, *, stopping: bool = False, **changes: Any) -> None:
    """A message of the service."""
    handle(aws.tools, callback(wait(**changes), stopping=stopping), aws.clock.time)


def _wait() -> list[Aws]:
    on_endpoint: dict[str, Any] = {"waits_for": "endpoint", "name": ENDPOINT}
    again: dict[str, Any] = {"token": "Token00002"}
    running, completed, failed = (
        waiting_step(),
        waiting_step(status="Completed"),
        waiting_step(status="Failed"),
    )
    for aws in (running, completed, failed):
        arrives(aws)
    arrives(running, stopping=True)
    failed.sagemaker.executions[EXECUTION_ARN].steps.clear()
    failed.sagemaker.open_step(**again)
    arrives(failed, **again)
    served = waiting_step()
    served.sagemaker.served(ENDPOINT)
    arrives(served, stopping=True, **on_endpoint)
    served.sagemaker.open_step(**again)
    arrives(served, **again, **on_endpoint)
    retried = waiting_step()
    retried.sagemaker.served(ENDPOINT)
    retried.sagemaker.endpoints.clear()
    arrives(retried, **on_endpoint)
    retried.sagemaker.open_step(**again)
    handle(
        retried.tools, callback(wait(token="Token00002", **on_endpoint), stopping=False), retried.clock.time
    )
    retried.sagemaker.executions[EXECUTION_ARN].status = "Failed"
    retried.sagemaker.endpoints.clear()
    stop = form(Stop(EXECUTION_ARN, "endpoint", ENDPOINT, 0.0, everything=True))
    handle(retried.tools, stop, retried.clock.time)
    return [running, completed, failed, served, retried]


def _deploy_model() -> list[Aws]:
    aws = Aws()
    aws.sagemaker.job(JOB, "Completed", BestCandidate=CANDIDATE)
    deploy(Inputs(test_deploy_model.EVENT), aws.tools)
    aws.sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "Failed"
    aws.sagemaker.models[ENDPOINT]["PrimaryContainer"] = {}
    deploy(Inputs(test_deploy_model.EVENT), aws.tools)
    aws.sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "InService"
    deploy(Inputs({**test_deploy_model.EVENT, "instance_count": 2}), aws.tools)
    return [aws]


def _publish_candidate() -> list[Aws]:
    aws = Aws()
    aws.sagemaker.job(JOB, "Completed")
    aws.sagemaker.served(ENDPOINT)
    aws.s3.objects[f"{test_publish_candidate.FOLDER}/prepare/report/data_report.json"] = b'{"data_hash": "x"}'
    publish(Inputs(test_publish_candidate.EVENT), aws.tools)
    return [aws]


def _release() -> list[Aws]:
    aws = waiting_step()
    aws.sagemaker.executions[EXECUTION_ARN].status = "Failed"
    aws.sagemaker.executions[EXECUTION_ARN].parameters["EndpointName"] = ENDPOINT
    aws.sagemaker.served(ENDPOINT)
    aws.sagemaker.execution(f"{EXECUTION_ARN}2", parameters={"EndpointName": "other"})
    release(aws.tools, {"detail": {"pipelineExecutionArn": EXECUTION_ARN}})
    return [aws]


def _reconcile() -> list[Aws]:
    aws = waiting_step()
    aws.clock.time += 10_000
    reconcile(aws.tools)
    return [aws]


def _dead_letter() -> list[Aws]:
    job, endpoint = waiting_step(), waiting_step()
    give_up(job.tools, callback(wait(), stopping=False))
    # One that can be deleted, and one that has to be tried again through the wait queue.
    for status in ("Creating", "InService"):
        endpoint.sagemaker.endpoint(ENDPOINT, status)
        endpoint.sagemaker.open_step(token="Token00002")
        message = callback(wait(token="Token00002", waits_for="endpoint", name=ENDPOINT), stopping=False)
        give_up(endpoint.tools, message)
        endpoint.sagemaker.executions[EXECUTION_ARN].steps.clear()
    return [job, endpoint]


DRIVERS: Mapping[str, Callable[[], list[Aws]]] = {
    "start_automl": _start_automl,
    "wait": _wait,
    "deploy_model": _deploy_model,
    "publish_candidate": _publish_candidate,
    "release": _release,
    "reconcile": _reconcile,
    "dead_letter": _dead_letter,
}


def made_by(function: str) -> set[tuple[str, str]]:
    """(service, operation) of every call."""
    return {
        (client.service, call)
        for aws in DRIVERS[function]()
        for client in (aws.sagemaker, aws.sqs, aws.s3)
        for call in client.calls
    }


def written_in(folder: Path) -> set[str]:
    """The client methods that the source code names: whatever is taken from `sagemaker`, `sqs` or `s3`."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and _is_client(node.value):
                found.add(node.attr)
    return found


def _is_client(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in ("sagemaker", "sqs", "s3")
