"""Why an execution ended as it did, or what it is waiting for: everything that one screen needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.models import InferenceConfig, Project
from deploy import executions
from deploy.executions import Seen, Step
from deploy.hints import typed
from deploy.observing import causes, gates, logs
from deploy.observing.causes import Cause
from deploy.observing.gates import Gate
from deploy.observing.logs import Line
from deploy.observing.telling import telling
from deploy.observing.waits import OpenWait, open_waits
from deploy.reference import config_name_of, findable
from deploy.session import Aws

SUCCEEDED, FAILED, GATE_MISSED, STOPPED = "succeeded", "failed", "gate missed", "stopped"
STOPPING, WAITING, AT_WORK = "stopping", "waiting", "at work"
# So many lines of a log's end are looked through.
LINES = 500


@dataclass(frozen=True)
class Diagnosis:
    """`verdict` is one of the words above; `reason` the whole of what was said, `advice` what the step itself
    proposes; `next` holds command lines, the best one first."""

    seen: Seen
    verdict: str
    step: Step | None
    reason: str
    advice: str
    others: tuple[Step, ...]
    lines: tuple[Line, ...]
    cause: Cause | None
    gates: tuple[Gate, ...]
    waits: tuple[OpenWait, ...]
    next: tuple[str, ...]


def diagnose(project: Project, aws: Aws, seen: Seen) -> Diagnosis:
    """Looks at the steps, the failed one's log, the gates' figures and the open waits."""
    verdict = _verdict(seen)
    failed = [step for step in seen.steps if step.status == "Failed"]
    step = failed[0] if failed else next((each for each in seen.steps if not each.is_over), None)
    reason, advice = executions.fact_and_hint((step.reason if step else "") or seen.execution.reason)
    lines = telling(logs.end(aws, seen, step, LINES)) if verdict == FAILED and step else ()
    waits = open_waits(aws, project.environment, seen)
    if verdict == AT_WORK and waits:
        verdict, step = WAITING, seen.step(waits[0].step)
    cause = causes.likely(reason, [line.text for line in lines]) if verdict == FAILED else None
    missed: tuple[Gate, ...] = ()
    if verdict == GATE_MISSED:
        missed = gates.gates(aws, seen, executions.parameters(aws, seen.execution.arn))
    return Diagnosis(
        seen,
        verdict,
        step,
        reason,
        advice,
        tuple(each for each in failed if each is not step),
        lines,
        cause,
        missed,
        waits,
        tuple(dict.fromkeys(_next(project, seen, verdict, step, cause))),
    )


def _verdict(seen: Seen) -> str:
    status = seen.execution.status
    if gates.missed(seen):
        return GATE_MISSED
    return {
        "Succeeded": SUCCEEDED,
        "Failed": FAILED,
        "CompletedWithFailures": FAILED,
        "Stopped": STOPPED,
        "Stopping": STOPPING,
    }.get(status, AT_WORK)


def _next(
    project: Project, seen: Seen, verdict: str, step: Step | None, cause: Cause | None
) -> Iterator[str]:
    """Command lines, most useful first."""
    filled = _filled(project, seen, step)
    for words in (*(cause.commands if cause else ()), *NEXT[verdict]):
        if words.startswith("retry ") and seen.execution.status not in executions.RETRYABLE:
            continue
        if all(value for name, value in filled.items() if f"{{{name}}}" in words):
            yield typed(words.format(**filled), project.environment.name)


NEXT: Mapping[str, tuple[str, ...]] = {
    SUCCEEDED: ("status {id}", "outputs {id}"),
    FAILED: ("logs {id} --step {step}", "retry {id} --wait"),
    GATE_MISSED: ("outputs {id} --open", "status {id}"),
    STOPPED: ("retry {id} --wait",),
    STOPPING: ("watch {id}",),
    WAITING: ("watch {id}", "logs {id} --step {step} --follow", "stop {id}"),
    AT_WORK: ("watch {id}", "stop {id}"),
}


def _filled(project: Project, seen: Seen, step: Step | None) -> dict[str, str]:
    """What the commands are made of; empty what there is not."""
    name = config_name_of(project, seen.execution.pipeline)
    config = project.pipelines.get(name) if name else None
    return {
        "id": findable(seen.execution, known=name is not None),
        "step": step.name if step else "",
        "pipeline": name or "",
        "training": config.training if isinstance(config, InferenceConfig) else name or "",
    }
