"""What EventBridge hears of an endpoint: Developer Guide, page automating-sagemaker-with-eventbridge."""

from __future__ import annotations

import re
from typing import Any

from local.engine.ports import Document, EventBus

EVENT = "SageMaker Endpoint State Change"


def announce(events: EventBus, endpoint: Document) -> None:
    """Emits the endpoint's state; events write statuses in capitals, times in milliseconds."""
    request = endpoint["request"]
    detail: dict[str, Any] = {
        "EndpointName": request["EndpointName"],
        "EndpointArn": endpoint["arn"],
        "EndpointConfigName": endpoint["configuration"],
        "EndpointStatus": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", endpoint["status"]).upper(),
        "CreationTime": int(endpoint["created"] * 1000),
        "LastModifiedTime": int(endpoint["modified"] * 1000),
        "Tags": {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []},
    }
    detail |= {"FailureReason": endpoint["reason"]} if endpoint.get("reason") else {}
    events.emit("aws.sagemaker", EVENT, detail, [endpoint["arn"]])
