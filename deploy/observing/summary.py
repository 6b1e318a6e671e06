"""What came of an execution: its exit code, figures against their gates, registry entry, files, endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.errors import PlatformError
from config.models import Project
from deploy import executions, objects
from deploy.executions import Seen, Step
from deploy.hints import typed
from deploy.observing import endpoint, outputs
from deploy.observing import gates as gating
from deploy.observing.costs import Usage, usages
from deploy.observing.endpoint import EndpointFate
from deploy.observing.gates import Gate
from deploy.observing.outputs import File
from deploy.reference import findable
from deploy.reviewing import registry
from deploy.reviewing.registry import Package, PackageError
from deploy.session import Aws

DONE, FAILED, GATE_MISSED = 0, 1, 5
# Ends other than success, as a sentence says them.
ENDS = {
    "Failed": "failed",
    "Stopped": "was stopped",
    "CompletedWithFailures": "completed with failures",
}


class RunFailedError(PlatformError):
    """An execution that did not succeed."""

    exit_code = FAILED


class GateMissedError(PlatformError):
    """An execution whose model was not good enough."""

    exit_code = GATE_MISSED


@dataclass(frozen=True)
class Summary:
    """One execution, summed up. `metrics` is the whole property file that the gates read; `candidate` are
    the figures of the fine-tuning job."""

    seen: Seen
    values: Mapping[str, str]
    gates: tuple[Gate, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    candidate: Mapping[str, float] = field(default_factory=dict)
    package: Package | None = None
    endpoint: EndpointFate | None = None
    files: tuple[File, ...] = ()
    usages: tuple[Usage, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code that the execution's end stands for."""
        return exit_code(self.seen)

    @property
    def failed_step(self) -> Step | None:
        """The step that ended the execution; None when it did not fail."""
        return next((step for step in self.seen.steps if step.status == "Failed"), None)


def exit_code(seen: Seen) -> int:
    """0 succeeded, 5 a gate was missed (whatever that does to the execution), else 1."""
    if gating.missed(seen):
        return GATE_MISSED
    return DONE if seen.execution.status == "Succeeded" else FAILED


def summarize(project: Project, aws: Aws, seen: Seen) -> Summary:
    """Gathers what is known of an execution, over or not."""
    values = executions.parameters(aws, seen.execution.arn)
    files = outputs.files(aws, project.environment, seen)
    return Summary(
        seen=seen,
        values=values,
        gates=gating.gates(aws, seen, values),
        metrics=gating.metrics(aws, seen) or {},
        candidate=_candidate_figures(aws, files),
        package=_package(project, aws, seen),
        endpoint=endpoint.fate(project, aws, seen, values),
        files=files,
        usages=usages(project, aws, seen, now=datetime.now(UTC)),
    )


def summarize_end(project: Project, aws: Aws, seen: Seen, *, sleep: Callable[[float], None]) -> Summary:
    """The same right after the end, when the endpoint is about to be deleted: waits some seconds for it."""
    found = endpoint.fate(project, aws, seen, executions.parameters(aws, seen.execution.arn))
    if found is not None and found.should_go:
        endpoint.wait_for_release(aws, found.name, sleep=sleep)
    return summarize(project, aws, seen)


def verdict(name: str, summary: Summary, environment: str) -> PlatformError | None:
    """What to tell of an execution that did not succeed, and what to type next; None for one that did."""
    execution = summary.seen.execution
    # Of a pipeline that the repository does not know the name is SageMaker's.
    named = findable(execution, known=name != execution.pipeline)
    if summary.exit_code == GATE_MISSED:
        missed = "; ".join(gate.text for gate in summary.gates if not gate.passed)
        return GateMissedError(
            f'gate of "{name}" missed: {missed}{"; nothing was registered" if _registers(summary) else ""}',
            hint=f"{typed(f'outputs {named}', environment)} lists the answers and the report",
        )
    if summary.exit_code == DONE:
        return None
    step = summary.failed_step
    where = f' in step "{step.name}"' if step else ""
    reason, hint = executions.fact_and_hint((step.reason if step else "") or execution.reason)
    hints = [
        hint,
        typed(f"logs {named} --step {step.name}", environment) if step else "",
        typed(f"retry {named} --wait", environment) if execution.status in executions.RETRYABLE else "",
    ]
    return RunFailedError(
        f'"{name}" {ENDS[execution.status]}{where}{": " if reason else ""}{reason}',
        hint="\n".join(each for each in hints if each),
    )


def _registers(summary: Summary) -> bool:
    """Whether the pipeline would have registered a model."""
    steps = executions.declared_steps(summary.seen.definition)
    return any(step["Type"] == "RegisterModel" for step in steps)


def _candidate_figures(aws: Aws, files: tuple[File, ...]) -> Mapping[str, float]:
    for file in files:
        if file.name == "candidate.json":
            content = objects.read_json(aws, file.uri)
            figures = content.get("metrics", {}) if isinstance(content, Mapping) else {}
            return {name: value for name, value in figures.items() if isinstance(value, int | float)}
    return {}


def _package(project: Project, aws: Aws, seen: Seen) -> Package | None:
    for step in seen.steps:
        arn = step.metadata.get("RegisterModel", {}).get("Arn")
        if arn and step.status == "Succeeded":
            try:
                return registry.find(project, aws, arn)
            except PackageError:  # deleted since; or a stranger's, of no group
                continue
    return None
