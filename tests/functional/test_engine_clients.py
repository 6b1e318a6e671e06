"""Other people's tools on the stand-in: the aws command line and the SageMaker SDK, as they come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import RunningStandIn
from tests.functional.engine_pipelines import ROLE, Client, callback, until

pytestmark = pytest.mark.functional


@pytest.fixture
def client(stand_in: RunningStandIn, name: str) -> Client:
    made = Client(stand_in, name)
    made.make_bucket()
    return made


def environment(stand_in: RunningStandIn, home: Path) -> dict[str, str]:
    """What `local env` tells a stranger to set, and nothing else."""
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "HOME": str(home),
        "AWS_ENDPOINT_URL": stand_in.connection.endpoint,
        "AWS_ACCESS_KEY_ID": stand_in.connection.access_key,
        "AWS_SECRET_ACCESS_KEY": stand_in.connection.secret_key,
        "AWS_DEFAULT_REGION": stand_in.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def aws(client: Client, home: Path, *arguments: str) -> Any:
    """Runs `aws sagemaker ...` and returns its JSON."""
    finished = subprocess.run(
        ["aws", "sagemaker", *arguments, "--output", "json"],
        env=environment(client.stand_in, home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout) if finished.stdout.strip() else {}


def test_the_aws_command_line_runs_a_pipeline(client: Client, name: str, tmp_path: Path) -> None:
    """Create, start, list the steps, answer the callback, describe, stop and retry."""
    code = client.put("a/script.py", "print('a')")
    queue = client.queue(name)
    definition = {
        "Version": "2020-12-01",
        "Parameters": [{"Name": "Who", "Type": "String", "EnumValues": ["me", "you"]}],
        "Steps": [
            client.processing("a", code),
            callback("ask", queue, {"yes": "Boolean"}, who={"Get": "Parameters.Who"}),
        ],
    }
    file = tmp_path / "definition.json"
    file.write_text(json.dumps(definition), encoding="utf-8")
    aws(client, tmp_path, "create-pipeline", "--pipeline-name", name, "--role-arn", ROLE,
        "--pipeline-definition", f"file://{file}")  # fmt: skip
    started = aws(client, tmp_path, "start-pipeline-execution", "--pipeline-name", name,
                  "--pipeline-parameters", "Name=Who,Value=you")  # fmt: skip
    execution = started["PipelineExecutionArn"]
    (message,) = client.messages(queue, 1)
    assert message["arguments"] == {"who": "you"}
    aws(client, tmp_path, "stop-pipeline-execution", "--pipeline-execution-arn", execution)
    assert client.messages(queue, 1)[0]["status"] == "Stopping"
    aws(client, tmp_path, "send-pipeline-execution-step-failure", "--callback-token", message["token"],
        "--failure-reason", "stopped")  # fmt: skip
    assert client.ended(execution) == "Stopped"
    aws(client, tmp_path, "retry-pipeline-execution", "--pipeline-execution-arn", execution)
    (again,) = client.messages(queue, 1)
    aws(client, tmp_path, "send-pipeline-execution-step-success", "--callback-token", again["token"],
        "--output-parameters", "Name=yes,Value=true")  # fmt: skip
    assert client.ended(execution) == "Succeeded"
    listed = aws(client, tmp_path, "list-pipeline-execution-steps", "--pipeline-execution-arn", execution)
    assert {step["StepName"]: step["StepStatus"] for step in listed["PipelineExecutionSteps"]} == {
        "a": "Succeeded",
        "ask": "Succeeded",
    }
    shown = aws(client, tmp_path, "describe-pipeline", "--pipeline-name", name)
    assert json.loads(shown["PipelineDefinition"]) == definition


SDK_PROGRAM = """
import json, sys
from sagemaker.core.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.core.shapes import ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep

name, role, script = sys.argv[1:]
session = PipelineSession(default_bucket=name)
threshold = ParameterFloat(name="Threshold", default_value=0.5)
processor = ScriptProcessor(
    image_uri="a-strangers-image", command=["python3"], role=role, instance_count=1,
    instance_type="ml.m5.large", sagemaker_session=session,
)
place = Join(on="/", values=["s3://" + name, ExecutionVariables.PIPELINE_EXECUTION_ID, "scores"])
scores = PropertyFile(name="scores", output_name="scores", path="scores.json")
score = ProcessingStep(
    name="score",
    step_args=processor.run(
        code=script,
        arguments=["--scale", "2"],
        inputs=[ProcessingInput(input_name="data", s3_input=ProcessingS3Input(
            s3_uri="s3://" + name + "/data", local_path="/opt/ml/processing/input/data",
            s3_data_type="S3Prefix", s3_input_mode="File"))],
        outputs=[ProcessingOutput(output_name="scores", s3_output=ProcessingS3Output(
            s3_uri=place, local_path="/opt/ml/processing/output", s3_upload_mode="EndOfJob"))],
    ),
    property_files=[scores],
)
gate = ConditionStep(
    name="gate",
    conditions=[ConditionGreaterThanOrEqualTo(
        left=JsonGet(step_name="score", property_file=scores, json_path="f1.mean"), right=threshold)],
    if_steps=[],
    else_steps=[FailStep(name="stop", error_message=Join(on=" ", values=["below", threshold.to_string()]))],
)
pipeline = Pipeline(name=name, parameters=[threshold], steps=[score, gate], sagemaker_session=session)
pipeline.upsert(role_arn=role)
pipeline.upsert(role_arn=role)
good = pipeline.start()
bad = pipeline.start(parameters={"Threshold": 0.9})
good.wait(delay=1, max_attempts=60)
print(json.dumps([good.arn, bad.arn, [step["StepName"] for step in good.list_steps()]]))
"""
SCORE = """
import argparse, json
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--scale", type=float)
scale = parser.parse_args().scale
value = float(Path("/opt/ml/processing/input/data/value.txt").read_text())
Path("/opt/ml/processing/output/scores.json").write_text(json.dumps({"f1": {"mean": value * scale}}))
"""


def test_the_sagemaker_sdk_compiles_upserts_and_runs(client: Client, name: str, tmp_path: Path) -> None:
    """A ScriptProcessor pipeline of the SDK, with its own upload of the script, waits for its end there."""
    client.put("data/value.txt", "0.3")
    script = tmp_path / "score.py"
    script.write_text(SCORE, encoding="utf-8")
    config = tmp_path / "sdk.yaml"
    config.write_text(
        "SchemaVersion: '1.0'\nSageMaker: {PythonSDK: {Modules: {TelemetryOptOut: true}}}\n", encoding="utf-8"
    )
    finished = subprocess.run(
        [sys.executable, "-c", SDK_PROGRAM, name, role_of_sagemaker(client, name), str(script)],
        env={
            **environment(client.stand_in, tmp_path),
            "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    good, bad, steps = json.loads(finished.stdout.strip().splitlines()[-1])
    assert set(steps) == {"score", "gate"}
    assert client.status(good) == "Succeeded"
    assert until(lambda: client.ended(bad)) == "Failed"
    assert client.steps(bad)["stop"]["FailureReason"] == "below 0.9"


def role_of_sagemaker(client: Client, name: str) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = client.stand_in.client("iam")
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"])
