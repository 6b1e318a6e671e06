"""Finds waits whose messages were lost, and puts a message back on the queue.

A wait is open when ListPipelineExecutionSteps shows its step open with a token on our queue. How is known
that nothing looks after it any more? Its chain of polls writes a heartbeat with the time of its next look
(waiting/heartbeat.py); a wait without a heartbeat, or with a look long past, is lost. GRACE covers a busy
queue. It need not cover more, because being wrong does no harm: the poll put back has the next sequence, and
the heartbeat lets only one chain go on.

A step's arguments come from the definition of its execution, not from the heartbeat, so that the very first
message can be lost too. Of an execution that is Stopping the service's own message is put back: stopping
twice is stopping once.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from waiting import ending, executions, heartbeat
from waiting.arguments import UnresolvedError, arguments, outputs
from waiting.executions import OpenCallback
from waiting.failures import AWS_ERRORS, message
from waiting.heartbeat import Heartbeat, Unreadable
from waiting.messages import Callback, MessageError, Poll, Wait, callback, form, parse
from waiting.paging import items
from waiting.tools import Tools

# Seconds that a look may be late. The schedule calls every 15 minutes.
GRACE = 600


class Found(NamedTuple):
    """What one call saw."""

    open: int
    put_back: int
    failed: int


def reconcile(tools: Tools) -> Found:
    """Looks at every execution that runs; one that can not be looked at does not hide the others."""
    opened = put_back = failed = 0
    for arn in executions.running(tools.sagemaker, tools.prefix, tools.now()):
        try:
            listed = executions.steps(tools.sagemaker, arn)
            for waiting in executions.open_callbacks(listed):
                if is_ours(waiting.queue_url, tools.queue_url):
                    opened += 1
                    put_back += look_after(tools, arn, waiting, listed)
        except (*AWS_ERRORS, UnresolvedError, MessageError) as error:
            failed += 1
            tools.log("not reconciled", level="ERROR", execution=arn, error=message(error))
    found = Found(opened, put_back, failed)
    tools.log("reconciled", **found._asdict())
    return found


def is_ours(queue_url: str, own: str) -> bool:
    """The same account and queue; the host may be written differently."""
    return queue_url.split("/")[-2:] == own.split("/")[-2:]


def look_after(tools: Tools, arn: str, waiting: OpenCallback, listed: list[dict[str, Any]]) -> bool:
    """Puts a message back for a wait that is lost."""
    wait = wait_of(tools, arn, waiting, listed)
    if executions.status(tools.sagemaker, arn) == "Stopping":
        body = callback(wait, stopping=True)
    else:
        known = heartbeat.read(tools, wait)
        if isinstance(known, Unreadable) or not is_lost(known, waiting.started_at, tools.now()):
            return False
        body = form(next_poll(tools, wait, waiting.started_at, known))
    ending.send(tools, body, delay=0)
    tools.log("put back", execution=arn, step=waiting.step, name=wait.name)
    return True


def is_lost(known: Heartbeat | None, started_at: float, now: float) -> bool:
    """Nothing has looked, though it was time."""
    due_at = known.due_at if known is not None else 0.0
    return now > max(due_at, started_at) + GRACE


def next_poll(tools: Tools, wait: Wait, started_at: float, known: Heartbeat | None) -> Poll:
    """A poll that takes over from whatever chain there was."""
    sequence = known.sequence + 1 if known else 1
    watching = known.watching if known else wait.name
    return Poll(wait, started_at, sequence, tools.new_id(), watching)


def wait_of(tools: Tools, arn: str, waiting: OpenCallback, listed: list[dict[str, Any]]) -> Wait:
    """The wait, as the service's first message told it."""
    described = tools.sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    listing = tools.sagemaker.list_pipeline_parameters_for_execution
    parameters = items(listing, "PipelineParameters", PipelineExecutionArn=arn)
    values = {f"Parameters.{each['Name']}": each["Value"] for each in parameters}
    values["Execution.PipelineExecutionArn"] = arn
    values["Execution.PipelineExecutionId"] = arn.rpartition("/")[2]
    definition = json.loads(described["PipelineDefinition"])
    found = arguments(definition, waiting.step, values, outputs(listed))
    body = {"token": waiting.token, "pipelineExecutionArn": arn, "arguments": found, "status": "Executing"}
    received = parse(json.dumps(body))
    if not isinstance(received, Callback):
        raise MessageError(f"the arguments of step '{waiting.step}' are not those of a wait")
    return received.wait
