"""Following an execution on the screen, to its end or until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.executions import Seen
    from deploy.launching.history import History
    from deploy.observing.summary import Summary

INTERRUPTED = 130


class DetachedError(KeyboardInterrupt):
    """Ctrl-C while following: how to go on was said, the execution goes on by itself."""


def follow(project: Project, arn: str, terminal: Terminal, *, summed_up_next: bool = True) -> Seen:
    """Shows an execution until it is over; what was seen last. Raises DetachedError on Ctrl-C."""
    from commands.progress import Progress
    from deploy.executions import pipeline_of
    from deploy.observing import follow as following
    from deploy.reference import config_name_of
    from deploy.session import connect

    past = _past(project, arn)
    name = config_name_of(project, pipeline_of(arn)) or pipeline_of(arn)
    snapshot = None
    try:
        with Progress(name, terminal, summed_up_next=summed_up_next, past=past) as progress:
            for snapshot in following.follow(
                lambda: connect(project), arn, project.environment, sleep=time.sleep
            ):
                progress.update(snapshot)
    except KeyboardInterrupt:
        _say_how_to_go_on(project, arn, terminal)
        raise DetachedError from None
    if snapshot is None:
        raise AssertionError("following gives at least one snapshot")
    return snapshot.seen


def _past(project: Project, arn: str) -> History:
    """How long such executions took before."""
    from config.platform_parameters import SAMPLE_ROWS
    from deploy import executions
    from deploy.launching.history import known_history
    from deploy.session import connect

    aws = connect(project)
    rows = executions.given(aws, arn).get(SAMPLE_ROWS, "0")
    return known_history(aws, executions.pipeline_of(arn), sample_rows=rows, but=arn)


def follow_to_end(project: Project, arn: str, terminal: Terminal, *, output: str = "text") -> int:
    """Follows and sums up; 0, or 130 when the person left. Raises RunFailedError and GateMissedError."""
    from commands.report import document_of, show_end
    from deploy.observing.summary import summarize_end
    from deploy.reference import config_name_of
    from deploy.session import connect

    try:
        seen = follow(project, arn, terminal)
    except DetachedError:
        return INTERRUPTED
    summary = summarize_end(project, connect(project), seen, sleep=time.sleep)
    name = config_name_of(project, seen.execution.pipeline) or seen.execution.pipeline
    if output == "json":
        terminal.json(document_of(name, summary))
    else:
        terminal.note("")
        show_end({name: summary}, terminal, environment=project.environment.name)
    return conclude({name: summary}, terminal, environment=project.environment.name)


def conclude(summaries: Mapping[str, Summary], terminal: Terminal, *, environment: str) -> int:
    """0, or the error of the first execution that did not succeed, raised."""
    from deploy.observing.summary import verdict

    terminal.flush()
    for name, summary in summaries.items():
        bad = verdict(name, summary, environment)
        if bad is not None:
            raise bad
    return 0


def _say_how_to_go_on(project: Project, arn: str, terminal: Terminal) -> None:
    from deploy.hints import typed

    execution_id = arn.rpartition("/")[2]
    environment = project.environment.name
    terminal.note("detached; the execution goes on")
    terminal.note(f"  watch it: {typed(f'watch {execution_id}', environment)}")
    terminal.note(f"  stop it:  {typed(f'stop {execution_id}', environment)}")
