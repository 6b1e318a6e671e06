"""status, watch, logs: an execution as it is and as it goes on."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from commands.arguments import count
from commands.named_execution import add_execution, found, name_of
from commands.progress import readable
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.executions import Execution, Seen
    from deploy.observing.logs import Line


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
        from deploy.observing.summary import summarize

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


class Logs:
    """The log lines of one execution."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution, one step, how many."""
        add_execution(parser)
        parser.add_argument("--step", metavar="STEP", help="only this step's lines (default: all steps)")
        parser.add_argument("--tail", type=count, metavar="N", help="only the last N lines of each step")
        parser.add_argument(
            "--follow", action="store_true", help="go on with what comes, to the end of the execution or step"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them by step, oldest first."""
        from commands.report import execution_document
        from deploy import executions
        from deploy.observing import logs

        project, aws, execution = found(arguments, terminal)
        seen = executions.look(aws, execution.arn)
        check_step(seen, arguments.step)
        if arguments.follow:
            return _follow(project, execution, arguments, terminal)
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


def _follow(project: Project, execution: Execution, arguments: Namespace, terminal: Terminal) -> int:
    """Lines as they come, each with its step in front."""
    import time

    from commands.parser import UsageError
    from deploy.hints import typed
    from deploy.observing.follow import pause_of
    from deploy.observing.log_follow import follow_lines
    from deploy.session import connect

    if arguments.output == "json":
        hint = typed(f"logs {execution.id} --output json", arguments.env)
        raise UsageError("--follow has no end that JSON could close", hint=hint)
    trouble, tail = "", arguments.tail
    for news in follow_lines(
        lambda: connect(project),
        execution.arn,
        step=arguments.step,
        pause=pause_of(project.environment),
        sleep=time.sleep,
        again=typed(f"logs {execution.id} --follow", arguments.env),
    ):
        if news.trouble and news.trouble != trouble:
            terminal.note(f"{news.trouble}; looking again")
        trouble = news.trouble
        for line in _newest_of_each(news.lines, tail):
            terminal.line(f"{line.at.astimezone():%H:%M:%S}  {line.step}  {readable(line.text)}")
        tail = tail if trouble else None
        terminal.flush()
    return 0


def _newest_of_each(lines: Sequence[Line], count: int | None) -> list[Line]:
    """At most so many of each step's, the newest; all of them for None."""
    left = Counter({line.step: count for line in lines} if count else {})
    kept = []
    for line in reversed(lines):
        if count is None or left[line.step] > 0:
            left[line.step] -= 1
            kept.append(line)
    return kept[::-1]


def check_step(seen: Seen, name: str | None) -> None:
    """Raises for a step that the execution does not have: it would be followed in vain to the end."""
    from config.suggest import did_you_mean
    from deploy.errors import UnknownExecutionError

    if name is not None and name not in seen.declared and seen.step(name) is None:
        raise UnknownExecutionError(
            f'execution {seen.execution.id} has no step "{name}"; it has {", ".join(seen.declared)}',
            hint=did_you_mean(name, seen.declared),
        )


def _chosen_steps(project: Project, seen: Seen, name: str | None) -> tuple[Any, ...]:
    from deploy.errors import UnknownExecutionError
    from deploy.hints import typed

    if name is None:
        return seen.steps
    step = seen.step(name)
    if step is None:
        raise UnknownExecutionError(
            f'step "{name}" of execution {seen.execution.id} has not begun',
            hint=typed(f"status {seen.execution.id}", project.environment.name),
        )
    return (step,)


def _tail(lines: Any, count: int | None) -> list[Any]:
    from collections import deque

    return list(deque(lines, maxlen=count))


def _show_lines(collected: dict[str, list[Any]], terminal: Terminal) -> None:
    from commands.tables import heading

    for name, lines in collected.items():
        if not lines:
            continue
        terminal.show(heading(name))
        for line in lines:
            terminal.line(f"{line.at.astimezone():%H:%M:%S}  {readable(line.text)}")
    if not any(collected.values()):
        terminal.line("no log lines")
