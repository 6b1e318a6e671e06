"""A message that the wait function could not deal with: the step behind it fails with the reason.

What still runs is stopped before. A message that tells no token is logged whole, so that nothing is lost;
one that tells a token but nothing else that is understood fails its step all the same.
"""

from __future__ import annotations

import re
from typing import Any

from waiting import answer, ending, heartbeat
from waiting.failures import AWS_ERRORS, is_passing, message
from waiting.heartbeat import Heartbeat
from waiting.log import fingerprint
from waiting.messages import Callback, MessageError, Poll, Stop, Wait, content_of, parse
from waiting.things import MODULES
from waiting.tools import Tools

# CloudWatch takes 256 KiB a line; a message has at most that much.
LOGGED = 200_000
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_SendPipelineExecutionStepFailure.html
TOKEN = re.compile(r"[a-zA-Z0-9]{10}")


def give_up(tools: Tools, body: str) -> None:
    """Fails the step behind the message."""
    try:
        received = parse(body)
    except MessageError as error:
        not_understood(tools, body, error)
        return
    if isinstance(received, Stop):
        tools.log(
            "not stopped: see to it by hand", level="ERROR", what=received.waits_for, name=received.name
        )
    elif received.wait.waits_for not in MODULES:
        known = ", ".join(MODULES)
        reason = f"'{received.wait.waits_for}' can not be waited for; known: {known}"
        answer.fail(tools, received.wait, reason)
    else:
        watching = received.watching if isinstance(received, Poll) else received.wait.name
        end(tools, received.wait, watching, reason_of(tools, received))


def end(tools: Tools, wait: Wait, watching: str, reason: str) -> None:
    """Stops it and fails the step; what can not be stopped does not keep the step from its answer."""
    try:
        ending.end(tools, wait, watching, reason)
    except AWS_ERRORS as error:
        if is_passing(error):
            raise
        tools.log("not stopped: see to it by hand", level="ERROR", name=watching, error=message(error))
        answer.fail(tools, wait, reason)


def reason_of(tools: Tools, received: Callback | Poll) -> str:
    """The last error that the wait function met."""
    known = heartbeat.read(tools, received.wait)
    error = (
        known.error if isinstance(known, Heartbeat) and known.error else "see the log of the wait function"
    )
    return f"waiting for {received.wait.waits_for} '{received.wait.name}' failed again and again: {error}"


def not_understood(tools: Tools, body: str, error: MessageError) -> None:
    """Fails the step when a token can be read."""
    token, arn = token_of(body)
    if token:
        tools.log("not understood", level="ERROR", token=fingerprint(token), error=str(error))
        answer.fail(
            tools, Wait(token, arn, "", "", 1, 1, 1), f"the wait's message is not understood: {error}"
        )
    else:
        tools.log("not understood, no token", level="ERROR", error=str(error), body=body[:LOGGED])


def token_of(body: str) -> tuple[str, str]:
    """Token and execution of any message that has them, whatever else it holds."""
    try:
        content: dict[str, Any] = content_of(body)
    except MessageError:
        return "", ""
    inner = content.get("wait")
    wait = inner if isinstance(inner, dict) else {}
    token = str(content.get("token") or wait.get("token"))
    arn = str(content.get("pipelineExecutionArn") or wait.get("execution_arn") or "")
    return (token, arn) if TOKEN.fullmatch(token) else ("", arn)
