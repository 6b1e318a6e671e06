"""Lambda entry of `pre_annotation`: Ground Truth calls it for every object before people see it."""

from __future__ import annotations

from typing import Any

from task import task  # type: ignore[import-not-found] # beside this file in the bundle


def handle(event: dict[str, Any], _context: object) -> Any:
    """version, labelingJobArn, dataObject."""
    return task(event)
