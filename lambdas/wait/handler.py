"""Lambda entry of `wait`: a batch of the wait queue's messages, each on its own.

Only the messages named in the answer go back to the queue (ReportBatchItemFailures).
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from typing import Any

from poll import handle as handle_message  # type: ignore[import-not-found] # beside this file in the bundle
from waiting.tools import tools


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The answer names the messages that failed."""
    own = tools("sagemaker", "sqs", "s3", "bedrock", "bedrock-runtime")
    failed = []
    for record in event["Records"]:
        try:
            sent_at = float(record["attributes"]["SentTimestamp"]) / 1000
            handle_message(own, record["body"], sent_at)
        except Exception as error:  # noqa: BLE001 - one message's failure must not return the others
            identifier = record["messageId"]
            own.log("failed", level="ERROR", message=identifier, error=f"{type(error).__name__}: {error}")
            failed.append({"itemIdentifier": identifier})
    return {"batchItemFailures": failed}
