"""start: one execution on its way."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.arguments import count
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.labeling.converting import JobOutput
    from deploy.launching.again import Again
    from deploy.launching.candidate import Candidate
    from deploy.launching.labeled import LabeledData
    from deploy.launching.launch import Launched, Ready, Wishes
    from deploy.session import Aws


class Start:
    """One execution."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A pipeline, its values, its candidate, whether to wait."""
        parser.add_argument("name", metavar="NAME", help="the pipeline")
        add_values(parser)
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
        _add_earlier(parser)
        parser.add_argument(
            "--estimate", action="store_true", help="say what it would cost and take; nothing starts"
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--alias", metavar="NAME", help="the version that goes by this name (upsert --alias)"
        )
        which.add_argument("--version", type=count, metavar="NUMBER", help="this version, not the newest")
        parser.add_argument("--wait", action="store_true", help="follow it to its end; exit code as of `run`")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Starts it; the ARN is the first line of stdout, the rest is beside it."""
        from commands.following import follow_to_end
        from commands.values import start_document
        from config.load import load_project
        from deploy.hints import typed
        from deploy.launching.again import again
        from deploy.launching.launch import prepare
        from deploy.launching.provenance import provenance
        from deploy.session import connect

        _check_selection(arguments)
        project = load_project(arguments.env, names=[arguments.name])
        wishes = wishes_of(project, [arguments.name], arguments)
        aws = connect(project)
        candidate = filled_from(
            project,
            aws,
            arguments.name,
            training=arguments.from_training,
            labeling=arguments.from_labeling,
            job=arguments.from_job,
        )
        earlier = None if arguments.again is None else again(project, aws, arguments.name, arguments.again)
        if arguments.estimate:
            ready = prepare(
                project,
                aws,
                arguments.name,
                wishes=wishes,
                candidate=candidate,
                origin=provenance(project.root),
                again=earlier,
            )
            return _estimate(project, aws, ready, terminal, earlier=earlier, output=arguments.output)
        launched = launch_one(
            project,
            aws,
            arguments.name,
            wishes=wishes,
            candidate=candidate,
            terminal=terminal,
            say=terminal.note if arguments.output == "json" else terminal.line,
            again=earlier,
        )
        if arguments.output == "json" and not arguments.wait:
            terminal.json(start_document(project, launched.ready, arn=launched.arn, again=earlier))
        if arguments.wait:
            return follow_to_end(project, launched.arn, terminal, output=arguments.output)
        terminal.note(f"watch it: {typed(f'watch {launched.id}', arguments.env)}")
        terminal.note(f"stop it:  {typed(f'stop {launched.id}', arguments.env)}")
        return 0


def filled_from(
    project: Project, aws: Aws, name: str, *, training: str | None, labeling: str | None, job: str | None
) -> Candidate | LabeledData | JobOutput | None:
    """What fills the platform's parameters, of whatever was asked for; None where nothing was.

    Raises for what a pipeline of this kind does not take, whatever else was asked for.
    """
    data, output = _labeled(project, aws, name, labeling), _job_output(project, aws, name, job)
    return _candidate(project, aws, name, training) or data or output


def _labeled(project: Project, aws: Aws, name: str, wanted: str | None) -> LabeledData | None:
    """The labeled data that were asked for; None where none were."""
    from config.models import TrainingConfig
    from deploy.hints import typed
    from deploy.launching.labeled import LabeledDataError, labeled_data

    config = project.pipelines[name]
    if wanted is None:
        return None
    if not isinstance(config, TrainingConfig) or config.data.labeling is None:
        raise LabeledDataError(
            f'"{name}" does not train on labeled data: its data.source is not labeling',
            hint=typed(f"start {name}", project.environment.name),
        )
    return labeled_data(project, aws, labeling=config.data.labeling, wanted=wanted)


def _job_output(project: Project, aws: Aws, name: str, wanted: str | None) -> JobOutput | None:
    """The output of the labeling job that was asked for; None where none was."""
    from config.labeling_jobs import labeling_job_names
    from deploy.labeling.converting import job_output

    if wanted is None:
        return None
    return job_output(project, aws, name, wanted=wanted, known=labeling_job_names(project.root))


def _candidate(project: Project, aws: Aws, name: str, wanted: str | None) -> Candidate | None:
    """The candidate that was asked for; None where none was."""
    from config.models import InferenceConfig
    from deploy.hints import typed
    from deploy.launching.candidate import CandidateError, candidate

    config = project.pipelines[name]
    if wanted is None:
        return None
    if not isinstance(config, InferenceConfig):
        raise CandidateError(
            f'"{name}" is a pipeline of kind {getattr(config, "kind", "")}; only inference takes a candidate',
            hint=typed(f"start {name}", project.environment.name),
        )
    return candidate(project, aws, training=config.training, wanted=wanted)


def launch_one(
    project: Project,
    aws: Aws,
    name: str,
    *,
    wishes: Wishes,
    candidate: Candidate | LabeledData | JobOutput | None,
    terminal: Terminal,
    say: Callable[[str], None],
    again: Again | None = None,
) -> Launched:
    """Starts one execution; `say` takes its ARN, before anything else is said."""
    from commands.values import say_left_out, say_values
    from deploy.launching.launch import launch
    from deploy.launching.provenance import provenance

    launched = launch(
        project,
        aws,
        name,
        wishes=wishes,
        candidate=candidate,
        origin=provenance(project.root),
        again=again,
    )
    say(launched.arn)
    terminal.flush()
    if again is not None:
        say_left_out(again, terminal)
    say_values(project, launched.ready, terminal)
    return launched


def add_values(parser: ArgumentParser) -> None:
    """The arguments that give values."""
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
    parser.add_argument(
        "--sample", type=count, metavar="N", help="a trial: only N rows of the data go through the steps"
    )


def _add_earlier(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="again",
        metavar="EXECUTION",
        help="start again with the values of this execution (ARN, id, or `latest` of the pipeline)",
    )
    steps = parser.add_mutually_exclusive_group()
    steps.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="STEP",
        help="run these steps alone; what they need comes from the execution of --from",
    )
    steps.add_argument(
        "--skip",
        nargs="+",
        default=[],
        metavar="STEP",
        help="run all steps but these and those before them, whose results come from the execution of --from",
    )


def _check_selection(arguments: Namespace) -> None:
    from commands.parser import UsageError
    from deploy.hints import typed

    chosen = "only" if arguments.only else "skip" if arguments.skip else ""
    if chosen and arguments.again is None:
        words = f"start {arguments.name} --from latest --{chosen} {' '.join(getattr(arguments, chosen))}"
        raise UsageError(
            f"--{chosen} needs --from: the results of the other steps come from an earlier execution",
            hint=typed(words, arguments.env),
        )


def _estimate(
    project: Project, aws: Aws, ready: Ready, terminal: Terminal, *, earlier: Again | None, output: str
) -> int:
    """What the start would cost, which is all but done; stdout has the table."""
    from commands.costs import estimate_document, show_estimate
    from commands.values import say_values, start_document
    from deploy.launching.estimate import estimate

    say_values(project, ready, terminal)
    found = estimate(project, aws, ready)
    if output == "json":
        document = estimate_document(project, found)
        terminal.json(start_document(project, ready, arn=None, again=earlier, estimate=document))
    else:
        show_estimate(project, found, terminal)
    return 0


def wishes_of(project: Project, names: Sequence[str], arguments: Namespace) -> Wishes:
    """The values asked for, held against every pipeline's file before anything else happens."""
    from config.parameters import read_parameter_file, split_override
    from config.platform_parameters import SAMPLE_ROWS
    from deploy.launching.launch import Wishes, check_wishes
    from deploy.planning.versions import VersionChoice, check_alias

    alias = getattr(arguments, "alias", None)
    sample = {SAMPLE_ROWS: str(arguments.sample)} if arguments.sample else {}
    wishes = Wishes(
        version=VersionChoice(
            getattr(arguments, "version", None), None if alias is None else check_alias(alias)
        ),
        overrides=sample | dict(split_override(text) for text in arguments.parameter),
        file=read_parameter_file(arguments.params) if arguments.params else None,
        beside=tuple(names),
        only=tuple(getattr(arguments, "only", ())),
        skip=tuple(getattr(arguments, "skip", ())),
    )
    for name in names:
        check_wishes(project, name, wishes)
    return wishes
