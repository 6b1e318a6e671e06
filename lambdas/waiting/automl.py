"""Waiting for an AutoML job (text generation).

Only AutoMLJobStatus says whether a job has ended; the secondary status tells how (a job that ran out of its
time is Completed with MaxAutoMLJobRuntimeReached, and has a candidate).
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeAutoMLJobV2.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waiting import attempts, tags
from waiting.decision import Ended, Look, Ready, Running
from waiting.failures import AWS_ERRORS, is_missing
from waiting.things import Begun, Description

WARNINGS = {
    "MaxAutoMLJobRuntimeReached": "the job ran out of its time; its best candidate so far is taken",
    "ModelDeploymentError": "the job could not deploy its model; the platform deploys it itself",
}
# What DescribeAutoMLJobV2 returns of a request, to make the next attempt from.
REQUEST_MEMBERS = (
    "AutoMLJobInputDataConfig",
    "OutputDataConfig",
    "AutoMLProblemTypeConfig",
    "RoleArn",
    "SecurityConfig",
    "DataSplitConfig",
)


def describe(sagemaker: Any, name: str) -> Description | None:
    return attempts.describe(sagemaker, name)


def look(name: str, description: Description | None) -> Look:
    if description is None:
        return Ended(f"AutoML job '{name}' does not exist")
    status, secondary = description["AutoMLJobStatus"], description.get("AutoMLJobSecondaryStatus", "")
    if status == "Completed":
        outputs = {"job_name": name, "job_status": status, "secondary_status": secondary}
        return Ready(outputs, warning=WARNINGS.get(secondary))
    if status == "Failed":
        return Ended(f"AutoML job '{name}' failed: {_reason(description)}")
    if status == "Stopped":
        return Ended(f"AutoML job '{name}' was stopped")
    return Running(f"AutoML job '{name}'", f"{status} ({secondary})", leaving=status == "Stopping")


def stop(sagemaker: Any, name: str, *, everything: bool) -> bool:  # noqa: ARG001 - a job leaves nothing behind
    """Stops this attempt and any later one, which a retried step may have begun meanwhile."""
    for running in _from(sagemaker, name):
        if running["AutoMLJobStatus"] == "InProgress":
            _stop_one(sagemaker, running["AutoMLJobName"])
    return True


def begin_again(sagemaker: Any, name: str, description: Description | None) -> Begun | None:
    """The next attempt, with the request of the one that ended."""
    match = attempts.NAME.fullmatch(name)
    if description is None or match is None:
        return None
    execution_id = match["execution"]
    newest = attempts.latest(sagemaker, execution_id, first=int(match["number"]))
    if newest is None:
        return None
    if not newest.ended:
        return Begun(newest.description["AutoMLJobName"], done=True)
    following = f"{execution_id}-{newest.number + 1}"
    attempts.create(sagemaker, {"AutoMLJobName": following, **_request(sagemaker, newest.description)})
    return Begun(following, done=True)


def _from(sagemaker: Any, name: str) -> Iterator[dict[str, Any]]:
    match = attempts.NAME.fullmatch(name)
    if match is None:
        description = attempts.describe(sagemaker, name)
        yield from [description] if description else []
        return
    for attempt in attempts.attempts(sagemaker, match["execution"], first=int(match["number"])):
        yield attempt.description


def _stop_one(sagemaker: Any, name: str) -> None:
    try:
        sagemaker.stop_auto_ml_job(AutoMLJobName=name)
    except AWS_ERRORS as error:
        if not is_missing(error):
            raise


def _request(sagemaker: Any, description: Description) -> dict[str, Any]:
    request = {member: description[member] for member in REQUEST_MEMBERS if description.get(member)}
    return {**request, "Tags": tags.of(sagemaker, description["AutoMLJobArn"])}


def _reason(description: Description) -> str:
    partial = [each["PartialFailureMessage"] for each in description.get("PartialFailureReasons", [])]
    return description.get("FailureReason") or "; ".join(partial) or "the service gives no reason"
