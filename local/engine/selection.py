"""Selective execution: some steps run, what they need comes from another execution, the rest is left out.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.engine.definition import Definition
from local.engine.graph import Graph
from local.engine.records import Execution, Step


class SelectionError(Exception):
    """A selection that cannot be run."""


def plan_selection(
    graph: Graph, selection: Mapping[str, Any], source: Execution | None, source_steps: list[Step]
) -> tuple[Graph, list[Step]]:
    """The graph of the selected steps and what they need, and the entries taken from the source."""
    selected = _names(selection)
    unknown = [name for name in selected if name not in graph.definition.steps]
    if unknown:
        raise SelectionError(f"The selected steps [{', '.join(unknown)}] are not in the pipeline.")
    needed = _needed(graph, selected)
    # API_SelectiveExecutionConfig: "all steps in all paths between two selected steps should be included".
    between = [name for name in needed if _upstream(graph, [name]) & set(selected)]
    if between:
        raise SelectionError(
            f"The steps [{', '.join(between)}] lie between selected steps and must be selected with them."
        )
    if needed and source is None:
        raise SelectionError(
            f"The selected steps need [{', '.join(needed)}], and no SourcePipelineExecutionArn was given."
        )
    if source is not None and source.status not in ("Succeeded", "Failed"):
        raise SelectionError(f"The source execution is {source.status}; it must have Succeeded or Failed.")
    reused = [_reused(name, source, source_steps) for name in needed]
    return _part(graph, {*needed, *selected}), reused


def selected_part(graph: Graph, selection: Mapping[str, Any]) -> Graph:
    """The graph of a selection that was planned before, whatever has become of its source since."""
    selected = _names(selection)
    return _part(graph, {*_needed(graph, selected), *selected})


def _names(selection: Mapping[str, Any]) -> list[str]:
    return [entry["StepName"] for entry in selection["SelectedSteps"]]


def _needed(graph: Graph, selected: list[str]) -> list[str]:
    upstream = _upstream(graph, selected)
    return [name for name in graph.order if name in upstream and name not in selected]


def _upstream(graph: Graph, names: list[str]) -> set[str]:
    found = set(names)
    for name in reversed(graph.order):
        if name in found:
            found.update(dependency.step for dependency in graph.dependencies[name])
    return found


def _reused(name: str, source: Execution | None, steps: list[Step]) -> Step:
    step = next((step for step in steps if step.name == name), None)
    if source is None or step is None or step.status != "Succeeded":
        raise SelectionError(
            f"Step '{name}' is needed by a selected step, but did not succeed in the source."
        )
    return replace(step, reused_from=source.arn)


def _part(graph: Graph, names: set[str]) -> Graph:
    definition = Definition(
        parameters=graph.definition.parameters,
        steps={name: step for name, step in graph.definition.steps.items() if name in names},
        experiment=graph.definition.experiment,
    )
    dependencies = {name: found for name, found in graph.dependencies.items() if name in names}
    return Graph(definition, dependencies, tuple(name for name in graph.order if name in names))
