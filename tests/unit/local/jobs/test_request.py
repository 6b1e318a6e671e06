"""CreateProcessingJob's request as a value, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from local.api import ApiError
from local.jobs.request import InputChannel, OutputChannel, parse_request


def s3_input(name: str = "data", **changes: Any) -> dict[str, Any]:
    s3 = {
        "S3Uri": "s3://bucket/in",
        "LocalPath": f"/opt/ml/processing/input/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        **changes,
    }
    return {"InputName": name, "S3Input": s3}


def s3_output(name: str = "out", **changes: Any) -> dict[str, Any]:
    s3 = {"S3Uri": "s3://bucket/out", "LocalPath": f"/opt/ml/processing/{name}", "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": {**s3, **changes}}


def request(**changes: Any) -> dict[str, Any]:
    return {
        "ProcessingJobName": "job",
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "AppSpecification": {
            "ImageUri": "image",
            "ContainerEntrypoint": ["python3", "/x.py"],
            "ContainerArguments": ["--a", "1"],
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
        **changes,
    }


def test_a_request_becomes_a_value() -> None:
    """Command, channels, hosts and the service's default limit."""
    spec = parse_request(
        request(
            ProcessingInputs=[s3_input(S3DataDistributionType="ShardedByS3Key")],
            ProcessingOutputConfig={"Outputs": [s3_output(S3UploadMode="Continuous")]},
            Environment={"A": "b"},
        )
    )
    assert spec.command == ("python3", "/x.py", "--a", "1")
    assert spec.inputs == (
        InputChannel("data", "s3://bucket/in", "/opt/ml/processing/input/data", sharded=True),
    )
    assert spec.outputs == (
        OutputChannel("out", "s3://bucket/out", "/opt/ml/processing/out", continuous=True),
    )
    assert (spec.hosts, spec.max_seconds, spec.environment) == (("algo-1", "algo-2"), 86_400, {"A": "b"})


def test_outputs_that_a_program_uploads_itself_are_left_to_it() -> None:
    """AppManaged outputs are no channels."""
    outputs = [{"OutputName": "own", "AppManaged": True, "FeatureStoreOutput": {"FeatureGroupName": "g"}}]
    assert parse_request(request(ProcessingOutputConfig={"Outputs": outputs})).outputs == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"AppSpecification": {"ImageUri": "image"}},
            "no ContainerEntrypoint: .* image 'image' cannot be had",
        ),
        ({"ProcessingInputs": [s3_input(S3InputMode="Pipe")]}, "Input 'data' has the S3InputMode 'Pipe'"),
        ({"ProcessingInputs": [s3_input(S3CompressionType="Gzip")]}, "only goes with the Pipe mode"),
        (
            {"ProcessingInputs": [{"InputName": "d", "DatasetDefinition": {}}]},
            "Input 'd' is a DatasetDefinition",
        ),
        ({"ProcessingInputs": [s3_input(LocalPath="/data")]}, "does not begin with /opt/ml/processing/"),
        ({"ProcessingInputs": [s3_input(LocalPath="/opt/ml/processing/../x")]}, "does not begin with"),
        ({"ProcessingInputs": [s3_input(), s3_input()]}, "The input name 'data' is used twice"),
        (
            {
                "ProcessingInputs": [s3_input()],
                "ProcessingOutputConfig": {"Outputs": [s3_output("input/data")]},
            },
            "The LocalPath '/opt/ml/processing/input/data' is used twice",
        ),
        (
            {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "o"}]}},
            "feature store outputs do not run here",
        ),
    ],
)
def test_what_does_not_run_here_is_refused(changes: dict[str, Any], message: str) -> None:
    """As a ValidationException at the creation, not as a job that fails later."""
    with pytest.raises(ApiError, match=message) as caught:
        parse_request(request(**changes))
    assert caught.value.code == "ValidationException"
