"""The messages on the wait queue: the service's own, and ours.

    Callback   what a Callback step puts there: a wait begins, or (`stopping`) must end
    Poll       our next look at the thing waited for
    Stop       something that still runs and must not, with no step behind it any more

A Poll and a Stop carry `version`, and so do the arguments of a Callback: functions are replaced while waits
go on, and newer code reads what older code wrote. A message that is not understood raises MessageError, so
that the queue hands it to the dead-letter queue, whose consumer fails the step behind it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 1
# SQS delays a message by at most 900 s. The longest wait: design of the queue, whose messages live 14 days.
LONGEST_DELAY = 900
LONGEST_DEADLINE = 13 * 86_400


class MessageError(Exception):
    """A message that this version does not understand."""


@dataclass(frozen=True)
class Wait:
    """One open Callback step and what it waits for. `name` is what the step's arguments say."""

    token: str
    execution_arn: str
    waits_for: str
    name: str
    deadline_seconds: int
    first_poll_seconds: int
    max_poll_seconds: int

    @property
    def execution_id(self) -> str:
        return self.execution_arn.rpartition("/")[2]


@dataclass(frozen=True)
class Callback:
    wait: Wait
    stopping: bool


@dataclass(frozen=True)
class Poll:
    """`(sequence, id)` orders the polls of a wait, see heartbeat.py. `watching` is the name looked at: it
    differs from the wait's after a retry began a new attempt. `again`: a retry has yet to begin it."""

    wait: Wait
    started_at: float
    sequence: int
    id: str
    watching: str
    again: bool = False


@dataclass(frozen=True)
class Stop:
    """Stop what the execution left running, trying since then; `everything`: also what it was made from,
    and whatever way the execution ended."""

    execution_arn: str
    waits_for: str
    name: str
    since: float
    everything: bool = False


Message = Callback | Poll | Stop


def parse(body: str) -> Message:
    """A message of the queue, or MessageError with what is wrong with it."""
    content = content_of(body)
    if "kind" not in content:
        return _callback(content)
    version = content.get("version")
    read = READERS.get(version) if isinstance(version, int) else None
    if read is None:
        raise MessageError(f"message version {version!r} is not known; this function reads 1 to {VERSION}")
    return read(content)


def content_of(body: str) -> dict[str, Any]:
    """The JSON object in a body."""
    try:
        content = json.loads(body)
    except ValueError as error:
        raise MessageError(f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise MessageError(f"not a JSON object but {type(content).__name__}")
    return content


def form(message: Poll | Stop) -> str:
    """The body of one of our messages."""
    kind = "poll" if isinstance(message, Poll) else "stop"
    return json.dumps({"version": VERSION, "kind": kind, **asdict(message)})


def callback(wait: Wait, *, stopping: bool) -> str:
    """The body that the service sends for a Callback step."""
    arguments = {"version": VERSION, **asdict(wait)}
    return json.dumps(
        {
            "token": arguments.pop("token"),
            "pipelineExecutionArn": arguments.pop("execution_arn"),
            "arguments": arguments,
            "status": "Stopping" if stopping else "Executing",
        }
    )


def _callback(content: Mapping[str, Any]) -> Callback:
    arguments = content.get("arguments")
    if not isinstance(arguments, Mapping):
        raise MessageError("neither a callback message (no `arguments`) nor one of ours (no `kind`)")
    version = _integer(arguments, "version", 1, 2**31)
    if version not in READERS:
        raise MessageError(f"callback arguments of version {version} are not known; known: 1 to {VERSION}")
    wait = _wait(
        {
            **arguments,
            "token": content.get("token"),
            "execution_arn": content.get("pipelineExecutionArn"),
        }
    )
    # The first status is not documented: AWS's own samples take everything but "Stopping" for a start.
    return Callback(wait, stopping=_text(content, "status") == "Stopping")


def _version_1(content: Mapping[str, Any]) -> Poll | Stop:
    if content["kind"] == "stop":
        return Stop(
            execution_arn=_text(content, "execution_arn"),
            waits_for=_text(content, "waits_for"),
            name=_text(content, "name"),
            since=_number(content, "since"),
            everything=content.get("everything") is True,
        )
    if content["kind"] != "poll":
        raise MessageError(f"unknown kind {content['kind']!r}; known: poll, stop")
    wait = content.get("wait")
    if not isinstance(wait, Mapping):
        raise MessageError("a poll without its `wait`")
    return Poll(
        wait=_wait(wait),
        started_at=_number(content, "started_at"),
        sequence=_integer(content, "sequence", 0, 2**31),
        id=_text(content, "id"),
        watching=_text(content, "watching"),
        again=content.get("again") is True,
    )


READERS: Mapping[int, Callable[[Mapping[str, Any]], Poll | Stop]] = {1: _version_1}


def _wait(content: Mapping[str, Any]) -> Wait:
    first = _integer(content, "first_poll_seconds", 1, LONGEST_DELAY)
    return Wait(
        token=_text(content, "token"),
        execution_arn=_text(content, "execution_arn"),
        waits_for=_text(content, "waits_for"),
        name=_text(content, "name"),
        deadline_seconds=_integer(content, "deadline_seconds", 1, LONGEST_DEADLINE),
        first_poll_seconds=first,
        max_poll_seconds=_integer(content, "max_poll_seconds", first, LONGEST_DELAY),
    )


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value:
        raise MessageError(f"`{key}` should be text, but is {value!r}")
    return value


def _number(content: Mapping[str, Any], key: str) -> float:
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MessageError(f"`{key}` should be a number, but is {value!r}")
    return float(value)


def _integer(content: Mapping[str, Any], key: str, least: int, most: int) -> int:
    """A whole number; text and 60.0 will do, because a pipeline parameter may arrive as either."""
    value = content.get(key)
    try:
        number = int(str(value).removesuffix(".0")) if not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise MessageError(f"`{key}` should be a whole number from {least} to {most}, but is {value!r}")
    return number
