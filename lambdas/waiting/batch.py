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
    newest = batch_jobs.listed(tools.bedrock, state.execution_id)
    stock = Stock(leaving=any(attempt.status == "Stopping" for attempt in newest.values()))
    room = state.max_concurrent_jobs - sum(attempt.running for attempt in newest.values())
    hands = _Hands(tools, state, stock, room, until=tools.now() + LOOK_SECONDS)
    for job in state.jobs:
        hands.push(job, newest.get(job.name))
    if on_demand and state.on_demand and not stock.bad:
        hands.ask(state.on_demand.prefix, state.on_demand.name, of=state.on_demand.name)
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


@dataclass
class _Hands:
    """What one look does. `room`: how many more jobs may run; nothing new begins after `until`."""

    tools: Tools
    state: State
    stock: Stock
    room: int
    until: float

    def push(self, job: Part, newest: Attempt | None) -> None:
        """Does what a job needs now."""
        if newest is None:
            self.start(job.name, 1, job.prefix)
        elif newest.running:
            self.stock.running.append(job.name)
        elif newest.status in BAD and newest.number > self.state.retried_from.get(job.name, 0):
            called = batch_jobs.name(self.state.execution_id, job.name, newest.number)
            self.stock.bad[job.name] = f"batch job '{called}' {_ended(newest)}"
        elif newest.status in ("Failed", "Expired"):
            self.start(job.name, newest.number + 1, newest.source)
        elif newest.status == "Completed" and newest.errors == 0:
            self.stock.done.append(job.name)
        else:
            self.go_on(newest)

    def go_on(self, newest: Attempt) -> None:
        """With the records that an attempt left."""
        left = batch_leftovers.count(self.tools, self.state, newest, self.until)
        source = f"{batch_leftovers.folder(self.state, newest)}/"
        tries = newest.number - self.state.retried_from.get(newest.job, 0)
        again = tries <= self.state.retry_unfinished
        if left is None:
            self.stock.waiting.append(newest.job)
        elif left and again and left >= self.state.minimum_records:
            self.start(newest.job, newest.number + 1, source)
        elif left and again and self.state.rest_on_demand:
            self.ask(source, f"{newest.job}/{newest.number + 1}", of=newest.job)
        else:
            self.stock.done.append(newest.job)
            self.stock.unfinished += left

    def ask(self, source: str, name: str, *, of: str) -> None:
        """Records on demand."""
        finished = batch_on_demand.ask(self.tools, self.state, source, name, self.until)
        (self.stock.done if finished else self.stock.waiting).append(of)

    def start(self, job: str, number: int, source: str) -> None:
        """An attempt, where there is room; none any more once a job ended badly."""
        full = self.room <= 0 or bool(self.stock.bad)
        outcome = "full" if full else batch_jobs.create(self.tools, self.state, job, number, source)
        if outcome == "started":
            self.stock.running.append(job)
            self.room -= 1
        elif outcome == "full":
            self.stock.waiting.append(job)
        else:
            self.stock.bad[job] = outcome


def _ended(attempt: Attempt) -> str:
    if attempt.status == "Stopped":
        return "was stopped"
    return f"{'failed' if attempt.status == 'Failed' else 'expired'}: {attempt.message}"
