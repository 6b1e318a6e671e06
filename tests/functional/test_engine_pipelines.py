"""Pipelines of strangers, made and run with plain boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn
from tests.functional.engine_pipelines import Client, callback, join, s3_input, until

pytestmark = pytest.mark.functional

COUNT = """
import json, os, sys
from pathlib import Path
words = Path("/opt/ml/processing/input/data/words.txt").read_text(encoding="utf-8").split()
out = Path("/opt/ml/processing/out")
(out / "metrics.json").write_text(json.dumps({"words": {"count": len(words)}, "minimum": int(sys.argv[1])}))
print("counted", len(words), "in", os.environ["PLACE"])
"""
COPY = """
import shutil, sys
shutil.copytree("/opt/ml/processing/input/from", "/opt/ml/processing/out", dirs_exist_ok=True)
print("copied")
"""
DOUBLE = """
def handle(event, context):
    return {"twice": event["number"] * 2, "text": "got " + event["text"]}
"""


@pytest.fixture
def client(stand_in: RunningStandIn, name: str) -> Client:
    made = Client(stand_in, name)
    made.make_bucket()
    return made


def test_a_strangers_pipeline_runs_from_end_to_end(client: Client, name: str) -> None:
    """Job, property file, condition, function, callback and parallel branches, with real values handed on."""
    client.put("data/words.txt", "alpha beta gamma δέλτα")
    count = client.put("count/script.py", COUNT)
    copy = client.put("copy/script.py", COPY)
    queue = client.queue(name)
    function = client.function(name, DOUBLE)
    metrics = [{"PropertyFileName": "metrics", "OutputName": "out", "FilePath": "metrics.json"}]
    counted = {
        "Std:JsonGet": {"PropertyFile": {"Get": "Steps.count.PropertyFiles.metrics"}, "Path": "words.count"}
    }
    output = {"Get": "Steps.count.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    client.create(
        name,
        client.processing(
            "count",
            count,
            join("", {"Get": "Parameters.Minimum"}),
            inputs=[s3_input("data", f"s3://{name}/data")],
            arguments={"Environment": {"PLACE": "a private folder"}},
            PropertyFiles=metrics,
        ),
        client.processing("copy", copy, inputs=[s3_input("from", output)]),
        callback(
            "ask",
            queue,
            {"answer": "Integer"},
            question=join(" ", "how many in", {"Get": "Parameters.Place"}),
        ),
        {
            "Name": "gate",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [
                    {
                        "Type": "GreaterThanOrEqualTo",
                        "LeftValue": counted,
                        "RightValue": {"Get": "Parameters.Minimum"},
                    }
                ],
                "IfSteps": [
                    {
                        "Name": "double",
                        "Type": "Lambda",
                        "FunctionArn": function,
                        "Arguments": {
                            "number": {"Get": "Steps.ask.OutputParameters['answer']"},
                            "text": {"Get": "Execution.PipelineName"},
                        },
                        "OutputParameters": [
                            {"OutputName": "twice", "OutputType": "Integer"},
                            {"OutputName": "text", "OutputType": "String"},
                        ],
                    }
                ],
                "ElseSteps": [{"Name": "stop", "Type": "Fail", "Arguments": {"ErrorMessage": "too few"}}],
            },
        },
        parameters=(
            {"Name": "Minimum", "Type": "Integer", "DefaultValue": 100},
            {"Name": "Place", "Type": "String"},
        ),
    )
    execution = client.start(name, Minimum="4", Place="words.txt")
    (message,) = client.messages(queue, 1)
    assert message["pipelineExecutionArn"] == execution
    assert message["arguments"] == {"question": "how many in words.txt"}
    client.sagemaker.send_pipeline_execution_step_success(
        CallbackToken=message["token"], OutputParameters=[{"Name": "answer", "Value": "21"}]
    )
    assert client.ended(execution) == "Succeeded"

    steps = client.steps(execution)
    assert set(steps) == {"count", "copy", "ask", "gate", "double"}
    outputs = {o["Name"]: o["Value"] for o in steps["double"]["Metadata"]["Lambda"]["OutputParameters"]}
    assert outputs == {"twice": "42", "text": f"got {name}"}
    run = execution.rpartition("/")[2]
    assert json.loads(client.get(f"{run}/copy/metrics.json")) == {"words": {"count": 4}, "minimum": 4}
    job = steps["count"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    described = client.sagemaker.describe_processing_job(ProcessingJobName=job)
    assert described["ProcessingJobStatus"] == "Completed"
    assert described["AppSpecification"]["ContainerArguments"] == ["4"]
    logs = client.stand_in.client("logs")
    stream = logs.describe_log_streams(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{job}/algo-1-"
    )["logStreams"][0]["logStreamName"]
    events = logs.get_log_events(logGroupName="/aws/sagemaker/ProcessingJobs", logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["counted 4 in a private folder"]


def test_a_failed_step_ends_only_its_branch(client: Client, name: str) -> None:
    """The reason is the program's last line with its exit code; the other branch runs to its end."""
    bad = client.put("bad/script.py", "import no_such_package")
    good = client.put("good/script.py", "print('fine')")
    client.create(
        name,
        client.processing("bad", bad),
        client.processing("behind", good, DependsOn=["bad"]),
        client.processing("good", good),
        client.processing("better", good, DependsOn=["good"]),
    )
    execution = client.start(name)
    assert client.ended(execution) == "Failed"
    assert client.statuses(execution) == {"bad": "Failed", "good": "Succeeded", "better": "Succeeded"}
    assert client.steps(execution)["bad"]["FailureReason"] == (
        "AlgorithmError: ModuleNotFoundError: No module named 'no_such_package', exit code: 1"
    )
    described = client.sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
    assert described["FailureReason"] == "Step failure: One or multiple steps failed."


