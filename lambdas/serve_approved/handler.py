"""Lambda entry of `serve_approved`: called when an approval or an endpoint changes, and by a schedule."""

from __future__ import annotations

import os
from typing import Any

from serving.group import bring_all  # type: ignore[import-not-found] # beside this file in the bundle
from serving.settings import read  # type: ignore[import-not-found]
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What each group's endpoint does now, in words."""
    settings = read(os.environ["SETTINGS"], topic_arn=os.environ["TOPIC_ARN"])
    return {"groups": bring_all(tools("sagemaker", "s3", "sns"), settings, event)}
