"""Lambda entry of `dead_letter`: the dead-letter queue's messages.

What fails here stays on that queue and comes again, until its retention of 14 days.
"""

from __future__ import annotations

from typing import Any

from give_up import give_up  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The answer names the messages that failed."""
    own = tools("sagemaker", "sqs", "s3", "bedrock")
    failed = []
    for record in event["Records"]:
        try:
            give_up(own, record["body"])
        except Exception as error:  # noqa: BLE001 - one message's failure must not return the others
            identifier = record["messageId"]
            own.log("failed", level="ERROR", message=identifier, error=f"{type(error).__name__}: {error}")
            failed.append({"itemIdentifier": identifier})
    return {"batchItemFailures": failed}
