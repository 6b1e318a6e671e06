"""Lambda entry of `deploy_model`, a step of the training pipeline."""

from __future__ import annotations

from typing import Any

from deployment import deploy  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.inputs import Inputs
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> Any:
    """endpoint_name, model_name, model_data_url, image."""
    return deploy(Inputs(event), tools("sagemaker"))
