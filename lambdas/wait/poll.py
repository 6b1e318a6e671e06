"""One message of the wait queue: look at the thing, decide, act; every act may happen twice without harm.

    Callback, Poll  superseded? -> dropped
                    not done    -> the next Poll is sent, then the heartbeat is written
                    ready       -> the step succeeds
                    ended, late -> it is stopped, the step fails
    Callback "Stopping"         -> it is stopped, the step fails, so that the execution can stop
    Stop                        -> it is stopped

The queue deletes a message only when this returns. An error that passes (throttling, a fault of the
service) puts the message back as a fresh one; any other error returns it to the queue, which hands it to
the dead-letter queue after some receives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from waiting import answer, ending, executions, heartbeat
from waiting.decision import Again, Ended, Fail, Look, Running, Succeed, decide, delay
from waiting.failures import AWS_ERRORS, is_passing, message
from waiting.heartbeat import Heartbeat
from waiting.messages import Callback, Message, Poll, Stop, Wait, callback, form, parse
from waiting.things import hands, thing
from waiting.tools import Tools

STOPPED = "the execution was stopped"


def handle(tools: Tools, body: str, sent_at: float) -> None:
    """Does what one message asks for. Raises what is not understood or can not be done."""
    received = parse(body)
    try:
        act(tools, received, sent_at)
    except AWS_ERRORS as error:
        if not is_passing(error):
            note_error(tools, received, message(error))
            raise
        tools.log("trying again later", error=message(error))
        postpone(tools, received, sent_at)


def act(tools: Tools, received: Message, sent_at: float) -> None:
    """Does it, in the way of the message's kind."""
    if isinstance(received, Stop):
        ending.stop_leftover(tools, received)
    elif isinstance(received, Callback) and received.stopping:
        stop(tools, received.wait, sent_at)
    else:
        look_after(tools, received, sent_at)


def stop(tools: Tools, wait: Wait, sent_at: float) -> None:
    """The execution is being stopped. A heartbeat stays behind also where there was no look yet: by it a
    retried execution knows that it is one."""
    if heartbeat.read(tools, wait) is None:
        heartbeat.write(tools, wait, Heartbeat(sent_at, wait.name))
    ending.end(tools, wait, wait.name, STOPPED)


def look_after(tools: Tools, received: Callback | Poll, sent_at: float) -> None:
    """One look at the thing waited for."""
    known = heartbeat.read(tools, received.wait)
    before = known if isinstance(known, Heartbeat) else None
    if heartbeat.is_superseded(received, before):
        tools.log("dropped: another poll goes on", name=received.wait.name)
        return
    poll = received if isinstance(received, Poll) else first_poll(received, sent_at)
    first = known is None or (before is not None and before.sequence == 0)
    seen = see(tools, poll, first=first)
    decision = decide(poll.wait, poll.started_at, seen.look, tools.now())
    tools.log("looked", name=seen.poll.watching, look=str(seen.look), decision=type(decision).__name__)
    if isinstance(decision, Again):
        go_on(tools, seen.poll, decision.delay)
        return
    beat(tools, seen.poll, due_at=tools.now())
    if isinstance(decision, Fail):
        finish_badly(tools, seen.poll, decision)
    else:
        finish_well(tools, poll.wait, decision)


def first_poll(received: Callback, sent_at: float) -> Poll:
    """The poll that a callback message stands for."""
    return Poll(received.wait, sent_at, sequence=0, id="first", watching=received.wait.name)


class Seen(NamedTuple):
    poll: Poll
    look: Look


def see(tools: Tools, poll: Poll, *, first: bool) -> Seen:
    """Looks; what a retried step finds ended is begun again."""
    kind, own = thing(poll.wait.waits_for), hands(poll.wait.waits_for, tools)
    description = kind.describe(own, poll.watching)
    look = kind.look(poll.watching, description)
    ended = isinstance(look, Ended) or (isinstance(look, Running) and look.leaving)
    if not ended or not (poll.again or (first and is_retried(tools, poll.wait))):
        return Seen(replace(poll, again=False), look)
    begun = kind.begin_again(own, poll.watching, description)
    if begun is None:
        return Seen(poll, look)
    tools.log("a retried step begins again", was=poll.watching, now=begun.name, done=begun.done)
    poll = replace(poll, watching=begun.name, again=not begun.done)
    return Seen(poll, Running(begun.name, "beginning again"))


def is_retried(tools: Tools, wait: Wait) -> bool:
    """A step that waits again, and still does: a late message must not begin anything."""
    return heartbeat.is_retry(tools, wait) and executions.is_open(
        tools.sagemaker, wait.execution_arn, wait.token
    )


def go_on(tools: Tools, poll: Poll, seconds: int) -> None:
    """Sends the next poll first: dying after it costs a look, dying before it nothing."""
    following = replace(poll, sequence=poll.sequence + 1, id=tools.new_id())
    ending.send(tools, form(following), delay=seconds)
    beat(tools, following, due_at=tools.now() + seconds)


def beat(tools: Tools, poll: Poll, *, due_at: float) -> None:
    """Writes what is known now."""
    now = tools.now()
    heartbeat.write(
        tools,
        poll.wait,
        Heartbeat(poll.started_at, poll.watching, poll.sequence, poll.id, at=now, due_at=due_at),
    )


def finish_well(tools: Tools, wait: Wait, decision: Succeed) -> None:
    """The step succeeds."""
    if decision.warning:
        tools.log("ready, with a warning", level="WARNING", name=wait.name, warning=decision.warning)
    answer.succeed(tools, wait, decision.outputs)


def finish_badly(tools: Tools, poll: Poll, decision: Fail) -> None:
    """The step fails; what still runs is stopped before."""
    if decision.stop:
        ending.end(tools, poll.wait, poll.watching, decision.reason)
    else:
        answer.fail(tools, poll.wait, decision.reason)


def postpone(tools: Tools, received: Message, sent_at: float) -> None:
    """The same message once more, as a fresh one. A callback becomes the poll that it stands for, because
    its own time counts from when it was sent."""
    if isinstance(received, Stop):
        ending.send(tools, form(received), delay=ending.FIRST_DELAY)
    elif isinstance(received, Callback) and received.stopping:
        ending.send(tools, callback(received.wait, stopping=True), delay=received.wait.first_poll_seconds)
    else:
        poll = received if isinstance(received, Poll) else first_poll(received, sent_at)
        ending.send(tools, form(poll), delay=delay(poll.wait, poll.started_at, tools.now()))


def note_error(tools: Tools, received: Message, error: str) -> None:
    """Keeps the error for the dead-letter consumer, who tells it as the step's reason."""
    if isinstance(received, Stop):
        return
    known = heartbeat.read(tools, received.wait)
    before = known if isinstance(known, Heartbeat) else Heartbeat(0.0, received.wait.name)
    heartbeat.write(tools, received.wait, replace(before, error=error))
