"""The graph of a definition, and the pure decision which steps may start next.

A step waits for the steps it names in DependsOn, for those its references read, and for the Condition
whose branch it stands in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from local.engine.definition import Definition, DefinitionError, Dependency, StepSpec
from local.engine.references import EXECUTION_VARIABLES, Reference, own_references

RUNNING = ("Starting", "Executing", "Stopping")
FINISHED = ("Succeeded", "Failed", "Stopped")
_TRIGGERED_BY: Mapping[str, tuple[str, ...]] = {
    "Completed": ("Succeeded",),
    "Failed": ("Failed",),
    "Stopped": ("Stopped",),
    "Any": FINISHED,
}


@dataclass(frozen=True)
class State:
    """Where a step stands; `outcome` is a Condition's."""

    status: str
    outcome: bool | None = None


@dataclass(frozen=True)
class Graph:
    """Steps with all their dependencies, in an order in which they could run one after the other."""

    definition: Definition
    dependencies: Mapping[str, tuple[Dependency, ...]]
    order: tuple[str, ...]


def build_graph(definition: Definition) -> Graph:
    """Checks every name on the way; DefinitionError at an unknown one or a circle."""
    dependencies = {name: _dependencies(step, definition) for name, step in definition.steps.items()}
    sorter = TopologicalSorter({name: [d.step for d in found] for name, found in dependencies.items()})
    try:
        order = tuple(sorter.static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise DefinitionError(f"The steps wait for each other in a circle: {circle}") from error
    return Graph(definition, dependencies, order)


def _dependencies(step: StepSpec, definition: Definition) -> tuple[Dependency, ...]:
    found = {dependency.step: dependency for dependency in step.depends_on}
    for reference in own_references(step):
        _check_reference(step, reference, definition)
        if reference.root == "Steps":
            # A value can only be read from a step that succeeded, whatever a run condition says.
            found[reference.name] = Dependency(reference.name)
    for name in found:
        if name not in definition.steps:
            raise DefinitionError(
                f"Step '{step.name}' depends on step '{name}', which is not in the pipeline."
            )
    if step.branch is not None:
        found[step.branch.condition] = Dependency(step.branch.condition)
    return tuple(found.values())


def _check_reference(step: StepSpec, reference: Reference, definition: Definition) -> None:
    known = {
        "Parameters": definition.parameters,
        "Execution": EXECUTION_VARIABLES,
        "Steps": definition.steps,
    }[reference.root]
    if reference.name not in known:
        raise DefinitionError(
            f"Step '{step.name}' refers to '{reference.text}', but '{reference.name}' is not among the "
            f"pipeline's {reference.root}."
        )
    if reference.is_property_file:
        files = definition.steps[reference.name].property_files
        if len(reference.rest) != 2 or reference.rest[1] not in files:
            raise DefinitionError(
                f"Step '{step.name}' refers to '{reference.text}', but step '{reference.name}' declares no "
                f"such property file."
            )


def ready_steps(graph: Graph, states: Mapping[str, State]) -> list[str]:
    """Steps that have not begun and whose dependencies are all as they want them."""
    return [name for name in graph.order if name not in states and _may_start(graph, name, states)]


def _may_start(graph: Graph, name: str, states: Mapping[str, State]) -> bool:
    branch = graph.definition.steps[name].branch
    if branch is not None and _outcome(states, branch.condition) is not branch.outcome:
        return False
    return all(
        dependency.step in states and states[dependency.step].status in _TRIGGERED_BY[dependency.trigger]
        for dependency in graph.dependencies[name]
    )


def _outcome(states: Mapping[str, State], condition: str) -> bool | None:
    return states[condition].outcome if condition in states else None


def final_status(graph: Graph, states: Mapping[str, State]) -> str:
    """How an execution ends in which nothing runs and nothing can start any more.

    A failure that another step was waiting for (a run condition) and that step's success make
    `CompletedWithFailures`; any other failure makes `Failed`.
    """
    failed = {name for name, state in states.items() if state.status == "Failed"}
    if failed:
        return "CompletedWithFailures" if failed <= _handled(graph, states) else "Failed"
    return "Stopped" if any(state.status == "Stopped" for state in states.values()) else "Succeeded"


def _handled(graph: Graph, states: Mapping[str, State]) -> set[str]:
    return {
        dependency.step
        for name, state in states.items()
        if state.status == "Succeeded"
        for dependency in graph.dependencies[name]
        if dependency.trigger in ("Failed", "Any")
    }
