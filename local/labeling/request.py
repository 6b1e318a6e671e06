"""CreateLabelingJob: what Ground Truth refuses before there is a job, and what is not run here, by name.

Only custom tasks for a private team are run: the manifest lies in S3, people's answers in a folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.api import ApiError
from local.engine.ports import Document
from local.objects import Objects, split

Uri = str
# Developer Guide, page sms-custom-templates: a custom task takes 8 hours at most; 30 days for all of them.
TASK_SECONDS, AVAILABILITY_SECONDS = 28_800, 30 * 86_400


@dataclass(frozen=True)
class LabelingRequest:
    """A job as it is run. `root` is where everything of it is written, without a slash at its end."""

    name: str
    attribute: str
    manifest: Uri
    root: Uri
    role: str
    team: str
    template: Uri
    workers: int
    available_seconds: float
    most: int | None
    pre: str | None
    post: str | None
    kms_key: str | None


def parse_request(asked: Document) -> LabelingRequest:
    """Takes it apart; ApiError (ValidationException) for what does not fit together or is not run here."""
    task, output = asked["HumanTaskConfig"], asked["OutputConfig"]
    _refuse_unsupported(asked, task)
    _check_attribute(asked["LabelAttributeName"])
    seconds, available = task["TaskTimeLimitInSeconds"], task.get("TaskAvailabilityLifetimeInSeconds")
    if seconds > TASK_SECONDS:
        raise _invalid(f"TaskTimeLimitInSeconds is {seconds}; custom tasks take {TASK_SECONDS} at most.")
    if available is not None and not seconds <= available <= AVAILABILITY_SECONDS:
        raise _invalid(
            f"TaskAvailabilityLifetimeInSeconds is {available}; it must be at least TaskTimeLimitInSeconds"
            f" ({seconds}) and at most {AVAILABILITY_SECONDS}."
        )
    stopping = asked.get("StoppingConditions") or {}
    consolidation = task.get("AnnotationConsolidationConfig") or {}
    return LabelingRequest(
        name=asked["LabelingJobName"],
        attribute=asked["LabelAttributeName"],
        manifest=asked["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"],
        root=f"{output['S3OutputPath'].rstrip('/')}/{asked['LabelingJobName']}",
        role=asked["RoleArn"],
        team=task["WorkteamArn"],
        template=task["UiConfig"]["UiTemplateS3Uri"],
        workers=task["NumberOfHumanWorkersPerDataObject"],
        available_seconds=float(available or AVAILABILITY_SECONDS),
        most=stopping.get("MaxHumanLabeledObjectCount"),
        pre=task.get("PreHumanTaskLambdaArn"),
        post=consolidation.get("AnnotationConsolidationLambdaArn"),
        kms_key=output.get("KmsKeyId"),
    )


def _refuse_unsupported(asked: Document, task: dict[str, Any]) -> None:
    if "S3DataSource" not in asked["InputConfig"]["DataSource"]:
        raise _invalid("the stand-in runs jobs with a manifest in S3 (S3DataSource), not streaming ones.")
    if asked.get("LabelingJobAlgorithmsConfig"):
        raise _invalid("automated data labeling is not for custom tasks (LabelingJobAlgorithmsConfig).")
    if task.get("PublicWorkforceTaskPrice") or ":workteam/public-crowd/" in task["WorkteamArn"]:
        raise _invalid("Amazon Mechanical Turk is closed: use a private or a vendor work team.")
    if "UiTemplateS3Uri" not in task["UiConfig"]:
        raise _invalid("the stand-in runs custom tasks, which have a template (UiTemplateS3Uri).")


def _check_attribute(name: str) -> None:
    for ending in ("-metadata", "-ref"):
        if name.endswith(ending):
            raise _invalid(f"LabelAttributeName '{name}' cannot end with {ending} in this task type.")


def check_places(
    request: LabelingRequest,
    objects: Objects,
    *,
    team_exists: Callable[[str], bool],
    function_exists: Callable[[str], bool],
) -> None:
    """ApiError where what a request names is not there; the manifest's own lines are looked at in the job."""
    if not team_exists(request.team):
        raise _invalid(f"Could not find workteam: {request.team}")
    if not objects.exists(request.template):
        raise _invalid(f"Could not access the UI template at {request.template}")
    for arn in (request.pre, request.post):
        if arn is not None and not function_exists(arn):
            raise _invalid(f"Could not find the Lambda function {arn}")
    bucket, _ = split(request.root)
    try:
        objects.list(f"s3://{bucket}/{request.name}/")
    except ApiError as error:
        raise _invalid(f"Could not access the output bucket {bucket}: {error.message}") from error


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)
