"""Gates of an execution with their figures, read from the definition that ran and the file it read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.executions import Seen, declared_steps
from deploy.observing import outputs
from deploy.session import Aws

# The condition types that a gate is made of: how the text goes, and how the figure is held against the bound.
COMPARISONS = {
    "GreaterThanOrEqualTo": "at least",
    "GreaterThan": "more than",
    "LessThanOrEqualTo": "at most",
    "LessThan": "less than",
}


# What a gate with better_than reads: comparisons.<metric>.passed, 1 or 0, as the evaluation decided.
COMPARED = re.compile(r"comparisons\.(?P<metric>\w+)\.passed")
BETTER_THAN_APPROVED = "better than approved"


@dataclass(frozen=True)
class Gate:
    """One condition on one figure. `path` is where the figure stands in the property file, such as
    "metrics.f1.mean"; `value` is None when it was not measured.

    Of a comparison with the approved package `value` is the difference of the means, None where there is
    none; `bound` its margin; `decided` and `detail` are what the evaluation found, in words.
    """

    step: str
    path: str
    comparison: str
    bound: float
    value: float | None
    decided: bool | None = None
    detail: str = ""

    @property
    def metric(self) -> str:
        """The metric's name: "f1" of "metrics.f1.mean"."""
        compared = COMPARED.fullmatch(self.path)
        return compared["metric"] if compared else self.path.removesuffix(".mean").rpartition(".")[2]

    @property
    def compares(self) -> bool:
        """Whether it is held against the approved package."""
        return self.comparison == BETTER_THAN_APPROVED

    @property
    def passed(self) -> bool | None:
        """Whether the figure satisfies the bound; None without a figure."""
        if self.compares:
            return self.decided
        if self.value is None:
            return None
        return {
            "at least": self.value >= self.bound,
            "more than": self.value > self.bound,
            "at most": self.value <= self.bound,
            "less than": self.value < self.bound,
        }[self.comparison]

    @property
    def text(self) -> str:
        """ "f1 = 0.43, needs at least 0.5"."""
        if self.compares:
            return f"{self.metric}: {self.detail or 'not compared with the approved package'}"
        figure = "not measured" if self.value is None else f"= {figure_text(self.value)}"
        return f"{self.metric} {figure}, needs {self.comparison} {figure_text(self.bound)}"


def missed(seen: Seen) -> bool:
    """Whether a condition that reads a property file came out false: the gate, in our pipelines."""
    return any(
        seen_step is not None and seen_step.metadata.get("Condition", {}).get("Outcome") == "False"
        for seen_step in (seen.step(step["Name"]) for step in _gating_steps(seen))
    )


def gates(aws: Aws, seen: Seen, values: Mapping[str, str]) -> tuple[Gate, ...]:
    """All gates of the execution; `values` are its parameters."""
    return tuple(gate for step in _gating_steps(seen) for gate in _of_step(aws, seen, step, values))


def metrics(aws: Aws, seen: Seen) -> Mapping[str, Any] | None:
    """The whole property file that the gates read; None when it was not written."""
    for step in _gating_steps(seen):
        for condition in step["Arguments"]["Conditions"]:
            document = _document(aws, seen, condition)
            if isinstance(document, Mapping):
                return document
    return None


def figure_text(value: float) -> str:
    """A figure for people: four significant digits."""
    return f"{value:.4g}"


def _gating_steps(seen: Seen) -> Iterator[Mapping[str, Any]]:
    for step in declared_steps(seen.definition):
        conditions = step.get("Arguments", {}).get("Conditions", []) if step["Type"] == "Condition" else []
        if any(_property_file(condition) for condition in conditions):
            yield step


def _of_step(aws: Aws, seen: Seen, step: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Gate]:
    for condition in step["Arguments"]["Conditions"]:
        reads, comparison = _property_file(condition), COMPARISONS.get(condition["Type"])
        bound = _number(condition.get("RightValue"), values)
        if reads is None or comparison is None or bound is None:
            continue
        document = _document(aws, seen, condition)
        compared = COMPARED.fullmatch(reads["Path"])
        if compared:
            yield _compared(step["Name"], reads["Path"], document, compared["metric"])
        else:
            yield Gate(step["Name"], reads["Path"], comparison, bound, _at(document, reads["Path"]))


def _compared(step: str, path: str, document: Any, metric: str) -> Gate:
    """A gate with better_than, from what the evaluation wrote of it."""
    place = f"comparisons.{metric}"
    passed = _at(document, f"{place}.passed")
    return Gate(
        step=step,
        path=path,
        comparison=BETTER_THAN_APPROVED,
        bound=_at(document, f"{place}.margin") or 0.0,
        value=_at(document, f"{place}.difference"),
        decided=None if passed is None else passed >= 1,
        detail=", ".join(filter(None, (_text(document, f"{place}.{part}") for part in ("verdict", "told")))),
    )


def _property_file(condition: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the left side of a condition reads, when that is a property file."""
    left = condition.get("LeftValue")
    reads = left.get("Std:JsonGet") if isinstance(left, Mapping) else None
    return reads if isinstance(reads, Mapping) and "PropertyFile" in reads else None


def _document(aws: Aws, seen: Seen, condition: Mapping[str, Any]) -> Any | None:
    reads = _property_file(condition)
    parts = str(reads["PropertyFile"].get("Get", "")).split(".") if reads else []
    if len(parts) != 4:  # Steps.<step>.PropertyFiles.<name>
        return None
    declared = next((step for step in declared_steps(seen.definition) if step["Name"] == parts[1]), None)
    return outputs.property_file(aws, seen, declared, parts[3]) if declared else None


def _number(value: Any, values: Mapping[str, str]) -> float | None:
    if isinstance(value, Mapping):
        value = values.get(str(value.get("Get", "")).removeprefix("Parameters."))
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _at(document: Any, path: str) -> float | None:
    """The figure at a dotted path of a JSON document."""
    found = _member(document, path)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _text(document: Any, path: str) -> str:
    found = _member(document, path)
    return found if isinstance(found, str) else ""


def _member(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document
