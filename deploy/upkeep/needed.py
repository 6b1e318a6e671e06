"""What must stay, whatever is deleted: found from the two ends that need things, and followed.

    executions that run, packages approved or waiting for a decision
        -> the executions that they name (parameters, definition, figures, evidence) -> those that these name
    definitions deployed, their versions that can be gone back to, and those of all these executions
        -> the code, settings and data that they point at

Only reads. What cannot be read is an error, never "not needed".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import Project
from deploy import executions, objects
from deploy.errors import code_of, is_missing
from deploy.executions import Execution
from deploy.paging import entries
from deploy.reviewing import registry
from deploy.session import Aws

# Executions of one pipeline that are looked at for running ones: two listing pages.
RECENT = 200
# Versions of a pipeline that stay beside those with an alias, for `rollback`.
VERSIONS = 10
APPROVED, WAITING = "Approved", "PendingManualApproval"
EXECUTION_ARN = re.compile(r"arn:[a-z-]+:sagemaker:[a-z0-9-]+:\d{12}:pipeline/[^/\s\"]+/execution/[a-z0-9]+")


@dataclass
class Needed:
    """`running`, `serving`, `executions`: execution ids to the reason; `serving` are those of approved
    packages. `models`: ARNs of approved packages, and URIs of their model data. `texts` name what is needed
    in the bucket."""

    running: dict[str, str] = field(default_factory=dict)
    serving: dict[str, str] = field(default_factory=dict)
    executions: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)

    def names(self, key: str) -> bool:
        """Whether an object, or a folder, is pointed at from something that is needed."""
        return any(key in text for text in self.texts)

    def serves(self, description: Any) -> str:
        """Why something that serves must stay: it holds an approved package's model. Else empty."""
        return next((self.models[text] for text in strings(description) if text in self.models), "")


def needed(project: Project, aws: Aws) -> Needed:
    """Everything that must stay in the environment."""
    found = Needed()
    for execution in running(project, aws):
        why = f"execution {execution.id} is {execution.status}"
        found.running[execution.id] = why
        reached, said = _follow(project, aws, [execution.arn])
        found.executions |= dict.fromkeys(reached, why)
        found.texts |= said
    for package in _packages(project, aws):
        description = aws.client("sagemaker").describe_model_package(ModelPackageName=package.arn)
        is_approved = package.approval == APPROVED
        why = f"{package.name} needs it, {'approved' if is_approved else 'waiting for a decision'}"
        reached, said = _follow(project, aws, list(strings(description)))
        found.executions = {**dict.fromkeys(reached, why), **found.executions}
        found.texts |= said
        if is_approved:
            found.serving |= dict.fromkeys(reached, why)
            found.models |= dict.fromkeys((package.arn, *_model_data(description)), why)
    found.texts |= set(_definitions(project, aws))
    found.texts |= set(_settings(project, aws, found.texts))
    return found


def running(project: Project, aws: Aws) -> Iterator[Execution]:
    """The executions that are not over, of every pipeline whose name begins as ours do."""
    for pipeline in pipelines(project, aws):
        for execution in islice(executions.newest(aws, pipeline), RECENT):
            if not execution.is_over:
                yield execution


def pipelines(project: Project, aws: Aws) -> tuple[str, ...]:
    """SageMaker's names of all pipelines that begin with the environment's prefix, strangers' among them."""
    prefix = project.environment.prefix
    # The service takes no dash at the end of what names are to begin with.
    ask = aws.client("sagemaker").list_pipelines
    listed = [each["PipelineName"] for each in entries(ask, "PipelineSummaries", PipelineNamePrefix=prefix)]
    return tuple(name for name in listed if name.startswith(f"{prefix}-"))


def package_groups(project: Project, aws: Aws) -> tuple[str, ...]:
    """The groups of the configured pipelines, and those that begin with the prefix."""
    prefix = f"{project.environment.prefix}-"
    found = entries(
        aws.client("sagemaker").list_model_package_groups,
        "ModelPackageGroupSummaryList",
        NameContains=prefix,
    )
    listed = [each["ModelPackageGroupName"] for each in found]
    return tuple(sorted({*registry.groups(project), *(name for name in listed if name.startswith(prefix))}))


