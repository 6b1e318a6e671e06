"""stop, retry: what changes what an execution does."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from commands.named_execution import add_execution, found
from commands.terminal import Terminal


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
        if execution.status not in executions.RETRYABLE:
            raise UnknownExecutionError(
                f"execution {execution.id} is {execution.status}; "
                "only a failed or stopped one can be retried",
                hint=typed(f"status {execution.id}", project.environment.name),
            )
        executions.retry(aws, execution.arn)
        terminal.line(execution.arn)
        return follow_to_end(project, execution.arn, terminal) if arguments.wait else 0
