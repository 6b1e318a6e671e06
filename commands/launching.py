"""start and run: executions on their way, and what came of them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.candidate import Candidate
    from deploy.labeled import LabeledData
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
        parser.add_argument("--wait", action="store_true", help="follow it to its end; exit code as of `run`")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Starts it; the ARN is the first line of stdout, the rest is beside it."""
        from commands.following import follow_to_end
        from config.load import load_project
        from deploy.session import connect

        project = load_project(arguments.env)
        wishes = _wishes(project, [arguments.name], arguments)
        aws = connect(project)
        candidate = _candidate(project, aws, arguments.name, arguments.from_training) or _labeled(
            project, aws, arguments.name, arguments.from_labeling
        )
        launched = _launch(
            project, aws, arguments.name, wishes=wishes, candidate=candidate, terminal=terminal
        )
        if arguments.wait:
            return follow_to_end(project, launched.arn, terminal)
        environment = "" if arguments.env == "local" else f" --env {arguments.env}"
        terminal.note(f"watch it: run_pipeline.py watch {launched.id}{environment}")
        terminal.note(f"stop it:  run_pipeline.py stop {launched.id}{environment}")
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

        project = load_project(arguments.env)
        names = list(dict.fromkeys(arguments.names))
        wishes = _wishes(project, names, arguments)
        if project.environment.stand_in is not None:
            from commands.local import make_ready

            make_ready(project, names, terminal)
        return _run_each(project, connect(project), names, wishes, terminal)


def _run_each(
    project: Project,
    aws: Aws,
    names: Sequence[str],
    wishes: Wishes,
    terminal: Terminal,
) -> int:
    from commands.following import INTERRUPTED, DetachedError, follow
    from commands.report import show_summary
    from deploy.summary import summarize

    finished: dict[str, Summary] = {}
    for name in names:
        candidate = _candidate(project, aws, name, _training_of(project, name, finished)) or _labeled(
            project, aws, name, _labeling_of(project, name, finished)
        )
        launched = _launch(project, aws, name, wishes=wishes, candidate=candidate, terminal=terminal)
        try:
            seen = follow(project, launched.arn, terminal)
        except DetachedError:
            _say_what_is_left(
                names[names.index(name) + 1 :], arguments_env=project.environment.name, terminal=terminal
            )
            return INTERRUPTED
        finished[name] = summarize(project, aws, seen)
        if finished[name].exit_code != 0:
            break
    terminal.note("")
    for position, (name, summary) in enumerate(finished.items()):
        if position:
            terminal.line()
        show_summary(name, summary, terminal, environment=project.environment.name)
    return next((summary.exit_code for summary in finished.values() if summary.exit_code), 0)


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


def _candidate(project: Project, aws: Aws, name: str, wanted: str | None) -> Candidate | None:
    from config.models import InferenceConfig
    from deploy.candidate import CandidateError, candidate

    config = project.pipelines[name]
    if wanted is None:
        return None
    if not isinstance(config, InferenceConfig):
        raise CandidateError(
            f'"{name}" is a pipeline of kind {getattr(config, "kind", "")}; only inference takes a candidate',
            hint=f"run_pipeline.py start {name} --env {project.environment.name}",
        )
    return candidate(project, aws, training=config.training, wanted=wanted)


def _launch(
    project: Project,
    aws: Aws,
    name: str,
    *,
    wishes: Wishes,
    candidate: Candidate | LabeledData | None,
    terminal: Terminal,
) -> Launched:
    from deploy.launch import launch
    from deploy.provenance import provenance

    launched = launch(project, aws, name, wishes=wishes, candidate=candidate, origin=provenance(project.root))
    terminal.line(launched.arn)
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
            f"  endpoint: {config.endpoint.instance_type}, {price(price_per_hour(config))} on AWS, "
            f"{fate[config.endpoint.after_evaluation]}"
        )


def _say_what_is_left(names: Sequence[str], *, arguments_env: str, terminal: Terminal) -> None:
    if names:
        environment = "" if arguments_env == "local" else f" --env {arguments_env}"
        terminal.note(f"  then:     run_pipeline.py run {' '.join(names)}{environment}")


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