def strings(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each)


def _packages(project: Project, aws: Aws) -> Iterator[registry.Package]:
    for group in package_groups(project, aws):
        for status in (APPROVED, WAITING):
            yield from registry.packages(aws, group, status=status)


def _model_data(description: Mapping[str, Any]) -> Iterator[str]:
    for container in description.get("InferenceSpecification", {}).get("Containers", []):
        source = container.get("ModelDataSource", {}).get("S3DataSource", {})
        yield from (uri for uri in (container.get("ModelDataUrl"), source.get("S3Uri")) if uri)


def _follow(project: Project, aws: Aws, begin: Sequence[str]) -> tuple[set[str], set[str]]:
    """The ids of executions that texts name, with those that their parameters and definitions name in turn;
    and all these texts."""
    reached: set[str] = set()
    texts = set(begin)
    waiting = [arn for text in begin for arn in _named(project, text)]
    while waiting:
        arn = waiting.pop()
        if arn.rpartition("/")[2] in reached:
            continue
        reached.add(arn.rpartition("/")[2])
        said = _said_by(aws, arn)
        texts |= set(said)
        waiting += [other for text in said for other in _named(project, text)]
    return reached, texts


def _named(project: Project, text: str) -> Iterator[str]:
    """ARNs of executions in a text: written out, or as the folder of what they wrote."""
    yield from EXECUTION_ARN.findall(text)
    environment = project.environment
    prefix = re.escape(names.key_prefix(environment))
    folder = rf"/{prefix}/(?:executions|raw)/([^/\s\"]+)/([a-z0-9]{{12}})(?=/|$|\"|\s)"
    for pipeline, identifier in re.findall(folder, text):
        base = f"arn:{names.partition(environment)}:sagemaker:{environment.region}:{environment.account}"
        yield f"{base}:pipeline/{pipeline.lower()}/execution/{identifier}"


def _said_by(aws: Aws, arn: str) -> tuple[str, ...]:
    """An execution's values and its definition; nothing of one that the service does not know any more."""
    try:
        values = executions.parameters(aws, arn)
        answer = aws.client("sagemaker").describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    except ClientError as error:
        if is_missing(error):
            return ()
        raise
    return (*values.values(), str(answer["PipelineDefinition"]))


def _definitions(project: Project, aws: Aws) -> Iterator[str]:
    """What is deployed, and the versions that can be gone back to."""
    sagemaker = aws.client("sagemaker")
    for pipeline in pipelines(project, aws):
        yield str(sagemaker.describe_pipeline(PipelineName=pipeline).get("PipelineDefinition", ""))
        for version in _versions(aws, pipeline):
            answer = sagemaker.describe_pipeline(PipelineName=pipeline, PipelineVersionId=version)
            yield str(answer.get("PipelineDefinition", ""))


def _versions(aws: Aws, pipeline: str) -> list[int]:
    try:
        ask = aws.client("sagemaker").list_pipeline_versions
        newest_first = {"PipelineName": pipeline, "SortOrder": "Descending"}
        listed = list(entries(ask, "PipelineVersionSummaries", **newest_first))
    except ClientError as error:
        if code_of(error) in {"UnknownOperationException", "UnsupportedOperation"}:
            return []
        raise
    named = (n < VERSIONS or each.get("PipelineVersionAliases") for n, each in enumerate(listed))
    return [each["PipelineVersionId"] for each, stays in zip(listed, named, strict=True) if stays]


def _settings(project: Project, aws: Aws, texts: set[str]) -> Iterator[str]:
    """The settings that needed definitions point at: they in turn name data."""
    environment = project.environment
    place = re.escape(names.s3_uri(environment, f"{names.key_prefix(environment)}/settings/"))
    uris = {uri for text in texts for uri in re.findall(rf"{place}[0-9a-f]{{64}}", text)}
    for uri in sorted(uris):
        for each in objects.below(aws, f"{uri}/"):
            yield (objects.read(aws, each.uri) or b"").decode("utf-8", errors="replace")
