"""Long: the stand-in is killed again and again while executions of every kind run; none is lost."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.conftest import RunningStandIn
from tests.functional.engine_pipelines import Client, callback
from tests.functional.test_engine_restart import kill

pytestmark = [pytest.mark.functional, pytest.mark.soak]
EXECUTIONS = 3
KILLS = 12
WORK = """
import sys, time
from pathlib import Path
before = Path("/opt/ml/processing/input/before/n")
number = int(before.read_text()) if before.exists() else 0
time.sleep(0.4)
Path("/opt/ml/processing/out/n").write_text(str(number + 1))
"""
FUNCTION = """
import time
def handle(event, context):
    time.sleep(0.3)
    return {"n": event["n"] + 1}
"""


def chain(client: Client, code: str, queue: str, function: str) -> list[dict[str, Any]]:
    """Job, callback, function, job: each reads what the one before it made."""
    output = {"Get": "Steps.first.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    before = {
        "InputName": "before",
        "S3Input": {
            "S3Uri": output,
            "LocalPath": "/opt/ml/processing/input/before",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }
    ask = callback("ask", queue, {"n": "Integer"})
    called = {
        "Name": "call",
        "Type": "Lambda",
        "FunctionArn": function,
        "Arguments": {"n": {"Get": "Steps.ask.OutputParameters['n']"}},
        "OutputParameters": [{"OutputName": "n", "OutputType": "Integer"}],
    }
    last = client.processing("last", code, inputs=[before], DependsOn=["call"])
    return [client.processing("first", code), {**ask, "DependsOn": ["first"]}, called, last]


def answer(client: Client, queue: str) -> None:
    """Answers what waits, then deletes the message: one that a kill leaves undeleted comes again, and its
    token is answered already."""
    sqs, sagemaker = client.stand_in.client("sqs"), client.sagemaker
    received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, VisibilityTimeout=2)
    for message in received.get("Messages", []):
        token = json.loads(message["Body"])["token"]
        outputs = [{"Name": "n", "Value": "41"}]
        with contextlib.suppress(sagemaker.exceptions.ConflictException):
            sagemaker.send_pipeline_execution_step_success(CallbackToken=token, OutputParameters=outputs)
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.timeout(600)
def test_no_kill_loses_an_execution(own_stand_in: Callable[[], RunningStandIn], name: str) -> None:
    """Twelve kills at random moments; every execution succeeds, with the values that belong to it."""
    moments = random.Random(20261122)
    client = Client(own_stand_in(), name)
    client.make_bucket()
    code, queue = client.put("code/script.py", WORK), client.queue(name)
    client.create(name, *chain(client, code, queue, client.function(name, FUNCTION)))
    executions = [client.start(name) for _ in range(EXECUTIONS)]
    for _ in range(KILLS):
        executions.append(client.start(name))
        killer = threading.Thread(target=_kill_after, args=(client.stand_in, moments.uniform(0.1, 2.5)))
        killer.start()
        _answer_until_dead(client, queue, killer)
        client = Client(own_stand_in(), name)
    end = time.monotonic() + 180
    while any(client.status(execution) == "Executing" for execution in executions):
        assert time.monotonic() < end, _unfinished(client, executions)
        answer(client, queue)
    for execution in executions:
        steps = client.steps(execution)
        assert client.status(execution) == "Succeeded", steps
        assert steps["call"]["Metadata"]["Lambda"]["OutputParameters"] == [{"Name": "n", "Value": "42"}]
        assert client.get(f"{execution.rpartition('/')[2]}/last/n") == "2"


def _unfinished(client: Client, executions: list[str]) -> list[dict[str, str]]:
    return [client.statuses(e) for e in executions if client.status(e) == "Executing"]


def _kill_after(stand_in: RunningStandIn, seconds: float) -> None:
    time.sleep(seconds)
    kill(stand_in)


def _answer_until_dead(client: Client, queue: str, killer: threading.Thread) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    while killer.is_alive():
        try:
            answer(client, queue)
        except (BotoCoreError, ClientError):  # killed in the middle of a call
            time.sleep(0.05)
    killer.join()
