"""Lambda entry of `reconcile`: a schedule calls it every 15 minutes."""

from __future__ import annotations

from typing import Any

from lost import reconcile  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.tools import tools


def handle(_event: dict[str, Any], _context: object) -> Any:
    """How many waits are open, and how many had to be put back."""
    return reconcile(tools("sagemaker", "sqs", "s3"))._asdict()
