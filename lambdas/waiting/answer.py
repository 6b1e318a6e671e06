"""Answers to a Callback step. A second answer to a token does no harm: the first one stands.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_SendPipelineExecutionStepFailure.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from waiting.failures import AWS_ERRORS, code, is_answered
from waiting.log import fingerprint
from waiting.messages import Wait
from waiting.tools import Tools

LONGEST_REASON = 256
LONGEST_VALUE = 1024
CUT = " [...] (the whole is in the function's log)"


def succeed(tools: Tools, wait: Wait, outputs: Mapping[str, str]) -> bool:
    """Ends the step well; False when it had been answered before."""
    values = [{"Name": name, "Value": value[:LONGEST_VALUE]} for name, value in outputs.items()]
    send = tools.sagemaker.send_pipeline_execution_step_success
    return _send(tools, wait, send, "success", OutputParameters=values)


def fail(tools: Tools, wait: Wait, reason: str) -> bool:
    """Ends the step with the reason, the whole of which goes to the log."""
    tools.log("failing the step", level="ERROR", execution=wait.execution_arn, name=wait.name, reason=reason)
    send = tools.sagemaker.send_pipeline_execution_step_failure
    return _send(tools, wait, send, "failure", FailureReason=cut(reason))


def cut(reason: str) -> str:
    """At most what the service takes, cut between words."""
    if len(reason) <= LONGEST_REASON:
        return reason
    kept = reason[: LONGEST_REASON - len(CUT)]
    at_word, space, _ = kept.rpartition(" ")
    return (at_word if space and len(at_word) > len(kept) - 40 else kept) + CUT


def _send(tools: Tools, wait: Wait, send: Callable[..., Any], outcome: str, **content: Any) -> bool:
    # The same answer sent twice is one answer to the service (32 to 128 characters).
    request_token = hashlib.sha256(f"{wait.token} {outcome}".encode()).hexdigest()
    fields = {"execution": wait.execution_arn, "name": wait.name, "token": fingerprint(wait.token)}
    try:
        send(CallbackToken=wait.token, ClientRequestToken=request_token, **content)
    except AWS_ERRORS as error:
        if not is_answered(error):
            raise
        tools.log("answered before", outcome=outcome, code=code(error), **fields)
        return False
    tools.log("answered", outcome=outcome, **fields)
    return True
