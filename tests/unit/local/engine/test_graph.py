"""What may run next: properties over random graphs, and the ends of executions."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.engine.definition import parse_definition
from local.engine.graph import Graph, State, build_graph, final_status, ready_steps
from tests.unit.local.engine.fakes import condition, definition, function


def graph_of(*steps: dict[str, Any]) -> Graph:
    return build_graph(parse_definition(json.dumps(definition(*steps))))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to eight steps, each depending on some of those before it, in shuffled order."""
    count = draw(st.integers(1, 8))
    steps = []
    for number in range(count):
        before = draw(st.lists(st.sampled_from(range(number)), unique=True)) if number else []
        steps.append(function(f"s{number}", after=tuple(f"s{n}" for n in before)))
    return graph_of(*draw(st.permutations(steps)))


@given(graphs(), st.data())
def test_every_step_runs_once_and_after_its_dependencies(graph: Graph, data: st.DataObject) -> None:
    """Whatever order running steps end in, all run, and none before what it depends on has succeeded."""
    states: dict[str, State] = {}
    while ready := ready_steps(graph, states):
        for name in ready:
            assert name not in states
            assert all(states[d.step].status == "Succeeded" for d in graph.dependencies[name])
        states[data.draw(st.sampled_from(ready))] = State("Succeeded")
    assert set(states) == set(graph.order)
    assert final_status(graph, states) == "Succeeded"


@given(graphs(), st.data())
def test_nothing_runs_behind_a_failure(graph: Graph, data: st.DataObject) -> None:
    """With some steps failing, exactly the steps without a failed ancestor run."""
    failing = data.draw(st.sets(st.sampled_from(graph.order)))
    states: dict[str, State] = {}
    while ready := ready_steps(graph, states):
        states.update({name: State("Failed" if name in failing else "Succeeded") for name in ready})
    for name in graph.order:
        blocked = any(
            d.step not in states or states[d.step].status == "Failed" for d in graph.dependencies[name]
        )
        assert (name in states) is not blocked
    assert final_status(graph, states) == ("Failed" if failing & set(states) else "Succeeded")


def test_a_branch_waits_for_the_outcome() -> None:
    """Only the branch of the outcome is ready."""
    graph = graph_of(condition("gate", yes=(function("a"),), no=(function("b"),)))
    assert ready_steps(graph, {}) == ["gate"]
    assert ready_steps(graph, {"gate": State("Executing")}) == []
    assert ready_steps(graph, {"gate": State("Succeeded", True)}) == ["a"]
    assert ready_steps(graph, {"gate": State("Succeeded", False)}) == ["b"]


def test_a_value_is_only_read_from_a_success() -> None:
    """A reference outweighs a run condition on the same step."""
    value = {"Get": "Steps.a.OutputParameters['x']"}
    graph = graph_of(function("a"), function("b", after=({"Step": "a", "Trigger": "Any"},), x=value))
    assert ready_steps(graph, {"a": State("Failed")}) == []
    assert ready_steps(graph, {"a": State("Succeeded")}) == ["b"]


def test_a_handler_that_fails_does_not_handle() -> None:
    """A failure is only made good by a step that waited for it and succeeded."""
    graph = graph_of(function("a"), function("b", after=({"Step": "a", "Trigger": "Failed"},)))
    assert final_status(graph, {"a": State("Failed"), "b": State("Succeeded")}) == "CompletedWithFailures"
    assert final_status(graph, {"a": State("Failed"), "b": State("Failed")}) == "Failed"


def test_a_stopped_step_makes_a_stopped_execution() -> None:
    """A job that was stopped from outside is no failure."""
    graph = graph_of(function("a"))
    assert final_status(graph, {"a": State("Stopped")}) == "Stopped"
