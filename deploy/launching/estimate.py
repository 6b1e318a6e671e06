"""What a start would take and cost: times from earlier executions, prices from the environment's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config import names
from config.models import Project
from config.platform_parameters import SAMPLE_ROWS
from deploy.executions import declared_steps
from deploy.launching.history import History, history
from deploy.launching.launch import Ready
from deploy.observing.costs import prices, usd
from deploy.session import Aws

# Types of steps that are done in a moment, and use no instance.
QUICK = frozenset({"Condition", "Fail", "RegisterModel", "Model", "EndpointConfig"})
# What Autopilot runs on is its own choice.
CHOSEN_BY_AUTOPILOT = "chosen by Autopilot"


@dataclass(frozen=True)
class StepEstimate:
    """`seconds` is None without an earlier execution, `usd` None without a price; `instance_type` is empty
    for a step that uses no instance."""

    step: str
    kind: str
    seconds: float | None
    instance_type: str
    instances: int
    usd: float | None

    @property
    def is_known(self) -> bool:
        """Whether nothing about its cost is open."""
        return not self.instance_type or self.usd is not None


@dataclass(frozen=True)
class Estimate:
    """`seconds` is how long the whole may take, `usd` the sum of what is known, `unknown` the steps whose
    cost is not."""

    name: str
    steps: tuple[StepEstimate, ...]
    seconds: float | None
    usd: float | None
    unknown: tuple[str, ...]
    past: History
    sample_rows: str


def estimate(project: Project, aws: Aws, ready: Ready) -> Estimate:
    """Of what would run: all steps, or those that were selected. Nothing is started."""
    pipeline = names.pipeline_name(project.environment, ready.name)
    sample = ready.values.get(SAMPLE_ROWS, "0")
    past = history(aws, pipeline, sample_rows=sample)
    price = prices(project, pipeline)
    steps = tuple(_steps(ready, past, price))
    known = [step.usd for step in steps if step.usd is not None]
    chosen = [step.seconds for step in steps if step.seconds is not None]
    return Estimate(
        ready.name,
        steps,
        (sum(chosen) if chosen else None) if ready.selection else past.total,
        sum(known) if known else None,
        tuple(step.step for step in steps if not step.is_known),
        past,
        sample,
    )


def _steps(ready: Ready, past: History, price: Mapping[str, float]) -> Iterator[StepEstimate]:
    selected = ready.selection.steps if ready.selection else None
    for step in declared_steps(ready.definition):
        if step["Type"] in QUICK or (selected is not None and step["Name"] not in selected):
            continue
        seconds = past.seconds.get(step["Name"])
        instance_type, count = _instances(step, ready.values)
        cost = usd(price, instance_type, count, seconds)
        yield StepEstimate(step["Name"], step["Type"], seconds, instance_type, count, cost)


def _instances(step: Mapping[str, Any], values: Mapping[str, str]) -> tuple[str, int]:
    arguments = step.get("Arguments", {})
    cluster = arguments.get("ProcessingResources", {}).get("ClusterConfig", {})
    if cluster:
        return str(_value(cluster["InstanceType"], values)), int(_value(cluster["InstanceCount"], values))
    if step["Type"] == "Callback" and arguments.get("waits_for") == "automl":
        return CHOSEN_BY_AUTOPILOT, 1
    return "", 0


def _value(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return values.get(str(value.get("Get", "")).removeprefix("Parameters."), "")
    return value
