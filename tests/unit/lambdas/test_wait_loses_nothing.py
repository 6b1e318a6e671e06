"""Whatever happens on the queue: one answer, nothing left running, no flood of messages."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from waiting.messages import callback

from tests.unit.lambdas.queue_world import World

WHICH = st.integers(0, 20)
CALL = st.integers(0, 15)
EVENTS = st.one_of(
    st.tuples(st.just("advance"), st.sampled_from([1, 30, 60, 400, 1_000, 4_000])),
    st.tuples(st.just("deliver"), WHICH),
    st.tuples(st.just("deliver"), WHICH, CALL),
    st.tuples(st.just("deliver"), WHICH, CALL, st.just(True)),
    st.tuples(st.just("interleave"), WHICH, WHICH, CALL),
    st.tuples(st.just("duplicate"), WHICH),
    st.tuples(st.just("end_job"), st.sampled_from(["Completed", "Failed", "Stopped"])),
    st.tuples(st.just("stop_execution")),
)
LOSING = st.one_of(EVENTS, st.tuples(st.just("lose"), WHICH), st.tuples(st.just("reconcile")))


def run(world: World, events: list[tuple[Any, ...]]) -> None:
    for name, *arguments in events:
        getattr(world, name)(*arguments)


def check(world: World) -> None:
    assert len(world.aws.sagemaker.answers) == 1
    assert world.messages == []
    [(_, status, content)] = world.aws.sagemaker.answers
    job = world.job["AutoMLJobStatus"]
    if status == "Failed":
        assert job in ("Stopping", "Stopped", "Failed", "Completed"), content
        assert 0 < len(content) <= 256
    else:
        assert job == "Completed"
        assert content["job_name"] == world.job["AutoMLJobName"]


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=25))
def test_any_order_repetition_delay_and_death_ends_in_one_answer(events: list[tuple[Any, ...]]) -> None:
    """Reordered, repeated, late messages, functions that die anywhere: one answer, without the reconciler."""
    world = World(deadline_seconds=7_200)
    run(world, events)
    world.settle(reconciling=False)
    check(world)


@settings(max_examples=150, deadline=None)
@given(st.lists(LOSING, max_size=25))
def test_lost_messages_are_put_back_by_the_reconciler(events: list[tuple[Any, ...]]) -> None:
    """Even when every message is lost, the step gets its one answer."""
    world = World(deadline_seconds=7_200)
    run(world, events)
    world.settle(reconciling=True)
    check(world)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.tuples(st.just("deliver"), WHICH, CALL), st.just(("duplicate", 0))), max_size=12)
)
def test_chains_of_polls_collapse(events: list[tuple[Any, ...]]) -> None:
    """Duplicates and deaths between send and delete leave one chain: a day later one message is left."""
    world = World(deadline_seconds=10 * 86_400)
    for name, *arguments in events:
        getattr(world, name)(*arguments)
        world.advance(30)
    for _ in range(300):
        world.deliver(0)
        world.advance(300)
    before = world.looks
    for _ in range(100):
        world.deliver(0)
        world.advance(900)
    assert len(world.messages) == 1
    assert world.looks - before <= 101


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=15), st.booleans())
def test_a_stop_leaves_no_job_running(events: list[tuple[Any, ...]], early: bool) -> None:
    """A Stopping message, also one that overtakes the start, stops the job and lets the execution stop."""
    world = World(deadline_seconds=86_400)
    if early:
        world.messages.clear()
        world.stop_execution()
        world.put(callback(world.wait, stopping=False), delay=120)
    run(world, events)
    world.stop_execution()
    world.settle(reconciling=False)
    world.advance(60)
    check(world)
    assert world.job["AutoMLJobStatus"] != "InProgress"
    assert world.execution.status in ("Stopped", "Succeeded", "Failed")
