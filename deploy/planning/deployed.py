"""A pipeline as the service has it now: one description, its tags, its versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import is_missing
from deploy.paging import entries
from deploy.planning.ownership import state_of
from deploy.session import Aws


@dataclass(frozen=True)
class DeployedPipeline:
    """What DescribePipeline and ListTags say; a definition that is no JSON is kept as its text."""

    name: str
    arn: str
    definition: Any = field(repr=False)
    description: str
    role: str
    parallelism: int | None
    tags: Mapping[str, str]

    @property
    def state(self) -> str:
        """All that an upsert may change, in one hash."""
        return self._state(self.parallelism)

    @property
    def states(self) -> tuple[str, str]:
        """What tags may say of it. Where the file sets no parallelism the tag does not know it either: the
        service may answer with a limit of its own."""
        return self.state, self._state(None)

    def _state(self, parallelism: int | None) -> str:
        return state_of(
            self.definition, description=self.description, role=self.role, parallelism=parallelism
        )


@dataclass(frozen=True)
class PipelineVersion:
    """A version that the service keeps, with the names it goes by."""

    id: int
    aliases: tuple[str, ...]
    created: Any


def look_up(aws: Aws, name: str, arn: str) -> DeployedPipeline | None:
    """The pipeline of that name with its tags; None where there is none."""
    answer = describe(aws, name)
    if answer is None:
        return None
    return DeployedPipeline(
        name=name,
        arn=arn,
        definition=parsed(answer.get("PipelineDefinition", "")),
        description=answer.get("PipelineDescription", ""),
        role=answer.get("RoleArn", ""),
        parallelism=answer.get("ParallelismConfiguration", {}).get("MaxParallelExecutionSteps"),
        tags=tags_of(aws, arn),
    )


def describe(aws: Aws, name: str, **version: Any) -> dict[str, Any] | None:
    """DescribePipeline; None where there is no such pipeline or version."""
    try:
        answer: dict[str, Any] = aws.client("sagemaker").describe_pipeline(PipelineName=name, **version)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return answer


def parsed(text: str) -> Any:
    """A definition as JSON; as its text where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    """All tags of a resource."""
    listed = entries(aws.client("sagemaker").list_tags, "Tags", ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for tag in listed}


def versions(aws: Aws, name: str) -> Iterator[PipelineVersion]:
    """The versions of a pipeline, newest first."""
    ask = aws.client("sagemaker").list_pipeline_versions
    for each in entries(ask, "PipelineVersionSummaries", PipelineName=name, SortOrder="Descending"):
        yield PipelineVersion(
            id=int(each["PipelineVersionId"]),
            aliases=tuple(each.get("PipelineVersionAliases") or ()),
            created=each.get("CreationTime"),
        )


def definition_of(aws: Aws, name: str, version: int) -> Any:
    """The definition of one version."""
    answer = describe(aws, name, PipelineVersionId=version)
    return None if answer is None else parsed(answer.get("PipelineDefinition", ""))
