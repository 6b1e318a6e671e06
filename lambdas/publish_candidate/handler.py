"""Lambda entry of `publish_candidate`, the last step of the training pipeline."""

from __future__ import annotations

from typing import Any

from candidate import publish  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.inputs import Inputs
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> Any:
    """candidate_uri."""
    return publish(Inputs(event), tools("sagemaker", "s3"))
