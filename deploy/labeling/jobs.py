"""Labeling jobs as the service tells of them: found by the name of a file, looked at, stopped, followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from config import names
from config.models import Environment
from deploy.errors import is_missing
from deploy.hints import typed
from deploy.labeling.errors import LabelingError
from deploy.paging import entries
from deploy.patience import Patience
from deploy.session import Aws

ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})
_TIME: Final = re.compile(r"\d{6}-\d{6}")
_MANIFEST: Final = "/manifests/output/output.manifest"


@dataclass(frozen=True)
class LabelingJob:
    """One job. `output`: the folder that it wrote, without a slash; empty while there is none."""

    name: str
    arn: str
    status: str
    created: datetime
    changed: datetime
    counters: Mapping[str, int]
    reason: str
    attribute: str
    workers: int
    team: str
    manifest: str
    output: str

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be labeled."""
        return self.status in ENDED

    @property
    def labeled(self) -> int:
        """Objects that have their labels."""
        return self.counters.get("TotalLabeled", 0)

    @property
    def total(self) -> int:
        """Objects of the job, as far as the service has counted them."""
        return sum(
            self.counters.get(name, 0) for name in ("TotalLabeled", "FailedNonRetryableError", "Unlabeled")
        )


def look(aws: Aws, name: str) -> LabelingJob:
    """One job by its full name; raises LabelingError where there is none."""
    try:
        found = aws.client("sagemaker").describe_labeling_job(LabelingJobName=name)
    except ClientError as error:
        if not is_missing(error):
            raise
        raise LabelingError(
            f'there is no labeling job "{name}"', hint="aws sagemaker list-labeling-jobs"
        ) from error
    task = found["HumanTaskConfig"]
    dataset = (found.get("LabelingJobOutput") or {}).get("OutputDatasetS3Uri", "")
    return LabelingJob(
        name=found["LabelingJobName"],
        arn=found["LabelingJobArn"],
        status=found["LabelingJobStatus"],
        created=found["CreationTime"],
        changed=found["LastModifiedTime"],
        counters=found.get("LabelCounters") or {},
        reason=found.get("FailureReason", ""),
        attribute=found.get("LabelAttributeName", ""),
        workers=task["NumberOfHumanWorkersPerDataObject"],
        team=task["WorkteamArn"].rpartition("/")[2],
        manifest=found["InputConfig"]["DataSource"].get("S3DataSource", {}).get("ManifestS3Uri", ""),
        output=dataset.removesuffix(_MANIFEST) if dataset.endswith(_MANIFEST) else "",
    )


def find(aws: Aws, environment: Environment, wanted: str, known: tuple[str, ...]) -> LabelingJob:
    """The job that a person means: ARN, full name, or a file of config/labeling, which is its latest job."""
    if wanted.startswith("arn:"):
        return look(aws, wanted.rpartition("/")[2])
    if wanted not in known:
        return look(aws, wanted)
    newest = next(runs_of(aws, environment, wanted), None)
    if newest is None:
        raise LabelingError(
            f'"{wanted}" has no labeling job in environment "{environment.name}"',
            hint=typed(f"labeling create {wanted}", environment.name),
        )
    return look(aws, newest["LabelingJobName"])


def runs_of(aws: Aws, environment: Environment, name: str) -> Iterator[Mapping[str, Any]]:
    """Summaries of the jobs of a file, newest first; names are compared as the service does, without case."""
    prefix = names.labeling_job_prefix(environment, name).lower()
    newest_first = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    ask = aws.client("sagemaker").list_labeling_jobs
    for each in entries(ask, "LabelingJobSummaryList", NameContains=prefix.rstrip("-"), **newest_first):
        full = each["LabelingJobName"].lower()
        if full.startswith(prefix) and _TIME.fullmatch(full.removeprefix(prefix)):
            yield each


def stop(aws: Aws, name: str) -> None:
    """Asks for the stop; what is labeled by then is kept."""
    aws.client("sagemaker").stop_labeling_job(LabelingJobName=name)


def follow(
    connect: Callable[[], Aws], name: str, *, pause: float, sleep: Callable[[float], None], again: str
) -> Iterator[tuple[LabelingJob, str]]:
    """(job, trouble) at every look, until the job is over. Passing errors are told and outlasted.

    `again` is what to type when this one has to end before the job.
    """
    aws = connect()
    job, trouble, patience = look(aws, name), "", Patience("the labeling job", again)
    while True:
        yield job, trouble
        if job.is_over and not trouble:
            return
        sleep(pause)
        try:
            if trouble:
                aws = connect()
            job, trouble = look(aws, name), ""
            patience.answered()
        except Exception as error:
            why = patience.outlast(error, aws)
            if why is None:
                raise
            trouble = why
