"""Following an execution on the screen, to its end or until Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.executions import Seen

INTERRUPTED = 130


class DetachedError(KeyboardInterrupt):
    """Ctrl-C while following: how to go on was said, the execution goes on by itself."""


def follow(project: Project, arn: str, terminal: Terminal) -> Seen:
    """Shows an execution until it is over; what was seen last. Raises DetachedError on Ctrl-C."""
    from commands.progress import Progress
    from deploy import follow as following
    from deploy.executions import pipeline_of
    from deploy.reference import config_name_of
    from deploy.session import connect

    name = config_name_of(project, pipeline_of(arn)) or pipeline_of(arn)
    snapshot = None
    try:
        with Progress(name, terminal) as progress:
            for snapshot in following.follow(
                lambda: connect(project),
                arn,
                pause=following.pause_of(project.environment),
                sleep=time.sleep,
            ):
                progress.update(snapshot)
    except KeyboardInterrupt:
        _say_how_to_go_on(project, arn, terminal)
        raise DetachedError from None
    if snapshot is None:
        raise AssertionError("following gives at least one snapshot")
    return snapshot.seen


def follow_to_end(project: Project, arn: str, terminal: Terminal) -> int:
    """Follows, sums up; the exit code is the execution's, 130 when the person left."""
    from commands.report import show_summary
    from deploy.reference import config_name_of
    from deploy.session import connect
    from deploy.summary import summarize

    try:
        seen = follow(project, arn, terminal)
    except DetachedError:
        return INTERRUPTED
    summary = summarize(project, connect(project), seen)
    name = config_name_of(project, seen.execution.pipeline) or seen.execution.pipeline
    terminal.line()
    show_summary(name, summary, terminal, environment=project.environment.name)
    return summary.exit_code


def _say_how_to_go_on(project: Project, arn: str, terminal: Terminal) -> None:
    execution_id = arn.rpartition("/")[2]
    environment = "" if project.environment.name == "local" else f" --env {project.environment.name}"
    terminal.note("detached; the execution goes on")
    terminal.note(f"  watch it: run_pipeline.py watch {execution_id}{environment}")
    terminal.note(f"  stop it:  run_pipeline.py stop {execution_id}{environment}")
