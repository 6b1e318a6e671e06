"""Steps that call the platform's Lambda functions, and steps that wait for what they started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from config import names
from pipelines.context import Context
from pipelines.sdk import (
    CallbackOutput,
    CallbackStep,
    ExecutionVariables,
    Lambda,
    LambdaOutput,
    LambdaOutputTypeEnum,
    LambdaStep,
)

# Of the messages that a wait puts on the queue; lambdas/waiting reads it.
MESSAGE_VERSION: Final = 1
QUEUE: Final = "wait"

Output = Literal["String", "Integer"]
INTEGER: Final[Output] = "Integer"


def function_step(
    context: Context[Any], name: str, function: str, inputs: Mapping[str, Any], outputs: Mapping[str, Output]
) -> LambdaStep:
    """Calls ``function`` with flat ``inputs`` and the execution's id and ARN."""
    identity = {
        "pipeline_execution_id": ExecutionVariables.PIPELINE_EXECUTION_ID,
        "pipeline_execution_arn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
    }
    return LambdaStep(
        name=name,
        lambda_func=Lambda(function_arn=names.function_arn(context.env, function), session=context.session),
        inputs={**identity, **inputs},
        outputs=[
            LambdaOutput(output_name=output, output_type=LambdaOutputTypeEnum(type_name))
            for output, type_name in outputs.items()
        ],
    )


def texts(*outputs: str) -> dict[str, Output]:
    """Outputs that are texts."""
    return dict.fromkeys(outputs, "String")


def wait_step(
    context: Context[Any],
    name: str,
    waits_for: Literal["automl", "endpoint", "batch"],
    what: Any,
    *,
    deadline_seconds: int,
    outputs: Sequence[str],
) -> CallbackStep:
    """Waits until what is called ``what`` has ended, at most ``deadline_seconds``."""
    polling = context.env.polling
    return CallbackStep(
        name=name,
        sqs_queue_url=names.queue_url(context.env, QUEUE),
        inputs={
            "version": MESSAGE_VERSION,
            "waits_for": waits_for,
            "name": what,
            "deadline_seconds": deadline_seconds,
            "first_poll_seconds": polling.first_seconds,
            "max_poll_seconds": polling.max_seconds,
        },
        outputs=[CallbackOutput(output_name=output) for output in outputs],
    )


def output(step: LambdaStep | CallbackStep, name: str) -> Any:
    """What the function or the wait answered under ``name``."""
    return step.properties.Outputs[name]
