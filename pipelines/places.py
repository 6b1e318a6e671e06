"""Where executions write: ``s3://<bucket>/<prefix>/executions/<pipeline>/<execution id>/...``."""

from __future__ import annotations

from typing import Any

from config import names
from pipelines.context import Context
from pipelines.sdk import ExecutionVariables, Join


def raw_of_execution(context: Context[Any], *parts: str) -> Join:
    """The same for prompts and for answers that no guardrail saw yet: the bucket lets them expire."""
    folder = names.s3_uri(context.env, f"{names.key_prefix(context.env)}/raw/{context.name}")
    return Join(on="/", values=[folder, ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])


def of_execution(context: Context[Any], *parts: str) -> Join:
    """The URI of ``parts`` below the folder of the execution that will run."""
    folder = names.s3_uri(context.env, f"{names.key_prefix(context.env)}/executions/{context.name}")
    return Join(on="/", values=[folder, ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])
