"""run: executions one after the other, each followed to its end, and what came of them."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from commands.launching import add_values, filled_from, launch_one, wishes_of
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.launching.launch import Wishes
    from deploy.observing.summary import Summary
    from deploy.session import Aws


class Run:
    """Pipelines one after the other, to their ends."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Pipelines and values."""
        parser.add_argument("names", nargs="+", metavar="NAME", help="pipelines, in the order they run")
        add_values(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Makes ready, starts each in order, follows, sums up."""
        from config.load import load_project
        from deploy.session import connect

        names = list(dict.fromkeys(arguments.names))
        project = load_project(arguments.env, names=names)
        wishes = wishes_of(project, names, arguments)
        if project.environment.stand_in is not None:
            from commands.making_ready import make_ready

            make_ready(project, names, terminal)
        return _run_each(
            project, connect(project), names, wishes=wishes, terminal=terminal, output=arguments.output
        )


def _run_each(
    project: Project,
    aws: Aws,
    names: Sequence[str],
    *,
    wishes: Wishes,
    terminal: Terminal,
    output: str,
) -> int:
    from commands.following import INTERRUPTED, DetachedError, conclude, follow
    from commands.report import document_of, show_end
    from deploy.hints import typed
    from deploy.observing.summary import summarize_end

    finished: dict[str, Summary] = {}
    for name in names:
        candidate = filled_from(
            project,
            aws,
            name,
            training=_training_of(project, name, finished),
            labeling=_labeling_of(project, name, finished),
            job=_job_of(project, name),
        )
        launched = launch_one(
            project, aws, name, wishes=wishes, candidate=candidate, terminal=terminal, say=terminal.note
        )
        try:
            seen = follow(project, launched.arn, terminal, summed_up_next=name == names[-1])
        except DetachedError:
            left = names[names.index(name) + 1 :]
            if left:
                terminal.note(f"  then:     {typed(' '.join(['run', *left]), project.environment.name)}")
            return INTERRUPTED
        finished[name] = summarize_end(project, aws, seen, sleep=time.sleep)
        if finished[name].exit_code != 0:
            break
    if output == "json":
        terminal.json({"executions": [document_of(name, summary) for name, summary in finished.items()]})
    else:
        terminal.note("")
        show_end(finished, terminal, environment=project.environment.name)
    return conclude(finished, terminal, environment=project.environment.name)


def _training_of(project: Project, name: str, finished: Mapping[str, Summary]) -> str | None:
    """The execution whose candidate an inference pipeline takes: the one just run, else the latest."""
    from config.models import InferenceConfig
    from deploy.launching.candidate import LATEST

    config = project.pipelines[name]
    if not isinstance(config, InferenceConfig):
        return None
    just_run = finished.get(config.training)
    return just_run.seen.execution.arn if just_run else LATEST


def _labeling_of(project: Project, name: str, finished: Mapping[str, Summary]) -> str | None:
    """The execution whose data a training pipeline takes: the one just run, else the latest."""
    from config.models import TrainingConfig
    from deploy.launching.candidate import LATEST

    config = project.pipelines[name]
    if not isinstance(config, TrainingConfig) or config.data.labeling is None:
        return None
    just_run = finished.get(config.data.labeling)
    return just_run.seen.execution.arn if just_run else LATEST


def _job_of(project: Project, name: str) -> str | None:
    """The labeling job whose output a labeling pipeline converts: the latest of the one that it names."""
    from config.models.labeling import LABELING_JOB, LabelingConfig
    from deploy.launching.candidate import LATEST

    config = project.pipelines[name]
    return LATEST if isinstance(config, LabelingConfig) and config.data.source == LABELING_JOB else None
