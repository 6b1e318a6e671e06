"""Lambda entry of `release`: an event rule calls it when an execution of a pipeline of ours has ended."""

from __future__ import annotations

from typing import Any

from leftovers import release  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The names of what is going to be stopped."""
    return {"released": release(tools("sagemaker", "sqs", "bedrock"), event)}
