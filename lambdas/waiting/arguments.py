"""The arguments of a Callback step, from the execution's own definition and what its steps put out.

The service lists a step's token and queue, not its arguments; those stand in the definition as literals, or
as references to a parameter, an execution variable or the output of an earlier Lambda or Callback step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

OUTPUT = re.compile(r"Steps\.(?P<step>[\w-]+)\.OutputParameters\['(?P<name>[^']+)'\]")


class UnresolvedError(Exception):
    """An argument refers to something that the execution does not show."""


def arguments(
    definition: Mapping[str, Any],
    step: str,
    values: Mapping[str, Any],
    outputs: Mapping[tuple[str, str], str],
) -> dict[str, Any]:
    """The step's arguments with every reference replaced.

    `values` holds parameters and execution variables by reference ("Parameters.Rows"), `outputs` what steps
    put out by (step, name).
    """
    for each in _all_steps(definition["Steps"]):
        if each["Name"] == step:
            return {key: resolve(value, values, outputs) for key, value in each["Arguments"].items()}
    raise UnresolvedError(f"the definition has no step '{step}'")


def resolve(value: Any, values: Mapping[str, Any], outputs: Mapping[tuple[str, str], str]) -> Any:
    """A literal as it is, {"Get": ...} and {"Std:Join": ...} as what they stand for."""
    if not isinstance(value, Mapping):
        return value
    if "Std:Join" in value:
        join = value["Std:Join"]
        return str(join["On"]).join(str(resolve(each, values, outputs)) for each in join["Values"])
    reference = str(value.get("Get"))
    if reference in values:
        return values[reference]
    match = OUTPUT.fullmatch(reference)
    if match and (match["step"], match["name"]) in outputs:
        return outputs[match["step"], match["name"]]
    raise UnresolvedError(f"the execution does not show what {value!r} stands for")


def outputs(steps: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """What the steps put out so far, by (step, name)."""
    found = {}
    for step in steps:
        metadata = step.get("Metadata", {})
        for kind in ("Lambda", "Callback"):
            for output in metadata.get(kind, {}).get("OutputParameters", []):
                found[step["StepName"], output["Name"]] = output["Value"]
    return found


def _all_steps(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Also those in the branches of conditions."""
    for step in steps:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from _all_steps(step.get("Arguments", {}).get(branch, []))
