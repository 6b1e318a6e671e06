"""The wait queue with everything that can happen on it, around the real functions and fake clients.

Messages are delivered in any order, more than once, late, two at a time or never; a function may be killed
at any call it makes, before or after the call took effect; a receive that fails counts, and too many of them
move the message to the dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dead_letter.give_up import give_up
from reconcile.lost import reconcile
from wait.poll import handle
from waiting.messages import Wait, callback

from tests.unit.lambdas.fakes import EXECUTION_ARN, EXECUTION_ID, QUEUE_URL, Aws, Client, throttled, wait

VISIBILITY = 360.0
MAX_RECEIVES = 5
RECONCILE_EVERY = 900.0


Meanwhile = Callable[[], None]


class Killed(Exception):
    """The function's process ends here."""


@dataclass
class Message:
    body: str
    visible_at: float
    sent_at: float
    receives: int = 0


class World:
    """One execution with one open Callback step that waits for its AutoML job."""

    def __init__(self, **changes: Any) -> None:
        self.aws = Aws()
        self.wait: Wait = wait(**changes)
        self.messages: list[Message] = []
        self.dead: list[Message] = []
        self.looks = 0
        self.aws.sagemaker.job(f"{EXECUTION_ID}-1")
        self.aws.sagemaker.execution(EXECUTION_ARN, definition=self._definition())
        self.aws.sagemaker.open_step()
        self.put(callback(self.wait, stopping=False))

    @property
    def now(self) -> float:
        return self.aws.clock.time

    @property
    def job(self) -> dict[str, Any]:
        return self.aws.sagemaker.jobs[f"{EXECUTION_ID}-1"]

    @property
    def execution(self) -> Any:
        return self.aws.sagemaker.executions[EXECUTION_ARN]

    @property
    def answered(self) -> bool:
        return bool(self.aws.sagemaker.answers)

    def put(self, body: str, delay: float = 0.0) -> None:
        self.messages.append(Message(body, self.now + delay, self.now))

    # What may happen.

    def advance(self, seconds: float) -> None:
        """Time passes; a job that is Stopping has stopped."""
        self.aws.clock.time += seconds
        if self.job["AutoMLJobStatus"] == "Stopping":
            self.job.update(AutoMLJobStatus="Stopped", AutoMLJobSecondaryStatus="Stopped")

    def stop_execution(self) -> None:
        """The service asks the step to stop, when it still waits."""
        if not self.answered and self.execution.status == "Executing":
            self.execution.status = "Stopping"
            self.put(callback(self.wait, stopping=True))

    def end_job(self, status: str) -> None:
        """The job ends by itself."""
        if self.job["AutoMLJobStatus"] == "InProgress":
            self.job.update(AutoMLJobStatus=status, AutoMLJobSecondaryStatus=status)

    def duplicate(self, which: int) -> None:
        """The queue will deliver a message twice."""
        if self.messages:
            self._copy(self.messages[which % len(self.messages)])

    def lose(self, which: int) -> None:
        """A message disappears."""
        if self.messages:
            del self.messages[which % len(self.messages)]

    def deliver(self, which: int, at: int | None = None, passing: bool = False) -> None:
        """A visible message is received; the function dies, or is throttled, at its nth call."""
        visible = [message for message in self.messages if message.visible_at <= self.now]
        if visible:
            self._run(visible[which % len(visible)], at, meanwhile=throttle if passing else kill)

    def interleave(self, which: int, other: int, at: int) -> None:
        """Two messages are received at once: the other runs while the first is at its nth call."""
        visible = [message for message in self.messages if message.visible_at <= self.now]
        if visible:
            first, second = visible[which % len(visible)], visible[other % len(visible)]
            copy = second if second is not first else self._copy(first)
            self._run(first, at, meanwhile=lambda: self._run(copy, None) if copy in self.messages else None)

    def reconcile(self) -> None:
        """The schedule calls."""
        reconcile(self.aws.tools)
        self._take_sent(self.aws.sqs.sent)

    # How it goes on when nothing bad happens any more.

    def settle(self, *, reconciling: bool) -> None:
        """Until the step is answered and the queue is empty."""
        next_reconcile = self.now if reconciling else float("inf")
        for _ in range(5_000):
            if self.now >= next_reconcile:
                self.reconcile()
                next_reconcile = self.now + RECONCILE_EVERY
            self.deliver(0)
            self._bury()
            if self.answered and not self.messages:
                return
            upcoming = min([message.visible_at for message in self.messages] + [next_reconcile])
            assert upcoming < float("inf"), "the token is lost"
            self.advance(max(1.0, upcoming - self.now))
        raise AssertionError(f"not settled: {len(self.messages)} messages, answered: {self.answered}")

    def _copy(self, message: Message) -> Message:
        self.messages.append(Message(message.body, message.visible_at, message.sent_at))
        return self.messages[-1]

    def _run(self, message: Message, at: int | None, meanwhile: Meanwhile = lambda: None) -> None:
        self.looks += 1
        message.receives += 1
        message.visible_at = self.now + VISIBILITY
        disturb(self.aws, at, meanwhile)
        try:
            handle(self.aws.tools, message.body, message.sent_at)
        except AssertionError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the queue keeps the message
            if message.receives >= MAX_RECEIVES:
                self.messages.remove(message)
                self.dead.append(message)
        else:
            self.messages.remove(message)
        finally:
            disturb(self.aws, None, lambda: None)
            self._take_sent(self.aws.sqs.sent)

    def _bury(self) -> None:
        for message in list(self.dead):
            give_up(self.aws.tools, message.body)
            self.dead.remove(message)
            self._take_sent(self.aws.sqs.sent)

    def _take_sent(self, sent: list[tuple[float, str]]) -> None:
        for visible_at, body in sent:
            self.messages.append(Message(body, visible_at, self.now))
        sent.clear()

    def _definition(self) -> dict[str, Any]:
        arguments = {
            "version": 1,
            "waits_for": "automl",
            "name": {"Get": "Execution.PipelineExecutionId"},
            "deadline_seconds": self.wait.deadline_seconds,
            "first_poll_seconds": self.wait.first_poll_seconds,
            "max_poll_seconds": self.wait.max_poll_seconds,
        }
        name = {"Std:Join": {"On": "-", "Values": [arguments["name"], "1"]}}
        step = {
            "Name": "wait-automl",
            "Type": "Callback",
            "SqsQueueUrl": QUEUE_URL,
            "Arguments": {**arguments, "name": name},
        }
        return {"Steps": [step]}


def kill() -> None:
    """The function's process ends."""
    raise Killed


def throttle() -> None:
    """The service asks to come back later."""
    raise throttled("Any")


def disturb(aws: Aws, at: int | None, meanwhile: Meanwhile) -> None:
    """Something happens at one of the next run's calls: even numbers are before a call takes effect, odd ones
    after it."""
    count = 0

    def hook(when: int) -> Callable[[str, dict[str, Any]], None]:
        def happen(_operation: str, _parameters: dict[str, Any]) -> None:
            nonlocal count
            if when == 0:
                count += 1
            if at is not None and at == 2 * (count - 1) + when:
                meanwhile()

        return happen

    clients: tuple[Client, ...] = (aws.sagemaker, aws.sqs, aws.s3)
    for client in clients:
        client.before = hook(0)
        client.after = hook(1)
