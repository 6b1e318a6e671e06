"""Which step waits for which."""

from __future__ import annotations

from graphlib import CycleError

import pytest

from definition.dependencies import Edge, circle, edges, order, predecessors
from definition.outline import outline
from tests.unit.definition.examples import callback, condition, function, good, processing, with_steps


def test_steps_wait_by_data_by_order_and_by_branch() -> None:
    """Every edge once, with what is taken or which branch."""
    definition = with_steps(processing(), function(DependsOn=["prepare"]), condition())

    assert edges(outline(definition)) == (
        Edge("prepare", "start", "data", ("metrics",)),
        Edge("prepare", "start", "order"),
        Edge("prepare", "gate", "data", ("metrics",)),
        Edge("gate", "register", "branch", ("true",)),
        Edge("gate", "missed", "branch", ("false",)),
    )


def test_a_condition_does_not_wait_for_what_its_branches_take() -> None:
    """Only its own conditions count for it; the branch's step waits itself."""
    inside = callback()
    definition = with_steps(processing(), function(), condition(IfSteps=[inside]))
    waits = predecessors(outline(definition))

    assert waits["gate"] == ("prepare",)
    assert waits["wait"] == ("gate", "start")


def test_the_order_keeps_the_text_where_nothing_else_decides() -> None:
    """A step stands after those it waits for."""
    definition = with_steps(callback(), function(), processing("z"), processing())

    assert order(outline(definition)) == ("z", "prepare", "start", "wait")


def test_a_circle_is_found_and_named() -> None:
    """The order of such a definition raises."""
    definition = with_steps(processing("a", DependsOn=["b"]), processing("b", DependsOn=["a"]))

    assert circle(outline(definition)) == ("a", "b", "a")
    with pytest.raises(CycleError, match="cycle"):
        order(outline(definition))


def test_a_good_definition_has_no_circle() -> None:
    """None says so."""
    assert circle(outline(good())) is None
