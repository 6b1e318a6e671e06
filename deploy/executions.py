"""Executions as the service tells of them: start, describe, list, steps, stop, retry."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.paging import entries
from deploy.planning.versions import NEWEST, VersionChoice
from deploy.reviewing.callers import caller, marked, without_mark
from deploy.session import Aws

# CompletedWithFailures: steps with a run condition ran on a failed upstream (facts of the service model).
TERMINAL = frozenset({"Succeeded", "Failed", "Stopped", "CompletedWithFailures"})
# What RetryPipelineExecution is known to take up again.
RETRYABLE = frozenset({"Failed", "Stopped"})
STEP_TERMINAL = frozenset({"Succeeded", "Failed", "Stopped"})
# ListPipelineExecutionSteps does not return a step's type; which of these keys its metadata has tells it.
KINDS = {
    "ProcessingJob": "Processing",
    "TrainingJob": "Training",
    "TuningJob": "Tuning",
    "TransformJob": "Transform",
    "AutoMLJob": "AutoML",
    "Model": "Model",
    "RegisterModel": "RegisterModel",
    "Condition": "Condition",
    "Callback": "Callback",
    "Lambda": "Lambda",
    "Fail": "Fail",
    "Endpoint": "Endpoint",
    "EndpointConfig": "EndpointConfig",
}
EXIT_CODE = re.compile(r", exit code: \d+$")


@dataclass(frozen=True)
class Execution:
    """One run of a pipeline. `pipeline` is SageMaker's name of it, `reason` why it failed, or empty."""

    arn: str
    pipeline: str
    status: str
    started: datetime
    changed: datetime
    description: str = ""
    reason: str = ""

    @property
    def id(self) -> str:
        """The twelve characters at the end of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen without a retry."""
        return self.status in TERMINAL

    @property
    def ended(self) -> datetime | None:
        """When it ended; None while it goes on."""
        return self.changed if self.is_over else None


@dataclass(frozen=True)
class Step:
    """One step of an execution; steps that have not begun are not told of by the service."""

    name: str
    status: str
    started: datetime | None
    ended: datetime | None
    reason: str = ""
    attempts: int = 0
    cached_from: str = ""
    reused_from: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The step's type in the definition, as far as the metadata tells; else empty."""
        return next((KINDS[key] for key in self.metadata if key in KINDS), "")

    @property
    def is_over(self) -> bool:
        """Whether it ended, well or not."""
        return self.status in STEP_TERMINAL


@dataclass(frozen=True)
class Seen:
    """All that the service tells of one execution at one moment; `definition` is the one that it runs."""

    execution: Execution
    definition: Mapping[str, Any] = field(repr=False)
    steps: tuple[Step, ...]

    @property
    def declared(self) -> tuple[str, ...]:
        """The names of the definition's steps, each before those inside its branches."""
        return tuple(step["Name"] for step in declared_steps(self.definition))

    def step(self, name: str) -> Step | None:
        """The step of that name; None when it has not begun."""
        return next((step for step in self.steps if step.name == name), None)


def look(aws: Aws, arn: str, document: Mapping[str, Any] | None = None) -> Seen:
    """Describes an execution with its steps; its definition is asked for unless it is given."""
    # Steps first and again at the end: an execution seen as over has all its steps in the list.
    listed = steps(aws, arn)
    execution = describe(aws, arn)
    if execution.is_over:
        listed = steps(aws, arn)
    return Seen(execution, definition(aws, arn) if document is None else document, listed)


def start(
    aws: Aws,
    pipeline: str,
    values: Mapping[str, str],
    *,
    description: str,
    selection: Mapping[str, Any] | None = None,
    version: VersionChoice = NEWEST,
) -> str:
    """Starts a deployed pipeline by SageMaker's name; returns the execution's ARN.

    `selection` is a SelectiveExecutionConfig, None for all steps.

    The token makes a repetition of the same request, by botocore after a lost answer, start nothing twice.
    """
    answer = aws.client("sagemaker").start_pipeline_execution(
        PipelineName=pipeline,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
        PipelineExecutionDescription=marked(description, caller(aws)),
        ClientRequestToken=uuid.uuid4().hex,
        **({"SelectiveExecutionConfig": selection} if selection else {}),
        **version.request,
    )
    return str(answer["PipelineExecutionArn"])


def describe(aws: Aws, arn: str) -> Execution:
    """What the service knows about an execution."""
    answer = aws.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
    return Execution(
        arn=answer["PipelineExecutionArn"],
        pipeline=pipeline_of(answer["PipelineExecutionArn"]),
        status=answer["PipelineExecutionStatus"],
        started=answer["CreationTime"],
        changed=answer.get("LastModifiedTime", answer["CreationTime"]),
        description=without_mark(answer.get("PipelineExecutionDescription", "")),
        reason=answer.get("FailureReason", ""),
    )


