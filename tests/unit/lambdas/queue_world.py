"""The wait queue with everything that can happen on it, around the real functions and fake clients.

Messages are delivered in any order, more than once, late or never; a function may be killed at any call it
makes, before or after the call took effect; a receive that fails counts, and too many of them move the
message to the dead-letter queue.
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
            twin = self.messages[which % len(self.messages)]
            self.messages.append(Message(twin.body, twin.visible_at, twin.sent_at))

    def lose(self, which: int) -> None:
        """A message disappears."""
        if self.messages:
            del self.messages[which % len(self.messages)]

    def deliver(self, which: int, killed_at: int | None = None, passing: bool = False) -> None:
        """A visible message is received; the function dies, or meets an error, at its nth call."""
        visible = [message for message in self.messages if message.visible_at <= self.now]
        if visible:
            self._run(visible[which % len(visible)], killed_at, passing)

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

    def _run(self, message: Message, killed_at: int | None, passing: bool) -> None:
        self.looks += 1
        message.receives += 1
        message.visible_at = self.now + VISIBILITY
        with_fault(self.aws, killed_at, passing)
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
            with_fault(self.aws, None, False)
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


def with_fault(aws: Aws, killed_at: int | None, passing: bool) -> None:
    """Call number `killed_at` of the next run kills it: even numbers before the call took effect, odd ones
    after it. `passing` makes it a throttled call instead."""
    count = 0

    def fault(when: int) -> Callable[[str, dict[str, Any]], None]:
        def happen(operation: str, _parameters: dict[str, Any]) -> None:
            nonlocal count
            if when == 0:
                count += 1
            if killed_at is not None and killed_at == 2 * (count - 1) + when:
                raise throttled(operation) if passing else Killed

        return happen

    clients: tuple[Client, ...] = (aws.sagemaker, aws.sqs, aws.s3)
    for client in clients:
        client.before = fault(0)
        client.after = fault(1)
