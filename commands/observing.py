"""status, watch, executions, outputs, logs: an execution as it is and as it goes on."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from itertools import islice
from typing import TYPE_CHECKING, Any

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.executions import Execution, Seen
    from deploy.session import Aws


class Status:
    """One execution at this moment."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution."""
        add_execution(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints it; the exit code is 0 whatever the execution's is."""
        from commands.report import document_of, show_end
        from commands.tables import table
        from deploy import executions
        from deploy.summary import summarize

        project, aws, execution = found(arguments, terminal)
        summary = summarize(project, aws, executions.look(aws, execution.arn))
        name = name_of(project, execution)
        if arguments.output == "json":
            terminal.json(document_of(name, summary))
            return 0
        show_end({name: summary}, terminal, environment=arguments.env)
        terminal.line()
        terminal.show(table(("parameter", "value"), sorted(summary.values.items())))
        return 0


class Watch:
    """One execution to its end."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution."""
        add_execution(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Follows it; the exit code is the execution's."""
        from commands.following import follow_to_end

        project, _, execution = found(arguments, terminal)
        return follow_to_end(project, execution.arn, terminal, output=arguments.output)


class Executions:
    """Executions of one pipeline or of all."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A pipeline and how many."""
        parser.add_argument("name", nargs="?", metavar="NAME", help="only this pipeline's (default: all)")
        parser.add_argument(
            "--limit", type=_count, default=20, metavar="N", help="so many at most (default: 20)"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them, newest first."""
        from commands.report import execution_document
        from commands.tables import between, moment, now, table

        project, aws = connected(arguments, terminal)
        if arguments.name:
            project.pipeline(arguments.name)
        listed = _newest(project, aws, arguments.name, arguments.limit)
        if arguments.output == "json":
            documents = [execution_document(name_of(project, each), each) for each in listed]
            terminal.json({"executions": documents})
            return 0
        rows = [
            (
                each.id,
                name_of(project, each),
                each.status,
                moment(each.started),
                between(each.started, each.ended, now()),
                each.description,
            )
            for each in listed
        ]
        if rows:
            terminal.show(table(("id", "pipeline", "status", "started", "time", ""), rows, right=("time",)))
        else:
            terminal.line(f'no executions in environment "{project.environment.name}"')
        return 0


class Outputs:
    """The files of one execution."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution."""
        add_execution(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them with size, by step."""
        from commands.report import execution_document
        from commands.tables import table
        from deploy import executions, outputs
        from deploy.actions import size_of

        project, aws, execution = found(arguments, terminal)
        files = outputs.files(aws, project.environment, executions.look(aws, execution.arn))
        if arguments.output == "json":
            listed = [
                {"step": file.step, "uri": file.uri, "place": file.place, "bytes": file.size}
                for file in files
            ]
            terminal.json(
                {"execution": execution_document(name_of(project, execution), execution), "files": listed}
            )
        elif files:
            rows = [(file.step, size_of(file.size), file.place) for file in files]
            terminal.show(table(("step", "size", "file"), rows, right=("size",)))
        else:
            terminal.line(f"execution {execution.id} has written nothing yet")
        return 0


class Logs:
    """The log lines of one execution."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution, one step, how many."""
        add_execution(parser)
        parser.add_argument("--step", metavar="STEP", help="only this step's lines (default: all steps)")
        parser.add_argument("--tail", type=_count, metavar="N", help="only the last N lines of each step")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them by step, oldest first."""
        from commands.report import execution_document
        from deploy import executions, logs

        project, aws, execution = found(arguments, terminal)
        seen = executions.look(aws, execution.arn)
        steps = _chosen_steps(project, seen, arguments.step)
        collected = {step.name: _tail(logs.lines(aws, seen, step), arguments.tail) for step in steps}
        if arguments.output == "json":
            terminal.json(
                {
                    "execution": execution_document(name_of(project, execution), execution),
                    "lines": [
                        {"step": line.step, "at": line.at, "text": line.text}
                        for lines in collected.values()
                        for line in lines
                    ],
                }
            )
            return 0
        _show_lines(collected, terminal)
        return 0


def add_execution(parser: ArgumentParser) -> None:
    """The argument that names an execution."""
    parser.add_argument("execution", metavar="EXECUTION", help="ARN, id, or pipeline (its latest execution)")


def connected(arguments: Namespace, terminal: Terminal) -> tuple[Project, Aws]:
    """The project and the clients of the environment that was named."""
    from commands.projects import sound_project
    from deploy.session import connect

    project = sound_project(arguments.env, terminal)
    return project, connect(project)


def found(arguments: Namespace, terminal: Terminal) -> tuple[Project, Aws, Execution]:
    """The execution that was named, with the project and the clients."""
    from deploy.reference import find

    project, aws = connected(arguments, terminal)
    return project, aws, find(project, aws, arguments.execution)


def name_of(project: Project, execution: Execution) -> str:
    """The pipeline's name in its file; SageMaker's for one that the repository does not hold any more."""
    from deploy.reference import config_name_of

    return config_name_of(project, execution.pipeline) or execution.pipeline


def _newest(project: Project, aws: Aws, name: str | None, limit: int) -> list[Execution]:
    from concurrent.futures import ThreadPoolExecutor

    from botocore.exceptions import ClientError

    from config import names
    from deploy import executions
    from deploy.errors import is_missing

    listed: list[Execution] = []
    for pipeline in [name] if name else list(project.pipelines):
        try:
            newest = executions.newest(aws, names.pipeline_name(project.environment, pipeline))
            listed += islice(newest, limit)
        except ClientError as error:  # a pipeline that was never deployed has no executions
            if not is_missing(error):
                raise
    listed.sort(key=lambda each: each.started, reverse=True)
    with ThreadPoolExecutor(max_workers=8) as pool:  # the listing does not say when they ended
        return list(pool.map(lambda each: executions.describe(aws, each.arn), listed[:limit]))


def _chosen_steps(project: Project, seen: Seen, name: str | None) -> tuple[Any, ...]:
    from config.suggest import did_you_mean
    from deploy.errors import UnknownExecutionError
    from deploy.hints import typed

    if name is None:
        return seen.steps
    step = seen.step(name)
    if step is None and name in seen.declared:
        raise UnknownExecutionError(
            f'step "{name}" of execution {seen.execution.id} has not begun',
            hint=typed(f"status {seen.execution.id}", project.environment.name),
        )
    if step is None:
        raise UnknownExecutionError(
            f'execution {seen.execution.id} has no step "{name}"; it has {", ".join(seen.declared)}',
            hint=did_you_mean(name, seen.declared),
        )
    return (step,)


def _tail(lines: Any, count: int | None) -> list[Any]:
    from collections import deque

    return list(deque(lines, maxlen=count))


def _show_lines(collected: dict[str, list[Any]], terminal: Terminal) -> None:
    from commands.progress import readable
    from commands.tables import heading

    for name, lines in collected.items():
        if not lines:
            continue
        terminal.show(heading(name))
        for line in lines:
            terminal.line(f"{line.at.astimezone():%H:%M:%S}  {readable(line.text)}")
    if not any(collected.values()):
        terminal.line("no log lines")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
