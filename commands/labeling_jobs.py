"""labeling status, stop, wait: a labeling job as it goes on, to its end and into its conversion."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.labeling.converting import JobOutput
    from deploy.labeling.jobs import LabelingJob
    from deploy.session import Aws


class Status:
    """One job at this moment."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One job."""
        _add_job(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints it; the exit code is 0 whatever became of the job."""
        _, _, job = _found(arguments, terminal)
        _show(job, arguments, terminal)
        return 0


class Stop:
    """Ends a job before its time."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One job."""
        _add_job(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Asks for the stop."""
        from deploy.labeling import jobs

        _, aws, job = _found(arguments, terminal)
        if job.is_over:
            terminal.line(f"labeling job {job.name} is already {job.status}")
            return 0
        jobs.stop(aws, job.name)
        terminal.line(f"stopping labeling job {job.name}; what is labeled by now is kept")
        return 0


class Wait:
    """Waits for the end of a job."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One job, and what comes after it."""
        _add_job(parser)
        parser.add_argument(
            "--convert",
            action="store_true",
            help="then start the labeling pipeline that converts it, and follow it",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """0 when the job is Completed (and converted); raises JobEndedError for another end."""
        from commands.following import INTERRUPTED
        from deploy.hints import typed
        from deploy.labeling.converting import output_of

        project, aws, job = _found(arguments, terminal)
        pipeline = _pipeline_of(project, job) if arguments.convert else None
        words = f"labeling wait {arguments.job}{' --convert' if arguments.convert else ''}"
        again = typed(words, arguments.env)
        try:
            job = _followed(project, job, terminal, again=again)
        except KeyboardInterrupt:
            terminal.note("detached; the labeling job goes on")
            terminal.note(f"  wait again: {again}")
            return INTERRUPTED
        _check_end(job, pipeline, arguments)
        if pipeline is None:
            _show(job, arguments, terminal)
            return 0
        output = output_of(job, project.environment.name)
        return _convert(project, aws, pipeline, output, terminal, as_json=arguments.output == "json")


def _followed(project: Project, job: LabelingJob, terminal: Terminal, *, again: str) -> LabelingJob:
    """The job at its end; a line for every change. `again` is what to type to go on waiting."""
    from deploy.labeling import jobs
    from deploy.observing.follow import pause_of
    from deploy.session import connect

    told = ""
    newest = job
    for seen, trouble in jobs.follow(
        lambda: connect(project),
        job.name,
        pause=pause_of(project.environment),
        sleep=time.sleep,
        again=again,
    ):
        newest = seen
        line = trouble or f"{seen.status}, {_progress(seen)}"
        if line != told:
            terminal.note(f"{seen.name}: {line}")
            told = line
    return newest


def _convert(
    project: Project, aws: Aws, pipeline: str, output: JobOutput, terminal: Terminal, *, as_json: bool
) -> int:
    from commands.following import follow_to_end
    from deploy.launching.launch import Wishes, launch
    from deploy.launching.provenance import provenance

    origin = provenance(project.root)
    launched = launch(project, aws, pipeline, wishes=Wishes(), candidate=output, origin=origin)
    (terminal.note if as_json else terminal.line)(launched.arn)
    return follow_to_end(project, launched.arn, terminal, output="json" if as_json else "text")


def _pipeline_of(project: Project, job: LabelingJob) -> str:
    """The pipeline of the job's file, known before anybody waits for days."""
    from config.labeling_jobs import labeling_job_names, load_labeling_job
    from config.names import labeling_job_prefix
    from deploy.hints import typed
    from deploy.labeling.errors import LabelingError

    for name in labeling_job_names(project.root):
        if job.name.lower().startswith(labeling_job_prefix(project.environment, name).lower()):
            pipeline = load_labeling_job(project, name).pipeline
            if pipeline is not None:
                return pipeline
            raise LabelingError(
                f'"{name}" names no pipeline to convert its labels',
                hint=f"pipeline: ... in config/labeling/{name}.yaml",
            )
    raise LabelingError(
        f'labeling job "{job.name}" belongs to no file of config/labeling',
        hint=typed(f"start PIPELINE --from-job {job.name}", project.environment.name),
    )


def _check_end(job: LabelingJob, pipeline: str | None, arguments: Namespace) -> None:
    """Raises JobEndedError where the job did not complete."""
    from deploy.hints import typed
    from deploy.labeling.errors import JobEndedError

    if job.status == "Completed":
        return
    why = f": {job.reason}" if job.reason else f", {_progress(job)}"
    hint = typed(f"labeling status {job.name}", arguments.env)
    if pipeline and job.output and job.labeled:
        start = typed(f"start {pipeline} --from-job {job.name}", arguments.env)
        hint = f"what is labeled can be converted: {start}"
    raise JobEndedError(f'labeling job "{job.name}" is {job.status}{why}', hint=hint)


def _add_job(parser: ArgumentParser) -> None:
    parser.add_argument(
        "job", metavar="JOB", help="a file of config/labeling (its latest job), a job's name or its ARN"
    )


def _found(arguments: Namespace, terminal: Terminal) -> tuple[Project, Aws, LabelingJob]:
    from commands.projects import connected
    from config.labeling_jobs import labeling_job_names
    from deploy.labeling import jobs

    project, aws = connected(arguments, terminal)
    known = labeling_job_names(project.root)
    return project, aws, jobs.find(aws, project.environment, arguments.job, known)


def _progress(job: LabelingJob) -> str:
    failed = job.counters.get("FailedNonRetryableError", 0)
    return f"{job.labeled:,} of {job.total:,} objects labeled" + (f", {failed:,} failed" if failed else "")


def _show(job: LabelingJob, arguments: Namespace, terminal: Terminal) -> None:
    from commands.tables import between, moment, now, table

    if arguments.output == "json":
        terminal.json(document_of(job))
        return
    rows = [
        ("job", job.name),
        ("status", job.status),
        ("objects", _progress(job)),
        ("workers", f"{job.workers} of each object, team {job.team}"),
        ("created", moment(job.created)),
        ("time", between(job.created, job.changed if job.is_over else None, now())),
        ("labels", f"{job.output} (attribute {job.attribute})" if job.output else ""),
        ("reason", job.reason),
    ]
    terminal.show(table(("", ""), [row for row in rows if row[1]], heading=False))


def document_of(job: LabelingJob) -> dict[str, object]:
    """The JSON of a job, as commands/shapes.py documents it."""
    return {
        "job": job.name,
        "arn": job.arn,
        "status": job.status,
        "created": job.created,
        "ended": job.changed if job.is_over else None,
        "objects": {
            "total": job.total,
            "labeled": job.labeled,
            "failed": job.counters.get("FailedNonRetryableError", 0),
            "unlabeled": job.counters.get("Unlabeled", 0),
        },
        "workers": job.workers,
        "team": job.team,
        "attribute": job.attribute,
        "manifest": job.manifest,
        "output": job.output,
        "reason": job.reason,
    }
