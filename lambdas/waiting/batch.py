"""Waiting for a batch: one or more batch inference jobs of Bedrock, and records that go on demand.

A look is also when the batch goes on: the next jobs are started as others end, records that a job left
unfinished get another attempt, those too few for a job are asked on demand. The name of a batch is the URI of
its state (batch_state.py); a Stop may name the execution's id instead.

    Completed, nothing left                  done
    Completed, PartiallyCompleted, some left another attempt | on demand | told as unfinished
    Failed, Expired                          bad; a retried step tries once more, from the same input
    Stopped                                  bad; a retried step goes on with what is left

Jobs that run beside a bad one are let finish: their records are paid for and kept for the retry.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from waiting import batch_jobs, batch_leftovers, batch_on_demand, batch_state
from waiting.batch_jobs import BAD, Attempt
from waiting.batch_state import Part, State
from waiting.decision import Ended, Look, Ready, Running
from waiting.things import Begun, Description
from waiting.tools import Tools

# Seconds of a look in which new work may begin; the function has 60 in all.
LOOK_SECONDS = 20


@dataclass
class Stock:
    """What a look found and did, by job."""

    done: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # for room, or for the next look
    bad: dict[str, str] = field(default_factory=dict)
    leaving: bool = False
    unfinished: int = 0


def describe(tools: Tools, name: str, *, on_demand: bool = True) -> Description | None:
    """Pushes the batch on as far as a look can, and tells how it stands."""
    state = batch_state.read(tools.s3, name)
    if state is None:
        return None
    until = tools.now() + LOOK_SECONDS
    newest = batch_jobs.listed(tools.bedrock, state.execution_id)
    stock = Stock(leaving=any(attempt.status == "Stopping" for attempt in newest.values()))
    room = state.max_concurrent_jobs - sum(attempt.running for attempt in newest.values())
    for job in state.jobs:
        room -= _push(tools, state, job, newest.get(job.name), stock, room=room, until=until)
    if on_demand and state.on_demand and not stock.bad:
        finished = batch_on_demand.ask(tools, state, state.on_demand.prefix, state.on_demand.name, until)
        (stock.done if finished else stock.waiting).append(state.on_demand.name)
    return {"state": state, "stock": stock}


def look(name: str, description: Description | None) -> Look:
    if description is None:
        return Ended(f"batch '{name}' does not exist")
    state: State = description["state"]
    stock: Stock = description["stock"]
    parts = len(state.jobs) + (1 if state.on_demand else 0)
    if stock.bad and not stock.running:
        return Ended("; ".join(stock.bad[job] for job in sorted(stock.bad)))
    if len(stock.done) == parts:
        outputs = {
            "output_uri": state.output_uri,
            "records": str(state.records),
            "jobs": str(len(state.jobs)),
            "unfinished": str(stock.unfinished),
        }
        warning = f"{stock.unfinished} records have no result" if stock.unfinished else None
        return Ready(outputs, warning=warning)
    status = f"{len(stock.done)} of {parts} done, {len(stock.running)} running, {len(stock.bad)} failed"
    return Running(f"batch of execution {state.execution_id}", status, leaving=stock.leaving)


def stop(tools: Tools, name: str, *, everything: bool) -> bool:  # noqa: ARG001 - a job leaves nothing behind
    """Stops every job of the batch that runs."""
    execution_id: str | None = name
    if name.startswith("s3://"):
        state = batch_state.read(tools.s3, name)
        execution_id = state.execution_id if state else None
    if execution_id:
        for attempt in batch_jobs.listed(tools.bedrock, execution_id).values():
            if attempt.running and attempt.status != "Stopping":
                batch_jobs.stop(tools.bedrock, attempt)
    return True


def begin_again(tools: Tools, name: str, description: Description | None) -> Begun | None:
    """Sets the bad ends so far aside: the next look makes the attempts that follow."""
    if description is None:
        return None
    state: State = description["state"]
    newest = batch_jobs.listed(tools.bedrock, state.execution_id)
    bad = {job: each.number for job, each in newest.items() if each.status in {*BAD, "Stopping"}}
    batch_state.write(tools.s3, name, replace(state, retried_from={**state.retried_from, **bad}))
    return Begun(name, done=True)


def _push(
    tools: Tools, state: State, job: Part, newest: Attempt | None, stock: Stock, *, room: int, until: float
) -> int:
    """Does what a job needs now; how many more of its attempts run after it."""
    if newest is None:
        return _start(tools, state, job.name, 1, job.prefix, stock, room)
    if newest.running:
        stock.running.append(job.name)
        return 0
    set_aside = state.retried_from.get(job.name, 0)
    if newest.status in BAD and newest.number > set_aside:
        called = batch_jobs.name(state.execution_id, job.name, newest.number)
        stock.bad[job.name] = f"batch job '{called}' {_ended(newest)}"
        return 0
    if newest.status in ("Failed", "Expired"):
        return _start(tools, state, job.name, newest.number + 1, newest.source, stock, room)
    if newest.status == "Completed" and newest.errors == 0:
        stock.done.append(job.name)
        return 0
    left = batch_leftovers.count(tools, state, newest, until)
    if left is None:
        stock.waiting.append(job.name)
        return 0
    return _rest(tools, state, newest, left, stock, room=room, until=until)


def _rest(
    tools: Tools, state: State, newest: Attempt, left: int, stock: Stock, *, room: int, until: float
) -> int:
    """What becomes of records that an attempt left."""
    source = f"{batch_leftovers.folder(state, newest)}/"
    tries = newest.number - state.retried_from.get(newest.job, 0)
    again = tries <= state.retry_unfinished
    if left and again and left >= state.minimum_records:
        return _start(tools, state, newest.job, newest.number + 1, source, stock, room)
    if left and again and state.rest_on_demand:
        name = f"{newest.job}/{newest.number + 1}"
        finished = batch_on_demand.ask(tools, state, source, name, until)
        (stock.done if finished else stock.waiting).append(newest.job)
        return 0
    stock.done.append(newest.job)
    stock.unfinished += left
    return 0


def _start(tools: Tools, state: State, job: str, number: int, source: str, stock: Stock, room: int) -> int:
    if room <= 0 or stock.bad:
        stock.waiting.append(job)
        return 0
    outcome = batch_jobs.create(tools, state, job, number, source)
    if outcome == "started":
        stock.running.append(job)
        return 1
    if outcome == "full":
        stock.waiting.append(job)
    else:
        stock.bad[job] = outcome
    return 0


def _ended(attempt: Attempt) -> str:
    if attempt.status == "Stopped":
        return "was stopped"
    return f"{'failed' if attempt.status == 'Failed' else 'expired'}: {attempt.message}"
