"""The end of a wait other than success: nothing runs on, and the step has its answer.

Before something is stopped, the step must be open with this very token: a late message of an earlier wait
must not stop what a retried execution has begun under the same name. Where the listing does not show the
token open, the answer decides: the service takes it only from an open step.
"""

from __future__ import annotations

from waiting import answer, executions
from waiting.messages import LONGEST_DELAY, Stop, Wait, form
from waiting.things import hands, thing
from waiting.tools import Tools

# In seconds: what can not be stopped now (an endpoint being created) is tried again this often, this long.
FIRST_DELAY = 15
GIVE_UP_AFTER = 86_400


def end(tools: Tools, wait: Wait, watching: str, reason: str) -> None:
    """Stops what is watched and fails the step with the reason."""
    leftover = Stop(wait.execution_arn, wait.waits_for, watching, since=tools.now())
    if executions.is_open(tools.sagemaker, wait.execution_arn, wait.token):
        _stop_now(tools, leftover)
        answer.fail(tools, wait, reason)
    elif answer.fail(tools, wait, reason):
        _stop_now(tools, leftover)


def stop_leftover(tools: Tools, leftover: Stop) -> None:
    """Stops what an execution left running. One that runs again (it was retried) looks after it itself."""
    status = executions.status(tools.sagemaker, leftover.execution_arn)
    if status in executions.GOING_ON:
        _later(tools, leftover, f"the execution is {status}")
    elif leftover.everything or status != "Succeeded":
        _stop_now(tools, leftover)
    else:
        tools.log("not stopped: the execution succeeded", what=leftover.waits_for, name=leftover.name)


def send(tools: Tools, body: str, *, delay: int) -> None:
    """Puts a message on the wait queue."""
    tools.sqs.send_message(QueueUrl=tools.queue_url, MessageBody=body, DelaySeconds=delay)


def _stop_now(tools: Tools, leftover: Stop) -> None:
    kind = thing(leftover.waits_for)
    if kind.stop(hands(leftover.waits_for, tools), leftover.name, everything=leftover.everything):
        tools.log("stopped", what=leftover.waits_for, name=leftover.name)
    else:
        _later(tools, leftover, "the service does not stop it while it changes")


def _later(tools: Tools, leftover: Stop, why: str) -> None:
    waited = tools.now() - leftover.since
    fields = {"what": leftover.waits_for, "name": leftover.name, "why": why}
    if waited > GIVE_UP_AFTER:
        tools.log("not stopped within a day: see to it by hand", level="ERROR", **fields)
        return
    tools.log("not stopped yet, trying again later", **fields)
    send(tools, form(leftover), delay=round(min(max(waited / 10, FIRST_DELAY), LONGEST_DELAY)))
