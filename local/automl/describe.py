"""What the API is told about an AutoML job, from its document."""

from __future__ import annotations

from typing import Any

from local.automl.candidate import candidate, candidate_name
from local.automl.request import parse_request
from local.engine.operations.pages import moment, present
from local.engine.ports import Document
from local.resources import Place, as_described


def description(document: Document, place: Place) -> dict[str, Any]:
    """DescribeAutoMLJobV2's answer."""
    request = document["request"]
    resolved = {"BaseModelName": parse_request(request).base_model.name}
    return {
        **as_described("DescribeAutoMLJobV2", request),
        **summary(document),
        "AutoMLProblemTypeConfigName": "TextGeneration",
        "ResolvedAttributes": {
            "AutoMLProblemTypeResolvedAttributes": {"TextGenerationResolvedAttributes": resolved}
        },
        **present({"BestCandidate": best_candidate(document, place)}),
    }


def summary(document: Document) -> dict[str, Any]:
    """An element of ListAutoMLJobs' answer."""
    return present(
        {
            "AutoMLJobName": document["request"]["AutoMLJobName"],
            "AutoMLJobArn": document["arn"],
            "AutoMLJobStatus": document["status"],
            "AutoMLJobSecondaryStatus": document["secondary"],
            "CreationTime": moment(document["created"]),
            "EndTime": moment(document["ended"]),
            "LastModifiedTime": moment(document["modified"]),
            "FailureReason": document["reason"],
        }
    )


def best_candidate(document: Document, place: Place) -> dict[str, Any] | None:
    """None until the training has succeeded."""
    if document["metrics"] is None:
        return None
    request = parse_request(document["request"])
    times = {
        "CreationTime": moment(document["training_started"]),
        "EndTime": moment(document["ended"]),
        "LastModifiedTime": moment(document["modified"]),
    }
    return candidate(
        request,
        metrics=document["metrics"],
        times=present(times),
        region=place.region,
        training_arn=place.arn(f"training-job/{candidate_name(request.name)}"),
    )