def test_a_missed_condition_fails_with_its_message(client: Client, name: str) -> None:
    """The Fail step's text is built from parameters."""
    client.create(
        name,
        {
            "Name": "gate",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [
                    {"Type": "In", "QueryValue": {"Get": "Parameters.Colour"}, "Values": ["red", "green"]}
                ],
                "IfSteps": [],
                "ElseSteps": [
                    {
                        "Name": "stop",
                        "Type": "Fail",
                        "Arguments": {"ErrorMessage": join(" ", "no colour:", {"Get": "Parameters.Colour"})},
                    }
                ],
            },
        },
        parameters=({"Name": "Colour", "Type": "String", "DefaultValue": "red"},),
    )
    assert client.ended(client.start(name)) == "Succeeded"
    execution = client.start(name, Colour="seven")
    assert client.ended(execution) == "Failed"
    assert client.steps(execution)["stop"]["FailureReason"] == "no colour: seven"
    assert client.steps(execution)["gate"]["Metadata"]["Condition"]["Outcome"] == "False"


def test_a_retry_keeps_what_succeeded(client: Client, name: str) -> None:
    """The second step fails until its input is there; the first is not run twice."""
    first = client.put("first/script.py", "print('once')")
    second = client.put("second/script.py", COPY)
    client.create(
        name,
        client.processing("first", first),
        client.processing(
            "second", second, DependsOn=["first"], inputs=[s3_input("from", f"s3://{name}/late/")]
        ),
    )
    execution = client.start(name)
    assert client.ended(execution) == "Failed"
    before = client.steps(execution)
    assert "No S3 objects found under S3 URL" in before["second"]["FailureReason"]
    client.put("late/x.txt", "here")
    again = client.sagemaker.retry_pipeline_execution(PipelineExecutionArn=execution)
    assert again["PipelineExecutionArn"] == execution
    assert client.ended(execution) == "Succeeded"
    after = client.steps(execution)
    assert after["first"] == before["first"]
    assert client.get(f"{execution.rpartition('/')[2]}/second/x.txt") == "here"


