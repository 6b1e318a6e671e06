"""Lambda entry of `start_automl`, a step of the training pipeline."""

from __future__ import annotations

from typing import Any

from request import start  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.inputs import Inputs
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> Any:
    """job_name, job_arn, attempt."""
    return start(Inputs(event), tools("sagemaker"))
