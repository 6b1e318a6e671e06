"""Two executions side by side: what is different, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.errors import PlatformError
from config.models import Project
from config.platform_parameters import CANDIDATE, PROVENANCE
from deploy import objects
from deploy.executions import declared_steps
from deploy.hints import typed
from deploy.launching.history import worked
from deploy.observing import costs
from deploy.observing.summary import Summary
from deploy.reference import config_name_of
from deploy.session import Aws

# Times of two runs always differ; what is told of differs by a second and a tenth at least.
LEAST_SECONDS, LEAST_SHARE = 1.0, 0.1
HASH = re.compile(r"\b[0-9a-f]{64}\b")
# Inputs of a processing job that hold our code and what it is told; their URIs name their content's hash.
CODE_INPUTS = ("code", "settings")
# Names that belong to one execution: that they differ says nothing.
OWN_NAMES = frozenset(
    {"EndpointName", "ModelDataUrl", "EvaluationData", "TrainingQuestions", "CandidateUri", "AutoMLJobName"}
)


class IncomparableError(PlatformError):
    """Two executions that have nothing to be compared by."""


@dataclass(frozen=True)
class Difference:
    """`a` and `b` are the two values, None where one side has none."""

    name: str
    a: Any
    b: Any

    @property
    def change(self) -> float | None:
        """b - a of two figures."""
        numbers = [self.a, self.b]
        if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers):
            return None
        return float(self.b - self.a)


@dataclass(frozen=True)
class Comparison:
    """Differences by what differs, in the order people look at them; `notes` say what to beware of."""

    a: Summary
    b: Summary
    differences: Mapping[str, tuple[Difference, ...]]
    notes: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is different."""
        return not any(self.differences.values())


def check_comparable(project: Project, a: str, b: str) -> None:
    """Raises IncomparableError unless SageMaker's pipelines of these names are one, or of one kind."""
    if a == b:
        return
    kinds = [_kind(project, name) for name in (a, b)]
    if kinds[0] != kinds[1] or not kinds[0]:
        told = [f'"{name}" is {f"of kind {kind}" if kind else "not of this repository"}'
                for name, kind in zip((a, b), kinds, strict=True)]  # fmt: skip
        raise IncomparableError(
            f"these executions cannot be compared: {', '.join(told)}",
            hint=typed("executions", project.environment.name),
        )


def compare(aws: Aws, a: Summary, b: Summary) -> Comparison:
    """What is different between the two; both are of one kind of pipeline (`check_comparable`)."""
    found = {
        "parameters": _parameters(a, b),
        "definition": tuple(_definition(a, b)),
        "code": tuple(_code(a, b)),
        "data": _pairs(_data(aws, a), _data(aws, b)),
        "metrics": _pairs(_metrics(aws, a), _metrics(aws, b)),
        "durations": tuple(_durations(a, b)),
        "cost": tuple(_cost(a, b)),
    }
    return Comparison(a, b, found, tuple(_notes(a, b, found)))


def _kind(project: Project, pipeline: str) -> str:
    config = project.pipelines.get(config_name_of(project, pipeline) or "")
    return str(getattr(config, "kind", ""))


def _pairs(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Difference, ...]:
    names = dict.fromkeys([*a, *b])
    return tuple(Difference(name, a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name))


def _parameters(a: Summary, b: Summary) -> tuple[Difference, ...]:
    """Without those that name one execution's things, and the commit, which stands under code."""
    left_out = {*OWN_NAMES, *(each.name for each in PROVENANCE)}
    sides = [{name: value for name, value in each.values.items() if name not in left_out} for each in (a, b)]
    return _pairs(*sides)


def _definition(a: Summary, b: Summary) -> Iterator[Difference]:
    """Steps that one side alone has, then arguments that differ, by step and path."""
    steps = [{step["Name"]: step for step in declared_steps(each.seen.definition)} for each in (a, b)]
    for name in dict.fromkeys([*steps[0], *steps[1]]):
        if name not in steps[0] or name not in steps[1]:
            yield Difference(name, *("there" if name in side else None for side in steps))
            continue
        leaves = [dict(_leaves(_without_branches(side[name]))) for side in steps]
        names = [each.seen.execution.pipeline for each in (a, b)]
        neutral = [
            {path: _neutral(value, name) for path, value in side.items()}
            for side, name in zip(leaves, names, strict=True)
        ]
        for difference in _pairs(*neutral):
            yield Difference(f"{name}: {difference.name}", difference.a, difference.b)


def _without_branches(step: Mapping[str, Any]) -> Mapping[str, Any]:
    arguments = {
        name: value
        for name, value in step.get("Arguments", {}).items()
        if name not in {"IfSteps", "ElseSteps"}
    }
    return {**step, "Arguments": arguments}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping and no list, with its path."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _neutral(value: Any, pipeline: str) -> Any:
    """Without hashes of code and settings, which stand under code, and without the pipeline's own name."""
    if not isinstance(value, str):
        return value
    return HASH.sub("<hash>", re.sub(re.escape(pipeline), "<pipeline>", value, flags=re.IGNORECASE))


