"""The message format: what is read, what is refused, and that nothing is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting.messages import Callback, MessageError, Poll, Stop, callback, form, parse

from tests.unit.lambdas.fakes import EXECUTION_ARN, TOKEN, wait

SERVICE = {
    "token": TOKEN,
    "pipelineExecutionArn": EXECUTION_ARN,
    "arguments": {
        "version": 1,
        "waits_for": "automl",
        "name": "abcdefgh1234-1",
        "deadline_seconds": 259_200,
        "first_poll_seconds": 60,
        "max_poll_seconds": 900,
    },
    "status": "Executing",
}


def changed(**arguments: Any) -> str:
    return json.dumps({**SERVICE, "arguments": {**SERVICE["arguments"], **arguments}})  # type: ignore[dict-item]


def test_the_services_message_is_a_start() -> None:
    """The body that SageMaker puts on the queue begins a wait."""
    assert parse(json.dumps(SERVICE)) == Callback(wait(), stopping=False)


@pytest.mark.parametrize("status", ["Executing", "Starting", "Anything"])
def test_every_status_but_stopping_is_a_start(status: str) -> None:
    """The status of the first message is not documented, so only Stopping means something."""
    message = parse(json.dumps({**SERVICE, "status": status}))
    assert isinstance(message, Callback)
    assert not message.stopping


def test_stopping_is_told() -> None:
    """The second message of a stopped execution."""
    assert parse(json.dumps({**SERVICE, "status": "Stopping"})) == Callback(wait(), stopping=True)


@pytest.mark.parametrize("value", [259_200, 259_200.0, "259200", "259200.0"])
def test_numbers_may_be_text(value: object) -> None:
    """A pipeline parameter may arrive as text or as a float."""
    message = parse(changed(deadline_seconds=value))
    assert isinstance(message, Callback)
    assert message.wait.deadline_seconds == 259_200


@pytest.mark.parametrize(
    "message",
    [
        Poll(wait(), 1.5, 7, "id", "abcdefgh1234-2", again=True),
        Poll(wait(waits_for="endpoint"), 0.0, 0, "first", "x"),
        Stop(EXECUTION_ARN, "endpoint", "test-x", 3.5, everything=True),
    ],
)
def test_our_messages_come_back_as_they_were(message: Poll | Stop) -> None:
    """What one poll writes the next one reads."""
    assert parse(form(message)) == message


@pytest.mark.parametrize("stopping", [True, False])
def test_the_services_message_can_be_put_back(stopping: bool) -> None:
    """What the reconciler puts back is what the service sent."""
    assert parse(callback(wait(), stopping=stopping)) == Callback(wait(), stopping=stopping)


def test_a_message_of_version_1_is_read_by_whatever_comes_later() -> None:
    """The exact bytes that version 1 writes: a later version has to go on reading them."""
    written = (
        '{"version": 1, "kind": "poll", "wait": {"token": "Token00001", "execution_arn": "arn:x/execution/e",'
        ' "waits_for": "automl", "name": "e-1", "deadline_seconds": 60, "first_poll_seconds": 1,'
        ' "max_poll_seconds": 3}, "started_at": 1.0, "sequence": 2, "id": "i", "watching": "e-1",'
        ' "again": false}'
    )
    message = parse(written)
    assert isinstance(message, Poll)
    assert (message.wait.name, message.sequence, message.wait.execution_id) == ("e-1", 2, "e")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("not json", "not JSON"),
        ("[]", "not a JSON object but list"),
        ("null", "not a JSON object but NoneType"),
        ("{}", "neither a callback message"),
        ('{"kind": "poll"}', "message version None is not known"),
        ('{"kind": "poll", "version": 99}', "message version 99 is not known"),
        ('{"kind": "poll", "version": [1]}', r"message version \[1\] is not known"),
        ('{"kind": "poll", "version": 1}', "a poll without its `wait`"),
        ('{"kind": "dance", "version": 1}', "unknown kind 'dance'"),
        ('{"kind": "stop", "version": 1}', "`execution_arn` should be text"),
        (changed(version=2), "callback arguments of version 2 are not known"),
        (changed(version=None), "`version` should be a whole number"),
        (changed(name=""), "`name` should be text, but is ''"),
        (changed(name=7), "`name` should be text, but is 7"),
        (changed(deadline_seconds=0), "`deadline_seconds` should be a whole number from 1 to 1123200"),
        (changed(deadline_seconds=1_123_201), "`deadline_seconds` should be a whole number"),
        (changed(deadline_seconds=True), "`deadline_seconds` should be a whole number"),
        (changed(deadline_seconds="1.5"), "`deadline_seconds` should be a whole number"),
        (changed(first_poll_seconds=0), "`first_poll_seconds` should be a whole number from 1 to 900"),
        (changed(max_poll_seconds=30), "`max_poll_seconds` should be a whole number from 60 to 900"),
        (changed(max_poll_seconds=901), "`max_poll_seconds` should be a whole number from 60 to 900"),
        (json.dumps({**SERVICE, "token": None}), "`token` should be text"),
        (json.dumps({**SERVICE, "status": None}), "`status` should be text"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(body: str, reason: str) -> None:
    """Garbage, unknown versions and values out of range raise: the queue then keeps the message."""
    with pytest.raises(MessageError, match=reason):
        parse(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["kind", "version", "token", "arguments", "wait", "status"]), JSON))
def test_no_garbage_raises_anything_else(content: dict[str, Any]) -> None:
    """Whatever JSON there is, the error is ours."""
    with pytest.raises(MessageError, match=r"."):
        parse(json.dumps(content))
