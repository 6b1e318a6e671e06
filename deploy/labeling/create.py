"""Creating a labeling job: files read, everything checked, then one list of actions."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from config import names
from config.models import Project
from config.models.labeling_job import LabelingJobConfig
from config.rules.labeling_job import PAGE
from deploy import objects
from deploy.actions import Action, CreateLabelingJob, Upload
from deploy.apply import Report, apply
from deploy.errors import code_of, message_of
from deploy.hints import typed
from deploy.infrastructure.bundle import check_bucket
from deploy.labeling import jobs
from deploy.labeling.errors import (
    CLOSED,
    LabelingError,
    ManifestError,
    PreflightError,
    RefusedJobError,
)
from deploy.labeling.manifest import Manifest, filled, read
from deploy.labeling.preflight import Checked, Draft, check
from deploy.labeling.request import Files, categories_file, file_upload, job_name, page_of, request, tags_of
from deploy.session import Aws

_LOOK = "aws s3 ls shows what is there"
# Refusals that say nothing of what the account may do.
_MENDED = {
    "ResourceInUse": "names carry the second of their creation: type it again",
    "ResourceLimitExceeded": "wait for a labeling job to end, or ask for a higher quota (Service Quotas)",
}


@dataclass(frozen=True)
class Planned:
    """A job that passed its checks: what is done, in order, and what people may want to know."""

    name: str
    actions: tuple[Action, ...]
    objects: int
    notes: tuple[str, ...]
    page: str


def plan(
    project: Project, aws: Aws, config: LabelingJobConfig, *, now: datetime, again: bool = False
) -> Planned:
    """Checks everything and writes nothing. Raises ManifestError, PreflightError, LabelingError."""
    environment = project.environment
    check_bucket(aws, environment)
    if not again:
        _refuse_second(aws, project, config)
    manifest = load_manifest(project, aws, config)
    template = page_of(config, _template(project, aws, config))
    checked: Checked = check(aws, environment, Draft(config, manifest, template))
    if checked.problems:
        raise PreflightError(checked.problems)
    files = _files(project, config, manifest, template)
    name = job_name(environment, config, now)
    asked = request(environment, config, name, files, tags_of(environment, config))
    return Planned(
        name=name,
        actions=(*files.uploads, CreateLabelingJob(name, json.dumps(asked, ensure_ascii=False))),
        objects=len(manifest.lines),
        notes=checked.notes,
        page=checked.page,
    )


def carry_out(planned: Planned, aws: Aws, *, report: Report) -> None:
    """Uploads the files and creates the job; a refusal says what an account cannot do."""
    try:
        apply(planned.actions, aws, report=report)
    except ClientError as error:
        if error.operation_name != "CreateLabelingJob":
            raise
        raise RefusedJobError(
            f"Ground Truth refused the labeling job ({code_of(error)}): {message_of(error)}",
            hint=_MENDED.get(code_of(error), CLOSED),
        ) from error


def load_manifest(project: Project, aws: Aws, config: LabelingJobConfig) -> Manifest:
    """The job's manifest, with the environment's names filled into one of the repository."""
    if config.manifest.startswith("s3://"):
        content = objects.read(aws, config.manifest)
        if content is None:
            raise LabelingError(f"there is no manifest at {config.manifest}", hint=_LOOK)
        if content.startswith(codecs.BOM_UTF8):  # it is used as it is
            problem = "begins with a byte order mark, which the job would take for a part of line 1"
            raise ManifestError(config.manifest, [problem], hint="save it as UTF-8 without that mark")
    else:
        content = filled((project.root / config.manifest).read_bytes(), project.environment)
    return read(content, config.manifest, attribute=config.attribute)


def _template(project: Project, aws: Aws, config: LabelingJobConfig) -> str:
    """The template's text; of one in S3 is found out here what the rules say of a file."""
    place = config.template
    if not place.startswith("s3://"):
        return (project.root / place).read_text(encoding="utf-8")
    content = objects.read(aws, place)
    if content is None:
        raise LabelingError(f"there is no template at {place}", hint=_LOOK)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LabelingError(f"{place}: byte {error.start} is not UTF-8", hint="save it as UTF-8") from error
    if PAGE in text and config.page is None:
        raise LabelingError(f"{place} shows a page at {PAGE}", hint=f"page: ... in {_file(config)}")
    if PAGE not in text and config.page is not None:
        raise LabelingError(
            f"{place} has no {PAGE} where page would be shown", hint=f"page: null in {_file(config)}"
        )
    return text


def _file(config: LabelingJobConfig) -> str:
    return f"config/labeling/{config.name}.yaml"


def _files(project: Project, config: LabelingJobConfig, manifest: Manifest, template: str) -> Files:
    """What lies in S3 already and is used as it is stays where it is."""
    environment, uploads = project.environment, list[Upload]()

    def put(body: bytes, name: str) -> str:
        upload = file_upload(environment, body, name)
        uploads.append(upload)
        return names.s3_uri(environment, upload.key)

    is_here = not config.manifest.startswith("s3://")
    manifest_uri = put(manifest.content, f"{config.name}.manifest") if is_here else config.manifest
    as_it_is = config.template.startswith("s3://") and config.page is None
    template_uri = config.template if as_it_is else put(template.encode(), f"{config.name}.liquid.html")
    labels = categories_file(config)
    categories_uri = put(labels, "categories.json") if labels is not None else None
    return Files(manifest_uri, template_uri, categories_uri, tuple(uploads))


def _refuse_second(aws: Aws, project: Project, config: LabelingJobConfig) -> None:
    """People would label everything twice because a command was repeated."""
    running = next(_running(aws, project, config), None)
    if running is not None:
        environment = project.environment.name
        raise LabelingError(
            f'labeling job "{running["LabelingJobName"]}" is {running["LabelingJobStatus"]}',
            hint=f"{typed(f'labeling wait {config.name}', environment)}; "
            f"or beside it: {typed(f'labeling create {config.name} --again', environment)}",
        )


def _running(aws: Aws, project: Project, config: LabelingJobConfig) -> Iterator[Mapping[str, Any]]:
    for each in jobs.runs_of(aws, project.environment, config.name):
        if each["LabelingJobStatus"] not in jobs.ENDED:
            yield each
