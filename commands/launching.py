"""start and run: executions on their way, and what came of them."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.candidate import Candidate
    from deploy.labeled import LabeledData
    from deploy.labeling.converting import JobOutput
    from deploy.launch import Launched, Wishes
    from deploy.session import Aws
    from deploy.summary import Summary


class Start:
    """One execution."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A pipeline, its values, its candidate, whether to wait."""
        parser.add_argument("name", metavar="NAME", help="the pipeline")
        _add_values(parser)
        parser.add_argument(
            "--from-training",
            metavar="EXECUTION",
            help="the training execution whose candidate is evaluated (ARN, id, pipeline), or `latest`",
        )
        parser.add_argument(
            "--from-labeling",
            metavar="EXECUTION",
            help="the labeling execution whose data are trained on (ARN, id, pipeline), or `latest`",
        )
        parser.add_argument(
            "--from-job",
            metavar="JOB",
            help="the labeling job whose output is converted (of config/labeling, name, ARN), or `latest`",
        )
        parser.add_argument("--wait", action="store_true", help="follow it to its end; exit code as of `run`")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Starts it; the ARN is the first line of stdout, the rest is beside it."""
        from commands.following import follow_to_end
        from config.load import load_project
        from deploy.hints import typed
        from deploy.session import connect

        project = load_project(arguments.env, names=[arguments.name])
        wishes = _wishes(project, [arguments.name], arguments)
        aws = connect(project)
        candidate = (
            _candidate(project, aws, arguments.name, arguments.from_training)
            or _labeled(project, aws, arguments.name, arguments.from_labeling)
            or _job_output(project, aws, arguments.name, arguments.from_job)
        )
        launched = _launch(
            project,
            aws,
            arguments.name,
            wishes=wishes,
            candidate=candidate,
            terminal=terminal,
            say=terminal.line,
        )
        if arguments.wait:
            return follow_to_end(project, launched.arn, terminal)
        terminal.note(f"watch it: {typed(f'watch {launched.id}', arguments.env)}")
        terminal.note(f"stop it:  {typed(f'stop {launched.id}', arguments.env)}")
        return 0


class Run:
    """Pipelines one after the other, to their ends."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Pipelines and values."""
        parser.add_argument("names", nargs="+", metavar="NAME", help="pipelines, in the order they run")
        _add_values(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Makes ready, starts each in order, follows, sums up."""
        from config.load import load_project
        from deploy.session import connect

        names = list(dict.fromkeys(arguments.names))
        project = load_project(arguments.env, names=names)
        wishes = _wishes(project, names, arguments)
        if project.environment.stand_in is not None:
            from commands.local import make_ready

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
    from deploy.summary import summarize_end

    finished: dict[str, Summary] = {}
    for name in names:
        candidate = (
            _candidate(project, aws, name, _training_of(project, name, finished))
            or _labeled(project, aws, name, _labeling_of(project, name, finished))
            or _job_output(project, aws, name, _job_of(project, name))
        )
        launched = _launch(
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
    from deploy.candidate import LATEST

    config = project.pipelines[name]
    if not isinstance(config, InferenceConfig):
        return None
    just_run = finished.get(config.training)
    return just_run.seen.execution.arn if just_run else LATEST


def _labeling_of(project: Project, name: str, finished: Mapping[str, Summary]) -> str | None:
    """The execution whose data a training pipeline takes: the one just run, else the latest."""
    from config.models import TrainingConfig
    from deploy.candidate import LATEST

    config = project.pipelines[name]
    if not isinstance(config, TrainingConfig) or config.data.labeling is None:
        return None
    just_run = finished.get(config.data.labeling)
    return just_run.seen.execution.arn if just_run else LATEST


def _labeled(project: Project, aws: Aws, name: str, wanted: str | None) -> LabeledData | None:
    from config.models import TrainingConfig
    from deploy.labeled import LabeledDataError, labeled_data

    config = project.pipelines[name]
    if wanted is None:
        return None
    if not isinstance(config, TrainingConfig) or config.data.labeling is None:
        raise LabeledDataError(
            f'"{name}" does not train on labeled data: its data.source is not labeling',
            hint=f"run_pipeline.py start {name} --env {project.environment.name}",
        )
    return labeled_data(project, aws, labeling=config.data.labeling, wanted=wanted)


def _job_of(project: Project, name: str) -> str | None:
    """The labeling job whose output a labeling pipeline converts: the latest of the one that it names."""
    from config.models.labeling import LABELING_JOB, LabelingConfig
    from deploy.candidate import LATEST

    config = project.pipelines[name]
    return LATEST if isinstance(config, LabelingConfig) and config.data.source == LABELING_JOB else None


def _job_output(project: Project, aws: Aws, name: str, wanted: str | None) -> JobOutput | None:
    from config.labeling_jobs import labeling_job_names
    from deploy.labeling.converting import job_output

    if wanted is None:
        return None
    return job_output(project, aws, name, wanted=wanted, known=labeling_job_names(project.root))


def _candidate(project: Project, aws: Aws, name: str, wanted: str | None) -> Candidate | None:
    from config.models import InferenceConfig
    from deploy.candidate import CandidateError, candidate
    from deploy.hints import typed

    config = project.pipelines[name]
    if wanted is None:
        return None
    if not isinstance(config, InferenceConfig):
        raise CandidateError(
            f'"{name}" is a pipeline of kind {getattr(config, "kind", "")}; only inference takes a candidate',
            hint=typed(f"start {name}", project.environment.name),
        )
    return candidate(project, aws, training=config.training, wanted=wanted)


def _launch(
    project: Project,
    aws: Aws,
    name: str,
    *,
    wishes: Wishes,
    candidate: Candidate | LabeledData | JobOutput | None,
    terminal: Terminal,
    say: Callable[[str], None],
) -> Launched:
    from deploy.launch import launch
    from deploy.provenance import provenance

    launched = launch(project, aws, name, wishes=wishes, candidate=candidate, origin=provenance(project.root))
    say(launched.arn)
    terminal.flush()
    _say_values(project, launched, wishes, terminal)
    return launched


def _say_values(project: Project, launched: Launched, wishes: Wishes, terminal: Terminal) -> None:
    """The values that a person may choose, those given marked, and what the endpoint will cost."""
    from commands.tables import price
    from config.models import TrainingConfig
    from deploy.cleanup import price_per_hour

    config = project.pipelines[launched.name]
    given = {*wishes.overrides, *(wishes.file.values if wishes.file else ())}
    for name in config.parameters:
        mark = "  (given)" if name in given else ""
        terminal.note(f"  {name}={launched.values.get(name, '')}{mark}")
    if isinstance(config, TrainingConfig):
        fate = {"delete": "deleted after its evaluation", "keep": "kept until you delete it"}
        terminal.note(
            f"  endpoint: {config.endpoint.instance_type}, {price(price_per_hour(config))}, "
            f"{fate[config.endpoint.after_evaluation]}"
        )


def _add_values(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter's value; may be repeated",
    )
    parser.add_argument(
        "--params", type=Path, metavar="FILE", help="a YAML or JSON file with parameters' values"
    )


def _wishes(project: Project, names: Sequence[str], arguments: Namespace) -> Wishes:
    """The values asked for, held against every pipeline's file before anything else happens."""
    from config.parameters import read_parameter_file, split_override
    from deploy.launch import Wishes, check_wishes

    wishes = Wishes(
        overrides=dict(split_override(text) for text in arguments.parameter),
        file=read_parameter_file(arguments.params) if arguments.params else None,
        beside=tuple(names),
    )
    for name in names:
        check_wishes(project, name, wishes)
    return wishes
