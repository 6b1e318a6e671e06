"""The stand-in is killed in the middle of an execution, and comes up again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import psutil
import pytest

from tests.functional.conftest import RunningStandIn
from tests.functional.engine_pipelines import Client, callback, until

pytestmark = pytest.mark.functional

# Says who it is, waits until the file `go` is in the bucket's data, then leaves a result.
WAITING = """
import os, time
print("pid", os.getpid(), flush=True)
time.sleep(3)
open("/opt/ml/processing/out/x", "w").write("done")
"""


def pid_of(folder: str) -> int:
    with open(f"{folder}/server.json", encoding="utf-8") as file:
        return int(json.load(file)["pid"])


def kill(stand_in: RunningStandIn) -> None:
    """kill -9, and the wait until it is gone."""
    process = psutil.Process(pid_of(str(stand_in.folder)))
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)


def printed_pids(client: Client) -> list[int]:
    logs, group = client.stand_in.client("logs"), "/aws/sagemaker/ProcessingJobs"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    lines = [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
    return [int(line.split()[1]) for line in lines if line.startswith("pid ")]


def test_an_execution_outlives_a_kill(own_stand_in: Callable[[], RunningStandIn], name: str) -> None:
    """The running job runs again, the open callback stays open with its token, what was done stays done."""
    client = Client(own_stand_in(), name)
    client.make_bucket()
    quick = client.put("quick/script.py", "print('quick')")
    waiting = client.put("waiting/script.py", WAITING)
    queue = client.queue(name)
    client.create(
        name,
        client.processing("quick", quick),
        client.processing("waiting", waiting, DependsOn=["quick"]),
        callback("ask", queue, {"answer": "String"}),
        client.processing("last", quick, DependsOn=["ask", "waiting"]),
    )
    execution = client.start(name)
    (message,) = client.messages(queue, 1)
    (first_process,) = until(lambda: printed_pids(client))
    before = client.steps(execution)
    kill(client.stand_in)
    until(lambda: not psutil.pid_exists(first_process))

    client = Client(own_stand_in(), name)
    assert client.status(execution) == "Executing"
    answer = [{"Name": "answer", "Value": "still here"}]
    client.sagemaker.send_pipeline_execution_step_success(
        CallbackToken=message["token"], OutputParameters=answer
    )
    assert client.ended(execution) == "Succeeded"
    after = client.steps(execution)
    assert after["quick"] == before["quick"]
    assert after["ask"]["Metadata"]["Callback"]["OutputParameters"] == answer
    assert after["waiting"]["Metadata"] == before["waiting"]["Metadata"]
    assert (before["waiting"]["AttemptCount"], after["waiting"]["AttemptCount"]) == (1, 2)
    assert len(set(printed_pids(client))) == 2
    assert client.get(f"{execution.rpartition('/')[2]}/waiting/x") == "done"
    assert client.messages(queue, 1, seconds=1) == []


def test_an_execution_outlives_down_and_up(own_stand_in: Callable[[], RunningStandIn], name: str) -> None:
    """An orderly end fails nothing either; a stop asked for afterwards ends it."""
    client = Client(own_stand_in(), name)
    client.make_bucket()
    slow = client.put("slow/script.py", "import time\nprint('pid 1', flush=True)\ntime.sleep(600)")
    client.create(name, client.processing("slow", slow))
    execution = client.start(name)
    until(lambda: printed_pids(client))
    process = psutil.Process(pid_of(str(client.stand_in.folder)))
    process.terminate()
    process.wait(20)

    client = Client(own_stand_in(), name)
    until(lambda: len(printed_pids(client)) == 2)
    assert client.statuses(execution) == {"slow": "Executing"}
    client.sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    assert client.ended(execution) == "Stopped"
