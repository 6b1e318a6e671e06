"""Pipelines that are not ours, as plain JSON, and what a test asks about their executions."""

from __future__ import annotations

import contextlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

from tests.functional.conftest import RunningStandIn

ROLE = "arn:aws:iam::123456789012:role/a-role-of-somebody"
INSTANCE = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
SCRIPT = "/opt/ml/processing/input/code/script.py"


class Client:
    """The clients of one stand-in with a bucket of the test's own."""

    def __init__(self, stand_in: RunningStandIn, bucket: str) -> None:
        self.stand_in = stand_in
        self.bucket = bucket
        self.sagemaker = stand_in.client("sagemaker")
        self.s3 = stand_in.client("s3")

    def make_bucket(self) -> None:
        self.s3.create_bucket(Bucket=self.bucket)

    def put(self, key: str, body: str) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body.encode())
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str) -> str:
        return str(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())

    def keys(self, prefix: str = "") -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def create(self, name: str, *steps: Any, parameters: tuple[Any, ...] = ()) -> str:
        definition = {
            "Version": "2020-12-01",
            "Metadata": {},
            "Parameters": list(parameters),
            "Steps": list(steps),
        }
        answer = self.sagemaker.create_pipeline(
            PipelineName=name, PipelineDefinition=json.dumps(definition), RoleArn=ROLE
        )
        return str(answer["PipelineArn"])

    def start(self, name: str, **parameters: str) -> str:
        given = [{"Name": key, "Value": value} for key, value in parameters.items()]
        answer = self.sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=given)
        return str(answer["PipelineExecutionArn"])

    def status(self, execution: str) -> str:
        answer = self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
        return str(answer["PipelineExecutionStatus"])

    def ended(self, execution: str, seconds: float = 60) -> str:
        """The status in which the execution ends."""
        until(lambda: self.status(execution) not in ("Executing", "Stopping"), seconds)
        return self.status(execution)

    def steps(self, execution: str) -> dict[str, Any]:
        """By name, in the order in which they started."""
        pages = self.sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=execution, SortOrder="Ascending"
        )
        return {step["StepName"]: step for page in pages for step in page["PipelineExecutionSteps"]}

    def statuses(self, execution: str) -> dict[str, str]:
        return {name: step["StepStatus"] for name, step in self.steps(execution).items()}

    def processing(self, name: str, code: str, *arguments: Any, **more: Any) -> dict[str, Any]:
        """A step that runs a script from the bucket; its output `out` is /opt/ml/processing/out."""
        outputs = [
            {
                "OutputName": "out",
                "S3Output": {
                    "S3Uri": join("/", f"s3://{self.bucket}", {"Get": "Execution.PipelineExecutionId"}, name),
                    "LocalPath": "/opt/ml/processing/out",
                    "S3UploadMode": "EndOfJob",
                },
            }
        ]
        app: dict[str, Any] = {"ImageUri": "a-strangers-image", "ContainerEntrypoint": ["python3", SCRIPT]}
        if arguments:
            app["ContainerArguments"] = list(arguments)
        inputs = [s3_input("code", code), *more.pop("inputs", [])]
        return {
            "Name": name,
            "Type": "Processing",
            "Arguments": {
                "RoleArn": ROLE,
                "ProcessingResources": {"ClusterConfig": INSTANCE},
                "AppSpecification": app,
                "ProcessingInputs": inputs,
                "ProcessingOutputConfig": {"Outputs": outputs},
                **more.pop("arguments", {}),
            },
            **more,
        }

    def queue(self, name: str) -> str:
        return str(self.stand_in.client("sqs").create_queue(QueueName=name)["QueueUrl"])

    def messages(self, queue: str, count: int, seconds: float = 20) -> list[dict[str, Any]]:
        """The bodies of the next messages, deleted from the queue."""
        sqs = self.stand_in.client("sqs")
        bodies: list[dict[str, Any]] = []
        end = time.monotonic() + seconds
        while len(bodies) < count and time.monotonic() < end:
            received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            for message in received.get("Messages", []):
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def function(self, name: str, code: str, *, timeout: int = 30) -> str:
        """A Lambda function with this module text as its handler; returns its ARN."""
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("handler.py", code)
        answer = self.stand_in.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self._function_role(),
            Handler="handler.handle",
            Code={"ZipFile": body.getvalue()},
            Timeout=timeout,
        )
        return str(answer["FunctionArn"])

    def _function_role(self) -> str:
        iam = self.stand_in.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        name = f"{self.bucket}-functions"
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError("it did not come to that in time")
        time.sleep(0.02)
    return result


def join(on: str, *values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": on, "Values": list(values)}}


def s3_input(name: str, uri: Any, **changes: Any) -> dict[str, Any]:
    return {
        "InputName": name,
        "AppManaged": False,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
            **changes,
        },
    }


def callback(name: str, queue: str, outputs: dict[str, str], **arguments: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "Callback",
        "SqsQueueUrl": queue,
        "Arguments": arguments,
        "OutputParameters": [{"OutputName": n, "OutputType": kind} for n, kind in outputs.items()],
    }