def _code(a: Summary, b: Summary) -> Iterator[Difference]:
    """The commit, and the hash of each step's code and settings: what they are, not where they lie."""
    yield from _pairs(*({each.name: side.values.get(each.name) for each in PROVENANCE} for side in (a, b)))
    yield from _pairs(_hashes(a), _hashes(b))


def _hashes(side: Summary) -> dict[str, str]:
    found = {}
    for step in declared_steps(side.seen.definition):
        for given in step.get("Arguments", {}).get("ProcessingInputs", []):
            uri = str(given.get("S3Input", {}).get("S3Uri", ""))
            match = HASH.search(uri)
            if given.get("InputName") in CODE_INPUTS and match:
                found[f"{step['Name']}: {given['InputName']}"] = match[0][:12]
        if step["Type"] == "Lambda":
            found[f"{step['Name']}: function"] = str(step.get("FunctionArn", "")).rpartition(":function:")[2]
    return found


# Files by name: the members that tell which data they are about.
DATA_FILES: Mapping[str, tuple[str, ...]] = {
    "data_report.json": ("data_hash",),
    "dataset.json": ("data_hash",),
    "manifest.json": ("data", "sha256"),
}
METRICS_FILES = frozenset({"guardrails_metrics.json", "labeling_metrics.json"})
# Members of a labeling's metrics that say how much came out.
COUNTED = ("objects", "answers", "segments", "whole_answers", "sets")
DATA_NAMES = {
    "data_report.json": "training data",
    "dataset.json": "labeled data",
    "manifest.json": "evaluation data",
}


def _data(aws: Aws, side: Summary) -> dict[str, str]:
    found = {}
    if "DataHash" in side.values:
        found["training data"] = side.values["DataHash"][:12]
    for file in side.files:
        if file.name in DATA_FILES:
            content: Any = objects.read_json(aws, file.uri)
            for member in DATA_FILES[file.name]:
                content = content.get(member) if isinstance(content, Mapping) else None
            if isinstance(content, str):
                found[DATA_NAMES[file.name]] = content[:12]
    return found


def _metrics(aws: Aws, side: Summary) -> dict[str, float]:
    """Means of the metrics file, the counts of a labeling, and the figures of the fine-tuning."""
    document = side.metrics or _metrics_file(aws, side)
    figures = {
        name: float(figure["mean"])
        for name, figure in (document.get("metrics") or {}).items()
        if isinstance(figure, Mapping) and isinstance(figure.get("mean"), int | float)
    }
    counts = {
        path: value
        for part in COUNTED
        for path, value in _leaves(document.get(part) or {}, part)
        if isinstance(value, int | float)
    }
    return {**figures, **counts, **{f"fine-tuning {name}": value for name, value in side.candidate.items()}}


def _metrics_file(aws: Aws, side: Summary) -> Mapping[str, Any]:
    """Of a pipeline without gates, which nothing but a person reads."""
    for file in side.files:
        if file.name in METRICS_FILES:
            content = objects.read_json(aws, file.uri)
            return content if isinstance(content, Mapping) else {}
    return {}


def _durations(a: Summary, b: Summary) -> Iterator[Difference]:
    times = [{step.name: worked(step) for step in side.seen.steps} for side in (a, b)]
    for name in dict.fromkeys([*times[0], *times[1]]):
        first, second = times[0].get(name), times[1].get(name)
        if _is_far(first or 0.0, second or 0.0):
            yield Difference(name, first, second)


def _is_far(a: float, b: float) -> bool:
    return abs(a - b) >= max(LEAST_SECONDS, LEAST_SHARE * max(a, b))


def _cost(a: Summary, b: Summary) -> Iterator[Difference]:
    """Of the jobs: an endpoint goes on costing, whatever its execution was."""
    sums = [costs.total(side.usages) for side in (a, b)]
    if sums[0] != sums[1]:
        yield Difference("USD", *(None if each is None else round(each, 4) for each in sums))


def _notes(a: Summary, b: Summary, found: Mapping[str, tuple[Difference, ...]]) -> Iterator[str]:
    for side in (a, b):
        if not side.seen.execution.is_over:
            yield f"{side.seen.execution.id} is not over: what it has yet to do is missing on its side"
    data = {difference.name for difference in found["data"]}
    evaluated = any(name in side.values for side in (a, b) for name in (each.name for each in CANDIDATE))
    if "evaluation data" in data:
        yield "they were evaluated on different rows: their figures cannot be held against each other"
    elif evaluated and "training data" in data:
        yield "their models were trained on different data"
    rows = [side.values.get("SampleRows", "0") for side in (a, b)]
    if rows[0] != rows[1]:
        yield "they ran on different numbers of rows (SampleRows)"
