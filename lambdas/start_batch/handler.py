"""Lambda entry of `start_batch`, a step of the guardrails pipeline."""

from __future__ import annotations

from typing import Any

from plan import start  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.inputs import Inputs
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> Any:
    """batch, state_uri."""
    return start(Inputs(event), tools("s3", "bedrock"))