def test_a_stop_ends_jobs_and_waits_for_callbacks(client: Client, name: str) -> None:
    """The job's process is gone, the callback is told Stopping, and its answer ends the execution."""
    slow = client.put("slow/script.py", "import time\nprint('begun', flush=True)\ntime.sleep(600)")
    queue = client.queue(name)
    client.create(
        name,
        client.processing("slow", slow),
        callback("wait", queue, {}),
        client.processing("last", slow, DependsOn=["wait"]),
    )
    execution = client.start(name)
    (first,) = client.messages(queue, 1)
    until(lambda: client.statuses(execution).get("slow") == "Executing")
    client.sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    (second,) = client.messages(queue, 1)
    assert (first["token"], second["status"]) == (second["token"], "Stopping")
    assert client.status(execution) == "Stopping"
    client.sagemaker.send_pipeline_execution_step_failure(
        CallbackToken=first["token"], FailureReason="stopped"
    )
    assert client.ended(execution) == "Stopped"
    assert client.statuses(execution) == {"slow": "Stopped", "wait": "Stopped"}


def test_status_changes_reach_rules(client: Client, name: str) -> None:
    """A rule on the end of executions delivers the event to a queue."""
    events = client.stand_in.client("events")
    queue = client.queue(name)
    sqs = client.stand_in.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    code = client.put("a/script.py", "print('a')")
    pipeline = client.create(name, client.processing("a", code))
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Building Pipeline Execution Status Change"],
        "detail": {"currentPipelineExecutionStatus": ["Succeeded"], "pipelineArn": [pipeline]},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    execution = client.start(name)
    assert client.ended(execution) == "Succeeded"
    (event,) = client.messages(queue, 1)
    assert event["detail"]["pipelineExecutionArn"] == execution
    assert event["resources"] == [pipeline, execution]


def test_a_cached_step_gives_its_old_output(client: Client, name: str) -> None:
    """The second execution runs nothing and hands on the first one's files."""
    code = client.put("a/script.py", "open('/opt/ml/processing/out/x', 'w').write('made once')")
    client.create(name, client.processing("a", code, CacheConfig={"Enabled": True, "ExpireAfter": "P1D"}))
    first = client.start(name)
    assert client.ended(first) == "Succeeded"
    second = client.start(name)
    assert client.ended(second) == "Succeeded"
    step = client.steps(second)["a"]
    assert step["CacheHitResult"]["SourcePipelineExecutionArn"] == first
    assert client.keys(second.rpartition("/")[2]) == []
    assert client.keys(first.rpartition("/")[2]) == [f"{first.rpartition('/')[2]}/a/x"]


def test_what_does_not_run_here_is_refused_by_name(client: Client, name: str) -> None:
    """Before anything starts, as a modelled error of the service."""
    steps: list[dict[str, Any]] = [
        {
            "Name": "train",
            "Type": "Training",
            "Arguments": {
                "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
                "OutputDataConfig": {"S3OutputPath": f"s3://{name}/out"},
                "ResourceConfig": INSTANCE_OF_TRAINING,
                "RoleArn": "arn:aws:iam::123456789012:role/r",
                "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            },
        }
    ]
    client.create(name, *steps)
    with pytest.raises(ClientError, match=r"do not run here: 'train' \(Training\)") as caught:
        client.start(name)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


INSTANCE_OF_TRAINING = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}


def test_a_script_runs_in_a_folder_of_its_own(client: Client, name: str) -> None:
    """Two jobs at once write the same absolute path and do not see each other."""
    code = client.put(
        "own/script.py",
        "import sys, time\nfrom pathlib import Path\n"
        "path = Path('/opt/ml/processing/out/who')\npath.write_text(sys.argv[1])\ntime.sleep(0.5)\n"
        "assert path.read_text() == sys.argv[1]\n",
    )
    client.create(name, client.processing("left", code, "left"), client.processing("right", code, "right"))
    execution = client.start(name)
    assert client.ended(execution) == "Succeeded"
    run = execution.rpartition("/")[2]
    assert [client.get(f"{run}/{who}/who") for who in ("left", "right")] == ["left", "right"]
