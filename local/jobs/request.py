"""CreateProcessingJob's request as a frozen value; what this machine cannot do is refused here, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.api import ApiError

DEFAULT_MAX_SECONDS = 86_400  # API ProcessingStoppingCondition
_LOCAL_ROOT = "/opt/ml/processing"


@dataclass(frozen=True)
class InputChannel:
    """`sharded`: every instance gets its share of the objects; otherwise all of them."""

    name: str
    uri: str
    local_path: str
    sharded: bool = False
    manifest: bool = False


@dataclass(frozen=True)
class OutputChannel:
    """`continuous`: files are uploaded as they appear; otherwise all of them when the job has succeeded."""

    name: str
    uri: str
    local_path: str
    continuous: bool = False


@dataclass(frozen=True)
class JobSpec:
    name: str
    image: str
    command: tuple[str, ...]
    role: str
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[InputChannel, ...] = ()
    outputs: tuple[OutputChannel, ...] = ()
    instance_count: int = 1
    instance_type: str = ""
    max_seconds: int = DEFAULT_MAX_SECONDS

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(f"algo-{number}" for number in range(1, self.instance_count + 1))


def parse_request(request: Mapping[str, Any]) -> JobSpec:
    """ApiError (ValidationException) for what the service or this machine refuses."""
    app, cluster = request["AppSpecification"], request["ProcessingResources"]["ClusterConfig"]
    inputs = [_input(entry) for entry in request.get("ProcessingInputs") or ()]
    outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    channels = [channel for channel in map(_output, outputs) if channel is not None]
    _refuse_twice([channel.name for channel in inputs], "input name")
    _refuse_twice([channel.name for channel in channels], "output name")
    paths = [channel.local_path for channel in inputs] + [channel.local_path for channel in channels]
    _refuse_twice(paths, "LocalPath")
    return JobSpec(
        name=request["ProcessingJobName"],
        image=app["ImageUri"],
        command=_command(app),
        role=request["RoleArn"],
        environment=request.get("Environment") or {},
        inputs=tuple(inputs),
        outputs=tuple(channels),
        instance_count=cluster["InstanceCount"],
        instance_type=cluster.get("InstanceType", ""),
        max_seconds=(request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS),
    )


def _command(app: Mapping[str, Any]) -> tuple[str, ...]:
    entrypoint = app.get("ContainerEntrypoint")
    if not entrypoint:
        raise _refused(
            "AppSpecification has no ContainerEntrypoint: the entrypoint that is built into the image "
            f"'{app['ImageUri']}' cannot be had without running containers"
        )
    return (*entrypoint, *(app.get("ContainerArguments") or ()))


def _input(entry: Mapping[str, Any]) -> InputChannel:
    name, s3 = entry["InputName"], entry.get("S3Input")
    if s3 is None:
        raise _refused(
            f"Input '{name}' is a DatasetDefinition, which does not run here; only an S3Input does"
        )
    if s3.get("S3InputMode", "File") != "File":
        raise _refused(f"Input '{name}' has the S3InputMode '{s3['S3InputMode']}', which does not run here")
    if s3.get("S3CompressionType", "None") != "None":
        raise _refused(f"Input '{name}' has S3CompressionType 'Gzip', which only goes with the Pipe mode")
    return InputChannel(
        name=name,
        uri=s3["S3Uri"],
        local_path=_local_path(s3, f"Input '{name}'"),
        sharded=s3.get("S3DataDistributionType") == "ShardedByS3Key",
        manifest=s3["S3DataType"] == "ManifestFile",
    )


def _output(entry: Mapping[str, Any]) -> OutputChannel | None:
    """None where the program brings its output to S3 itself."""
    name, s3 = entry["OutputName"], entry.get("S3Output")
    if entry.get("AppManaged"):
        return None
    if s3 is None:
        raise _refused(f"Output '{name}' has no S3Output; feature store outputs do not run here")
    local_path = _local_path(s3, f"Output '{name}'")
    return OutputChannel(name, s3["S3Uri"], local_path, s3["S3UploadMode"] == "Continuous")


def _local_path(s3: Mapping[str, Any], what: str) -> str:
    path = str(s3.get("LocalPath") or "").rstrip("/")
    if not path.startswith(f"{_LOCAL_ROOT}/") or ".." in path.split("/"):
        raise _refused(f"{what} has the LocalPath '{path}', which does not begin with {_LOCAL_ROOT}/")
    return path


def _refuse_twice(values: list[str], what: str) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise _refused(f"The {what} '{twice[0]}' is used twice")


def _refused(message: str) -> ApiError:
    return ApiError("ValidationException", f"{message}.")
