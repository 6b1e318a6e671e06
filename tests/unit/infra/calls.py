"""The AWS calls of each function, collected by driving it through everything that it does."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dead_letter.give_up import give_up
from deploy_model.deployment import deploy
from post_annotation.agreed import agreed
from pre_annotation.task import task
from publish_candidate.candidate import publish
from reconcile.lost import reconcile
from release.leftovers import release
from start_automl.request import start
from wait.poll import handle
from waiting.inputs import Inputs
from waiting.messages import Poll, Stop, callback, form

from tests.unit.lambdas import (
    test_annotation,
    test_deploy_model,
    test_publish_candidate,
    test_reconcile,
    test_start_automl,
)
from tests.unit.lambdas.batch_world import INPUT, STATE_URI, BatchWorld
from tests.unit.lambdas.fakes import ACCOUNT, EXECUTION_ARN, EXECUTION_ID, Aws, Client, wait
from tests.unit.lambdas.serving_world import SETTINGS, ServingWorld

JOB = f"{EXECUTION_ID}-1"
ENDPOINT = f"test-{EXECUTION_ID}"
CANDIDATE = {"InferenceContainers": [test_deploy_model.CONTAINER]}


STARTS_BATCH = {
    "StepName": "start-batch",
    "StepStatus": "Succeeded",
    "Metadata": {"Lambda": {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:test-start-batch:live"}},
}


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
    return [running, completed, failed, served, retried, _batch(), _small_batch()]


def _batch() -> Aws:
    """A batch that is looked at, goes on, and is stopped."""
    world = BatchWorld({"000": list("abcdef"), "001": list("ghi")}, max_concurrent_jobs=1)
    world.start()
    begun = [*_forget(world.aws)]
    world.aws.sagemaker.execution()
    world.aws.sagemaker.open_step()
    on_batch: dict[str, Any] = {"waits_for": "batch", "name": STATE_URI}
    arrives(world.aws, **on_batch)
    world.end("000", "PartiallyCompleted", done=["a"])
    poll = form(Poll(wait(**on_batch), world.aws.clock.time, 9, "x", STATE_URI))
    handle(world.aws.tools, poll, world.aws.clock.time)
    arrives(world.aws, stopping=True, **on_batch)
    assert begun
    return world.aws


def _small_batch() -> Aws:
    """Records that go on demand, in both ways."""
    world = BatchWorld({}, small=["a"])
    world.start()
    world.look()
    native = BatchWorld({}, small=["a"], invocation_type="InvokeModel")
    native.put(f"{INPUT}/small/000.jsonl", [{"recordId": "a", "modelInput": {"prompt": "x"}}])
    native.start()
    native.look()
    world.aws.bedrock_runtime.calls += native.aws.bedrock_runtime.calls
    return world.aws


def _forget(aws: Aws) -> list[str]:
    """The calls so far, which another function made."""
    calls: list[str] = []
    for client in clients(aws):
        calls += client.calls
        client.calls.clear()
    return calls


def clients(aws: Aws) -> tuple[Client, ...]:
    return (aws.sagemaker, aws.sqs, aws.s3, aws.bedrock, aws.bedrock_runtime, aws.sns)


def _start_batch() -> list[Aws]:
    world = BatchWorld({"000": list("abc")})
    world.start()
    return [world.aws]


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
    aws.sagemaker.executions[EXECUTION_ARN].steps.append(STARTS_BATCH)
    release(aws.tools, {"detail": {"pipelineExecutionArn": EXECUTION_ARN}})
    world = BatchWorld({"000": list("abc")})
    world.start()
    _forget(world.aws)
    world.aws.sagemaker.execution(status="Failed", steps=[STARTS_BATCH])
    release(world.aws.tools, {"detail": {"pipelineExecutionArn": EXECUTION_ARN}})
    return [aws, world.aws]


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
    world = BatchWorld({"000": list("abc")})
    world.start()
    _forget(world.aws)
    world.aws.sagemaker.execution()
    world.aws.sagemaker.open_step()
    give_up(world.aws.tools, callback(wait(waits_for="batch", name=STATE_URI), stopping=False))
    return [job, endpoint, world.aws]


def _serve_approved() -> list[Aws]:
    """Created, updated, fallen back from, deleted; found by all three kinds of events."""
    world = ServingWorld(settings=dataclasses.replace(SETTINGS, not_launcher=True))
    world.with_serving(without_approved="delete")
    for version in (1, 2):
        world.register(version)
        mark = "started by x; caller arn:aws:iam::123456789012:user/carol (id AIDACAROL)"
        execution = f"test-facts-inference/execution/inference{version:03d}"
        world.aws.sagemaker.execution(f"{ACCOUNT}:pipeline/{execution}", description=mark)
        world.decide(version)
        world.package_event(version)
        world.settle()
        world.endpoint_event()
    world.schedule()
    world.decide(2, "Rejected")
    world.package_event(2)
    world.settle()
    world.decide(1, "Rejected")
    world.package_event(1)
    return [world.aws]


def _pre_annotation() -> list[Aws]:
    task(test_annotation.PRE_EVENT)
    return []


def _post_annotation() -> list[Aws]:
    aws = test_annotation.with_payload([test_annotation.in_s3()])
    agreed(aws.tools, test_annotation.POST_EVENT)
    return [aws]


DRIVERS: Mapping[str, Callable[[], list[Aws]]] = {
    "start_automl": _start_automl,
    "start_batch": _start_batch,
    "wait": _wait,
    "deploy_model": _deploy_model,
    "publish_candidate": _publish_candidate,
    "release": _release,
    "reconcile": _reconcile,
    "dead_letter": _dead_letter,
    "serve_approved": _serve_approved,
    "pre_annotation": _pre_annotation,
    "post_annotation": _post_annotation,
}


def made_by(function: str) -> set[tuple[str, str]]:
    """(service, operation) of every call."""
    return {
        (client.service, call)
        for aws in DRIVERS[function]()
        for client in clients(aws)
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
    return name in ("sagemaker", "sqs", "s3", "bedrock", "bedrock_runtime", "sns")
