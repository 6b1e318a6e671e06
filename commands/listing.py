"""executions: those of one pipeline or of all, filtered, with the values they were started with."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from commands.arguments import count, moment_of
from commands.named_execution import name_of
from commands.projects import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.executions import Execution
    from deploy.session import Aws

STATUSES = ("Executing", "Stopping", "Stopped", "Failed", "Succeeded", "CompletedWithFailures")


class Executions:
    """Executions of one pipeline or of all."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A pipeline, how many, which."""
        parser.add_argument("name", nargs="?", metavar="NAME", help="only this pipeline's (default: all)")
        parser.add_argument(
            "--limit", type=count, default=20, metavar="N", help="so many at most (default: 20)"
        )
        parser.add_argument(
            "--status",
            choices=STATUSES,
            action="append",
            default=[],
            metavar="STATUS",
            help=f"only these: {', '.join(STATUSES)}; may be repeated",
        )
        parser.add_argument(
            "--since", type=moment_of, metavar="WHEN", help="started since then: 2d, 12h, or 2026-11-22"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them, newest first."""
        from commands.report import execution_document

        project, aws = connected(arguments, terminal)
        if arguments.name:
            project.pipeline(arguments.name)
        listed = _listed(project, aws, arguments)
        if arguments.output == "json":
            documents = [
                {**execution_document(name_of(project, each), each), "parameters": dict(values)}
                for each, values in listed
            ]
            terminal.json({"executions": documents})
        else:
            _show(project, listed, terminal, filtered=bool(arguments.status or arguments.since))
        return 0


def _listed(project: Project, aws: Aws, arguments: Namespace) -> list[tuple[Execution, Mapping[str, str]]]:
    from concurrent.futures import ThreadPoolExecutor

    from deploy import executions

    names = [arguments.name] if arguments.name else list(project.pipelines)
    found = [each for name in names for each in _newest(project, aws, name, arguments)]
    found.sort(key=lambda each: each.started, reverse=True)
    chosen = found[: arguments.limit]
    with ThreadPoolExecutor(max_workers=8) as pool:  # the listing does not say when they ended
        whole = list(pool.map(lambda each: executions.describe(aws, each.arn), chosen))
        values = list(pool.map(lambda each: executions.given(aws, each.arn), chosen))
    return list(zip(whole, values, strict=True))


def _newest(project: Project, aws: Aws, name: str, arguments: Namespace) -> list[Execution]:
    from botocore.exceptions import ClientError

    from config import names
    from deploy import executions
    from deploy.errors import is_missing

    newest = executions.newest(aws, names.pipeline_name(project.environment, name))
    recent = takewhile(lambda each: not arguments.since or each.started >= arguments.since, newest)
    wanted = (each for each in recent if not arguments.status or each.status in arguments.status)
    try:
        return list(islice(wanted, arguments.limit))
    except ClientError as error:  # a pipeline that was never deployed has no executions
        if not is_missing(error):
            raise
        return []


def _show(
    project: Project,
    listed: list[tuple[Execution, Mapping[str, str]]],
    terminal: Terminal,
    *,
    filtered: bool,
) -> None:
    from commands.tables import between, moment, now, table

    rows = [
        (
            each.id,
            name_of(project, each),
            each.status,
            moment(each.started),
            between(each.started, each.ended, now()),
            _changed(project, each, values),
            each.description,
        )
        for each, values in listed
    ]
    if rows:
        columns = ("id", "pipeline", "status", "started", "time", "other than default", "")
        terminal.show(table(columns, rows, right=("time",)))
    else:
        such = "such executions" if filtered else "executions"
        terminal.line(f'no {such} in environment "{project.environment.name}"')


def _changed(project: Project, execution: Execution, values: Mapping[str, str]) -> str:
    """The declared values that are not the defaults of the file at hand, and the size of a sample."""
    from config.parameter_values import parameter_text
    from config.platform_parameters import SAMPLE_ROWS

    config = project.pipelines.get(name_of(project, execution))
    declared = config.parameters if config else {}
    defaults = {name: parameter_text(parameter.default) for name, parameter in declared.items()}
    changed = {name: value for name, value in values.items() if name in defaults and value != defaults[name]}
    if values.get(SAMPLE_ROWS, "0") != "0":
        changed[SAMPLE_ROWS] = values[SAMPLE_ROWS]
    return ", ".join(f"{name}={value}" for name, value in changed.items())
