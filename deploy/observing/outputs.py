"""The files that an execution wrote, by the step that wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import Environment
from deploy import objects
from deploy.errors import is_missing
from deploy.executions import Execution, Seen, Step
from deploy.session import Aws


@dataclass(frozen=True)
class File:
    """One file. `place` is where a person opens it: the URI, on the stand-in a path; `size` in bytes."""

    step: str
    uri: str
    place: str
    size: int

    @property
    def name(self) -> str:
        """The last part of the URI."""
        return self.uri.rpartition("/")[2]


def files(aws: Aws, environment: Environment, seen: Seen) -> tuple[File, ...]:
    """What lies in the execution's folder, and what its jobs wrote elsewhere, each file once.

    A step that was taken from the cache wrote nothing: its outputs are those of the earlier execution.
    """
    folder = folder_of(environment, seen.execution)
    found = {each.uri: _file(aws, seen, folder, each) for each in objects.below(aws, folder)}
    for step, place in _job_outputs(aws, seen):
        if not place.startswith(folder):
            for each in objects.below(aws, place.rstrip("/") + "/"):
                found.setdefault(each.uri, File(step, each.uri, aws.locate(each.uri), each.size))
    return tuple(found.values())


def folder_of(environment: Environment, execution: Execution) -> str:
    """Where the definition lets an execution write: s3://bucket/prefix/executions/pipeline/id/"""
    key = f"{names.key_prefix(environment)}/executions/{execution.pipeline}/{execution.id}/"
    return names.s3_uri(environment, key)


def output_uri(aws: Aws, step: Step, output: str) -> str | None:
    """Where a processing step's output lies; None for another kind of step, or another output."""
    return _outputs_of_job(aws, step).get(output)


def property_file(aws: Aws, seen: Seen, declared: Mapping[str, Any], name: str) -> Any | None:
    """The JSON document of a step's property file; None when it was not written."""
    step = seen.step(declared["Name"])
    for entry in declared.get("PropertyFiles", []):
        if entry["PropertyFileName"] == name and step is not None:
            folder = output_uri(aws, step, entry["OutputName"])
            return objects.read_json(aws, f"{folder.rstrip('/')}/{entry['FilePath']}") if folder else None
    return None


def _file(aws: Aws, seen: Seen, folder: str, found: objects.Found) -> File:
    first = found.uri.removeprefix(folder).partition("/")
    step = first[0] if first[1] and first[0] in seen.declared else ""
    return File(step, found.uri, aws.locate(found.uri), found.size)


def _job_outputs(aws: Aws, seen: Seen) -> Iterator[tuple[str, str]]:
    for step in seen.steps:
        for place in _outputs_of_job(aws, step).values():
            yield step.name, place


def _outputs_of_job(aws: Aws, step: Step) -> dict[str, str]:
    arn = step.metadata.get("ProcessingJob", {}).get("Arn")
    if not arn:
        return {}
    try:
        job = aws.client("sagemaker").describe_processing_job(ProcessingJobName=arn.rpartition("/")[2])
    except ClientError as error:
        if is_missing(error):
            return {}
        raise
    return {
        output["OutputName"]: output["S3Output"]["S3Uri"]
        for output in job.get("ProcessingOutputConfig", {}).get("Outputs", [])
    }
