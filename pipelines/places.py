"""Where executions write: ``s3://<bucket>/<prefix>/executions/<pipeline>/<execution id>/...``."""

from __future__ import annotations

from typing import Any

from config import names
from pipelines.context import Context
from pipelines.sdk import ExecutionVariables, Join


def of_execution(context: Context[Any], *parts: str) -> Join:
    """The URI of ``parts`` below the folder of the execution that will run."""
    return _below("executions", context, parts)


def raw_of_execution(context: Context[Any], *parts: str) -> Join:
    """The same for prompts and for answers that no guardrail saw yet: the bucket lets them expire."""
    return _below("raw", context, parts)


def _below(folder: str, context: Context[Any], parts: tuple[str, ...]) -> Join:
    uri = names.s3_uri(context.env, f"{names.key_prefix(context.env)}/{folder}/{context.name}")
    return Join(on="/", values=[uri, ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])