def steps(aws: Aws, arn: str) -> tuple[Step, ...]:
    """All steps that have begun, in the order in which they did."""
    ask = aws.client("sagemaker").list_pipeline_execution_steps
    listed = entries(ask, "PipelineExecutionSteps", PipelineExecutionArn=arn, SortOrder="Ascending")
    found = [_step(entry) for entry in listed]
    return tuple(
        sorted(found, key=lambda step: (step.started is None, step.started and step.started.timestamp()))
    )


def newest(aws: Aws, pipeline: str) -> Iterator[Execution]:
    """A pipeline's executions, newest first, asked for page by page as they are taken."""
    newest_first = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    ask = aws.client("sagemaker").list_pipeline_executions
    for entry in entries(ask, "PipelineExecutionSummaries", PipelineName=pipeline, **newest_first):
        yield Execution(
            arn=entry["PipelineExecutionArn"],
            pipeline=pipeline_of(entry["PipelineExecutionArn"]),
            status=entry["PipelineExecutionStatus"],
            started=entry["StartTime"],
            changed=entry.get("LastModifiedTime", entry["StartTime"]),
            description=without_mark(entry.get("PipelineExecutionDescription", "")),
            reason=entry.get("PipelineExecutionFailureReason", ""),
        )


def parameters(aws: Aws, arn: str) -> dict[str, str]:
    """The values that an execution runs with: those given at its start, the others by default."""
    defaults = {
        parameter["Name"]: str(parameter["DefaultValue"])
        for parameter in definition(aws, arn).get("Parameters", [])
        if "DefaultValue" in parameter
    }
    return defaults | given(aws, arn)


def given(aws: Aws, arn: str) -> dict[str, str]:
    """The values that were given at an execution's start; ours are all of them."""
    ask = aws.client("sagemaker").list_pipeline_parameters_for_execution
    listed = entries(ask, "PipelineParameters", PipelineExecutionArn=arn)
    return {entry["Name"]: entry["Value"] for entry in listed}


def definition(aws: Aws, arn: str) -> dict[str, Any]:
    """The very definition that an execution runs, whatever the pipeline has become since."""
    answer = aws.client("sagemaker").describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    parsed: dict[str, Any] = json.loads(answer["PipelineDefinition"])
    return parsed


def stop(aws: Aws, arn: str) -> None:
    """Asks the service to stop an execution; its jobs are stopped, its callbacks told."""
    aws.client("sagemaker").stop_pipeline_execution(
        PipelineExecutionArn=arn, ClientRequestToken=uuid.uuid4().hex
    )


def retry(aws: Aws, arn: str) -> None:
    """Runs what failed or was stopped again, under the same ARN."""
    aws.client("sagemaker").retry_pipeline_execution(
        PipelineExecutionArn=arn, ClientRequestToken=uuid.uuid4().hex
    )


def pipeline_of(arn: str) -> str:
    """SageMaker's name of the pipeline in an execution's ARN (.../pipeline/<name>/execution/<id>)."""
    return arn.rsplit(":pipeline/", maxsplit=1)[-1].split("/", maxsplit=1)[0]


def declared_steps(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The steps of a definition in the order written, those inside a condition's branches after it."""
    found: list[Mapping[str, Any]] = []
    for step in document.get("Steps", []):
        found.append(step)
        for branch in ("IfSteps", "ElseSteps"):
            found.extend(declared_steps({"Steps": step.get("Arguments", {}).get(branch, [])}))
    return tuple(found)


def fact_and_hint(reason: str) -> tuple[str, str]:
    """A failure's reason taken apart: our steps end theirs in a line "hint: ...", and SageMaker puts the
    exit code behind what a program said. Others' reasons are all fact."""
    fact, _, hint = reason.partition("\nhint: ")
    return fact.strip(), EXIT_CODE.sub("", hint).strip()


def _step(entry: Mapping[str, Any]) -> Step:
    return Step(
        name=entry["StepName"],
        status=entry["StepStatus"],
        started=entry.get("StartTime"),
        ended=entry.get("EndTime"),
        reason=entry.get("FailureReason", ""),
        attempts=entry.get("AttemptCount", 0),
        cached_from=entry.get("CacheHitResult", {}).get("SourcePipelineExecutionArn", ""),
        metadata=entry.get("Metadata", {}),
        reused_from=entry.get("SelectiveExecutionResult", {}).get("SourcePipelineExecutionArn", ""),
    )
