"""stop, retry, cleanup: what changes or removes what executions do."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from commands.observing import add_execution, connected, found
from commands.terminal import Terminal

if TYPE_CHECKING:
    from deploy.cleanup import Leftover


class Stop:
    """Stops an execution."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution, whether to wait."""
        add_execution(parser)
        parser.add_argument("--wait", action="store_true", help="follow it until it has stopped")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Asks for the stop; with --wait 0 means stopped."""
        from commands.following import INTERRUPTED, DetachedError, follow
        from deploy import executions

        project, aws, execution = found(arguments, terminal)
        if execution.is_over:
            terminal.line(f"execution {execution.id} is already {execution.status}")
            return 0
        executions.stop(aws, execution.arn)
        terminal.line(f"stopping execution {execution.id}")
        if not arguments.wait:
            return 0
        try:
            seen = follow(project, execution.arn, terminal)
        except DetachedError:
            return INTERRUPTED
        terminal.line(f"execution {execution.id} is {seen.execution.status}")
        return 0 if seen.execution.status == "Stopped" else 1


class Retry:
    """Runs what failed or was stopped again."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution, whether to wait."""
        add_execution(parser)
        parser.add_argument("--wait", action="store_true", help="follow it to its end; exit code as of `run`")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Asks for the retry; the ARN stays the same."""
        from commands.following import follow_to_end
        from deploy import executions
        from deploy.errors import UnknownExecutionError
        from deploy.hints import typed

        project, aws, execution = found(arguments, terminal)
        if execution.status not in {"Failed", "Stopped"}:
            raise UnknownExecutionError(
                f"execution {execution.id} is {execution.status}; "
                "only a failed or stopped one can be retried",
                hint=typed(f"status {execution.id}", project.environment.name),
            )
        executions.retry(aws, execution.arn)
        terminal.line(execution.arn)
        return follow_to_end(project, execution.arn, terminal) if arguments.wait else 0


class Cleanup:
    """What executions left behind."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """--yes."""
        parser.add_argument("--yes", action="store_true", help="delete what is listed and not in use")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Lists; with --yes deletes."""
        from deploy import cleanup
        from deploy.apply import apply
        from deploy.hints import typed

        project, aws = connected(arguments, terminal)
        listed = cleanup.leftovers(project, aws)
        actions = cleanup.plan(listed)
        if arguments.yes:
            apply(actions, aws, report=lambda action: terminal.note(f"  {action.text}"))
        if arguments.output == "json":
            terminal.json({"leftovers": [_document(each, deleted=arguments.yes) for each in listed]})
        elif not listed:
            terminal.line(f'nothing is left behind in environment "{project.environment.name}"')
        else:
            _show(listed, terminal)
            if actions and not arguments.yes:
                terminal.line(f"delete {_these(len(actions))}: {typed('cleanup --yes', arguments.env)}")
        return 0


def _document(each: Leftover, *, deleted: bool) -> dict[str, object]:
    return {
        "kind": each.kind,
        "name": each.name,
        "arn": each.arn,
        "created": each.created,
        "execution": each.execution,
        "kept_on_purpose": each.keep,
        "usd_per_hour": each.price,
        "in_use": each.in_use,
        "deleted": deleted and not each.in_use,
    }


def _show(listed: Sequence[Leftover], terminal: Terminal) -> None:
    from commands.tables import moment, price, table

    rows = [
        (
            each.kind,
            each.name,
            moment(each.created),
            each.execution.rpartition("/")[2],
            price(each.price) if each.kind == "endpoint" else "",
            each.in_use or ("kept on purpose" if each.keep else ""),
        )
        for each in listed
    ]
    terminal.show(table(("what", "name", "made", "by execution", "costs", ""), rows))


def _these(count: int) -> str:
    return "it" if count == 1 else f"these {count}"
