"""Lambda entry of `post_annotation`: Ground Truth calls it with the answers to a batch of objects."""

from __future__ import annotations

from typing import Any

from agreed import agreed  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> Any:
    """version, labelingJobArn, labelCategories, labelAttributeName, roleArn, payload."""
    return agreed(tools("s3"), event)
