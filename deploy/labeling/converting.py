"""What a labeling job leaves for the pipeline that converts it: the folder that fills its parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.models import Project
from config.models.labeling import LABELING_JOB, LabelingConfig
from config.platform_parameters import JOB_OUTPUT
from deploy.hints import typed
from deploy.labeling import jobs
from deploy.labeling.errors import LabelingError
from deploy.labeling.jobs import LabelingJob
from deploy.launching.candidate import LATEST
from deploy.session import Aws


@dataclass(frozen=True)
class JobOutput:
    """The output folder of a job that has ended."""

    job: str
    uri: str

    @property
    def parameters(self) -> dict[str, str]:
        """The pipeline's parameter that it fills."""
        return {JOB_OUTPUT[0].name: self.uri}

    @property
    def source(self) -> str:
        """Where the values come from, in words."""
        return f"labeling job {self.job}"


def output_of(job: LabelingJob, environment: str) -> JobOutput:
    """The output of one job; raises LabelingError where it has left none, or nothing is labeled."""
    if not job.is_over:
        raise LabelingError(
            f'labeling job "{job.name}" is {job.status}', hint=typed(f"labeling wait {job.name}", environment)
        )
    if not job.output or not job.labeled:
        why = f": {job.reason}" if job.reason else ""
        what = "has labeled nothing" if job.output else "has left no output"
        raise LabelingError(
            f'labeling job "{job.name}" is {job.status} and {what}{why}',
            hint=typed(f"labeling status {job.name}", environment),
        )
    return JobOutput(job.name, job.output)


def job_output(project: Project, aws: Aws, pipeline: str, *, wanted: str, known: Sequence[str]) -> JobOutput:
    """Of a job by ARN or name, or of the latest that has an output of the file that the pipeline names."""
    config = project.pipeline(pipeline)
    environment = project.environment
    if (
        not isinstance(config, LabelingConfig)
        or config.data.source != LABELING_JOB
        or config.data.job is None
    ):
        raise LabelingError(
            f'"{pipeline}" does not convert a labeling job: its data.source is not {LABELING_JOB}',
            hint=typed(f"start {pipeline}", environment.name),
        )
    if wanted != LATEST:
        return output_of(jobs.find(aws, environment, wanted, tuple(known)), environment.name)
    for each in jobs.runs_of(aws, environment, config.data.job):
        if each["LabelingJobStatus"] in ("Completed", "Stopped"):
            return output_of(jobs.look(aws, each["LabelingJobName"]), environment.name)
    raise LabelingError(
        f'"{config.data.job}" has no labeling job that has ended in environment "{environment.name}"',
        hint=typed(f"labeling create {config.data.job}", environment.name),
    )
