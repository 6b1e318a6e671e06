"""Callback: a message with a token to a queue, then the wait for whoever answers it."""

from __future__ import annotations

import json

from local.engine.outputs import OutputError, as_entries, type_outputs
from local.engine.steps.contract import StepFailedError, StepResult, StepRun, StepStoppedError


class CallbackStep:
    def run(self, step: StepRun) -> StepResult:
        """Waits without a limit; a stop sends a second message and goes on waiting for the answer.

        https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html (Callback step)
        """
        queue = step.settings.get("SqsQueueUrl")
        if not isinstance(queue, str) or not queue:
            raise StepFailedError("ClientError: the Callback step names no SqsQueueUrl")
        token = self._token(step, queue)
        step.stop.listen(lambda: _ask_to_stop(step, queue, token))
        answer = step.callbacks.wait(token)
        shown = {"CallbackToken": token, "SqsQueueUrl": queue}
        if answer.failure is not None:
            if step.stop.wanted:
                raise StepStoppedError(answer.failure or None)
            reason = answer.failure or "the callback reported a failure without a reason"
            raise StepFailedError(reason, metadata={"Callback": shown})
        try:
            outputs = type_outputs(step.spec.output_types, answer.outputs)
        except OutputError as error:
            raise StepFailedError(f"ClientError: of the callback's answer, {error}") from error
        return StepResult(
            metadata={"Callback": {**shown, "OutputParameters": as_entries(outputs)}},
            properties={"OutputParameters": outputs},
        )

    def _token(self, step: StepRun, queue: str) -> str:
        """A token whose message has been sent; after a restart the same one.

        Kept before it is sent and marked after: a kill between the two sends the message twice (a queue may
        do that anyway), never not at all.
        """
        token: str | None = step.begun.get("Callback", {}).get("CallbackToken")
        if token is None:
            token = step.callbacks.open(step.execution.key, step.execution.arn, step.spec.name)
            step.note({"Callback": {"CallbackToken": token, "SqsQueueUrl": queue}})
        if not step.callbacks.is_sent(token):
            _send(step, queue, token, "Executing")
            step.callbacks.mark_sent(token)
        return token


def _ask_to_stop(step: StepRun, queue: str, token: str) -> None:
    """Of a step that is over nothing is to be stopped, though its execution runs on."""
    if step.callbacks.is_open(token):
        _send(step, queue, token, "Stopping")


def _send(step: StepRun, queue: str, token: str, status: str) -> None:
    body = {
        "token": token,
        "pipelineExecutionArn": step.execution.arn,
        "arguments": step.arguments,
        "status": status,
    }
    step.machine.queues.send(queue, json.dumps(body, ensure_ascii=False))
