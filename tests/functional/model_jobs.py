"""AutoML jobs and endpoints for functional tests, spoken to with plain boto3."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from tests.functional.conftest import RunningStandIn

ROLE = "arn:aws:iam::123456789012:role/models"
FACTS = Path(__file__).resolve().parents[2] / "data" / "facts" / "facts.jsonl"
SHORT = {"epochCount": "1", "batchSize": "8", "learningRate": "0.001", "learningRateWarmupSteps": "5"}
Pair = tuple[str, str]


def facts(count: int) -> list[Pair]:
    """Prompt and answer of the sample data's first rows."""
    lines = FACTS.read_text(encoding="utf-8").splitlines()[:count]
    rows = [json.loads(line) for line in lines]
    return [(f"{row['question']}\n{row['support']}\n", row["correct_answer"]) for row in rows]


def as_csv(rows: Iterable[Pair], *, header: Pair = ("input", "output")) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def as_parquet(rows: Iterable[Pair]) -> bytes:
    inputs, outputs = zip(*rows, strict=True)
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"input": inputs, "output": outputs}), file)
    return file.getvalue()


class Models:
    """One bucket, and clients."""

    def __init__(self, stand_in: RunningStandIn, name: str) -> None:
        self.stand_in, self.bucket = stand_in, name
        self.sagemaker: Any = stand_in.client("sagemaker")
        self.runtime: Any = stand_in.client("sagemaker-runtime")

    def put(self, key: str, body: str | bytes) -> str:
        """The prefix that holds the object."""
        s3 = self.stand_in.client("s3")
        if self.bucket not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=self.bucket)
        s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key.rpartition('/')[0]}/"

    def train(
        self,
        name: str,
        training: str,
        *,
        base_model: str = "Dolly3B",
        content_type: str | None = None,
        **more: Any,
    ) -> str:
        """Starts a job; its ARN."""
        channel = {
            "ChannelType": "training",
            "ContentType": content_type or "text/csv;header=present",
            "CompressionType": "None",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": training}},
        }
        hyperparameters = more.pop("hyperparameters", SHORT)
        problem = {"BaseModelName": base_model, "TextGenerationHyperParameters": hyperparameters}
        answer = self.sagemaker.create_auto_ml_job_v2(
            AutoMLJobName=name,
            AutoMLJobInputDataConfig=[channel],
            OutputDataConfig={"S3OutputPath": f"s3://{self.bucket}/models"},
            AutoMLProblemTypeConfig={"TextGenerationJobConfig": problem},
            RoleArn=ROLE,
            **more,
        )
        return str(answer["AutoMLJobArn"])

    def trained(self, name: str, *, seconds: float = 60) -> Any:
        """DescribeAutoMLJobV2's answer when the job has ended."""
        return until_not(
            lambda: self.sagemaker.describe_auto_ml_job_v2(AutoMLJobName=name),
            "AutoMLJobStatus",
            {"InProgress", "Stopping"},
            seconds,
        )

    def deploy(self, name: str, container: dict[str, Any]) -> None:
        """Model, configuration and endpoint, all of this name; the endpoint is Creating."""
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        self.configure(name, name)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

    def configure(self, name: str, model: str) -> None:
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": model,
                    "InstanceType": "ml.g5.12xlarge",
                    "InitialInstanceCount": 1,
                    "ModelDataDownloadTimeoutInSeconds": 3600,
                    "ContainerStartupHealthCheckTimeoutInSeconds": 3600,
                }
            ],
        )

    def settled(self, name: str, *, seconds: float = 60) -> Any:
        """DescribeEndpoint's answer when the endpoint is neither Creating nor Updating."""
        return until_not(
            lambda: self.sagemaker.describe_endpoint(EndpointName=name),
            "EndpointStatus",
            {"Creating", "Updating"},
            seconds,
        )

    def ask(self, endpoint: str, prompt: str, **parameters: Any) -> Any:
        body = json.dumps({"text_inputs": prompt, "parameters": parameters})
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="application/json", Body=body
        )
        return json.loads(answer["Body"].read())


def until_not(look: Any, member: str, values: set[str], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while (found := look())[member] in values:
        assert time.monotonic() < deadline, f"{member} is still {found[member]}"
        time.sleep(0.1)
    return found
