"""The request of a labeling job: CreateLabelingJob's members out of the YAML, and the files that it names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from config import names
from config.models import Environment
from config.models.labeling_job import NO_FUNCTION, OWN_FUNCTION, LabelingJobConfig
from config.models.types import seconds
from config.rules.labeling_job import PAGE
from deploy.actions import Upload, pairs

JOB_TAG: Final = "pipelines:labeling-job"
_TIME: Final = "%y%m%d-%H%M%S"
CATEGORIES: Final = "2018-11-28"


@dataclass(frozen=True)
class Files:
    """What lies in S3 for a job: URIs, and the uploads that bring them there."""

    manifest: str
    template: str
    categories: str | None
    uploads: tuple[Upload, ...]


def job_name(environment: Environment, config: LabelingJobConfig, now: datetime) -> str:
    """`<prefix>-<name>-<time>`: names of labeling jobs are never free again."""
    return names.labeling_job_prefix(environment, config.name) + now.strftime(_TIME)


def team_arn(environment: Environment, config: LabelingJobConfig) -> str:
    """The ARN of the work team; a private one's follows from its name."""
    if config.team.arn is not None:
        return config.team.arn
    place = f"{environment.region}:{environment.account}"
    return f"arn:{names.partition(environment)}:sagemaker:{place}:workteam/private-crowd/{config.team.name}"


def function_arn(environment: Environment, choice: str, function: str) -> str | None:
    """The ARN behind `none`, `ours` or an ARN."""
    if choice == NO_FUNCTION:
        return None
    return names.function_arn(environment, function) if choice == OWN_FUNCTION else choice


def page_of(config: LabelingJobConfig, template: str) -> str:
    """The template with the page in its place; nothing in it is Liquid or ends a script."""
    if config.page is None:
        return template
    page = {"job": config.name, **config.page.model_dump(mode="json")}
    text = json.dumps(page, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    # Opening braces of Liquid stand inside texts only: JSON never has two in a row.
    return template.replace(PAGE, text.replace("{{", "\\u007b\\u007b").replace("{%", "\\u007b%"))


def file_upload(environment: Environment, body: bytes, name: str) -> Upload:
    """A file of a job, under the hash of its content."""
    key = f"{names.key_prefix(environment)}/labeling/files/{hashlib.sha256(body).hexdigest()}/{name}"
    return Upload(names.bucket(environment), key, body, environment.account)


def categories_file(config: LabelingJobConfig) -> bytes | None:
    """The label category configuration; None where none is asked for."""
    if not config.categories:
        return None
    labels = [{"label": each} for each in config.categories]
    return json.dumps({"document-version": CATEGORIES, "labels": labels}, ensure_ascii=False).encode()


def request(
    environment: Environment, config: LabelingJobConfig, name: str, files: Files, tags: Mapping[str, str]
) -> dict[str, Any]:
    """CreateLabelingJob's request."""
    output: dict[str, Any] = {"S3OutputPath": config.output or names.labeling_output(environment)}
    if environment.kms_key:
        output["KmsKeyId"] = environment.kms_key
    made: dict[str, Any] = {
        "LabelingJobName": name,
        "LabelAttributeName": config.attribute,
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": files.manifest}}},
        "OutputConfig": output,
        "RoleArn": names.role_arn(environment, "labeling"),
        "HumanTaskConfig": _task(environment, config, files),
        "Tags": [{"Key": key, "Value": value} for key, value in pairs(dict(tags))],
    }
    if files.categories is not None:
        made["LabelCategoryConfigS3Uri"] = files.categories
    if config.limits.objects is not None:
        made["StoppingConditions"] = {"MaxHumanLabeledObjectCount": config.limits.objects}
    return made


def tags_of(environment: Environment, config: LabelingJobConfig) -> dict[str, str]:
    """The environment's, the job's, and those by which it is found again."""
    own = {"pipelines:prefix": environment.prefix, JOB_TAG: config.name}
    return {**environment.tags, **config.tags, **own}


def _task(environment: Environment, config: LabelingJobConfig, files: Files) -> dict[str, Any]:
    limits = config.limits
    task: dict[str, Any] = {
        "WorkteamArn": team_arn(environment, config),
        "UiConfig": {"UiTemplateS3Uri": files.template},
        "TaskTitle": config.title,
        "TaskDescription": config.description,
        "NumberOfHumanWorkersPerDataObject": config.workers,
        "TaskTimeLimitInSeconds": seconds(limits.task),
        "TaskAvailabilityLifetimeInSeconds": seconds(limits.availability),
        "MaxConcurrentTaskCount": limits.concurrency,
    }
    if config.keywords:
        task["TaskKeywords"] = list(config.keywords)
    pre = function_arn(environment, config.pre_annotation, "pre_annotation")
    post = function_arn(environment, config.post_annotation, "post_annotation")
    if pre is not None:
        task["PreHumanTaskLambdaArn"] = pre
    if post is not None:
        task["AnnotationConsolidationConfig"] = {"AnnotationConsolidationLambdaArn": post}
    return task
