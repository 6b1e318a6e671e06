"""cleanup, teardown: what is left behind, and a whole environment. Both show first and delete with --yes."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from commands.arguments import age
from commands.projects import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.session import Aws
    from deploy.upkeep.cleanup import Leftover
    from deploy.upkeep.removals import Removal
    from deploy.upkeep.teardown import Teardown as Plan

KINDS = {
    "AWS::Lambda::Function": "functions",
    "AWS::SQS::Queue": "queues",
    "AWS::Events::Rule": "rules",
    "AWS::SNS::Topic": "topics",
    "AWS::Logs::LogGroup": "log groups",
    "AWS::IAM::Role": "roles",
    "AWS::IAM::ManagedPolicy": "policies",
}


class Cleanup:
    """What executions and deployments left behind."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """--older-than, --yes."""
        parser.add_argument(
            "--older-than",
            type=age,
            metavar="AGE",
            help="only what is older, such as 7d or 12h (default: what serves at once, what is stored 30d)",
        )
        parser.add_argument("--yes", action="store_true", help="delete what is listed and not in use")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Lists; with --yes deletes."""
        from commands.tables import now
        from deploy.hints import typed
        from deploy.upkeep import cleanup

        project, aws = connected(arguments, terminal)
        listed = cleanup.leftovers(project, aws, now=now(), older_than=arguments.older_than)
        actions = cleanup.plan(listed)
        if arguments.yes:
            _remove(actions, aws, terminal)
        if arguments.output == "json":
            terminal.json({"leftovers": [_document(each, deleted=arguments.yes) for each in listed]})
        elif not listed:
            terminal.line(f'nothing is left behind in environment "{project.environment.name}"')
        else:
            _show(listed, terminal)
            if actions and not arguments.yes:
                words = "cleanup --yes" + _older(arguments.older_than)
                terminal.line(f"delete {_these(len(actions))}: {typed(words, arguments.env)}")
        return 0


class Teardown:
    """A whole environment."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """What goes beside, --yes."""
        parser.add_argument(
            "--package-groups", action="store_true", help="also model package groups with all their packages"
        )
        parser.add_argument("--data", action="store_true", help="also the bucket with everything in it")
        parser.add_argument("--yes", action="store_true", help="delete what is listed")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Lists; with --yes deletes."""
        from deploy.upkeep import teardown
        from deploy.upkeep.teardown import Wish

        project, aws = connected(arguments, terminal)
        made = teardown.plan(project, aws, Wish(arguments.package_groups, arguments.data))
        if arguments.output == "text":
            _show_teardown(project, made, arguments, terminal)
        if arguments.yes:
            _require_possible(project, made)
            _remove(made.actions, aws, terminal)
        if arguments.output == "json":
            terminal.json(_teardown_document(project, made, deleted=arguments.yes))
        return 0


def _remove(actions: Sequence[Removal], aws: Aws, terminal: Terminal) -> None:
    from commands.progress import working
    from deploy.infrastructure.stacks import Waiting
    from deploy.upkeep.removals import remove

    with working(terminal, "deleting") as tell:
        remove(
            actions,
            aws,
            report=lambda action: terminal.note(f"  {action.text}"),
            waiting=Waiting(clock=time.monotonic, sleep=time.sleep, tell=tell),
        )


def _require_possible(project: Project, made: Plan) -> None:
    """Raises before the first deletion what would leave the environment half there, or packages without
    their data."""
    from deploy.errors import StandsInTheWayError
    from deploy.hints import typed
    from deploy.upkeep.removals import DeleteBucket

    environment = project.environment.name
    if made.running:
        execution = made.running[0]
        raise StandsInTheWayError(
            f"execution {execution.id} of {execution.pipeline} is {execution.status}: a pipeline is not "
            "deleted while it runs",
            hint=typed(f"stop {execution.arn} --wait", environment),
        )
    groups = [each for each in made.stays if each.kind == "model package group"]
    if groups and any(isinstance(each, DeleteBucket) for each in made.actions):
        group = groups[0]
        raise StandsInTheWayError(
            f'model package group "{group.name}" stays ({group.why}), and --data would take its models away',
            hint=typed("teardown --package-groups --data --yes", environment),
        )


def _document(each: Leftover, *, deleted: bool) -> dict[str, object]:
    return {
        "kind": each.kind,
        "name": each.name,
        "arn": each.arn,
        "created": each.created,
        "execution": each.execution,
        "kept_on_purpose": each.keep,
        "usd_per_hour": each.price,
        "bytes": each.size,
        "in_use": each.in_use,
        "deleted": deleted and not each.in_use,
    }


def _show(listed: Sequence[Leftover], terminal: Terminal) -> None:
    from commands.tables import moment, price, table
    from deploy.actions import size_of

    rows = [
        (
            each.kind,
            each.name,
            moment(each.created),
            each.execution.rpartition("/")[2],
            price(each.price) if each.kind == "endpoint" else size_of(each.size) if each.size else "",
            each.in_use or ("kept on purpose" if each.keep else ""),
        )
        for each in listed
    ]
    terminal.show(table(("what", "name", "made", "by execution", "costs", ""), rows))


def _show_teardown(project: Project, made: Plan, arguments: Namespace, terminal: Terminal) -> None:
    from commands.tables import heading, table
    from deploy.hints import typed
    from deploy.upkeep.removals import DeleteStack

    environment = project.environment
    if not made.actions:
        terminal.line(f'there is nothing of environment "{environment.name}" to delete')
    for action in made.actions:
        terminal.line(action.text)
        for line in _by_type(action.resources) if isinstance(action, DeleteStack) else ():
            terminal.line(f"  {line}")
    if made.stays:
        terminal.show(heading("stays"))
        terminal.show(table(("", "", ""), [(e.kind, e.name, e.why) for e in made.stays], heading=False))
    for execution in made.running:
        terminal.line(f"in the way: execution {execution.id} of {execution.pipeline} is {execution.status}")
    if made.actions and not arguments.yes:
        flags = " --package-groups" * arguments.package_groups + " --data" * arguments.data
        terminal.line(f"delete all this for good: {typed(f'teardown{flags} --yes', arguments.env)}")
    kept = [each.name for each in made.stays if each.kind == "bucket" and environment.bucket is None]
    for bucket in kept if arguments.yes else ():
        terminal.line(f"to use it again: bucket: {bucket} in config/environments/{environment.name}.yaml")


def _by_type(resources: Sequence[str]) -> Iterator[str]:
    """A line for each type of things that people know by name; the rest hangs on them."""
    for kind, words in KINDS.items():
        named = [each.partition(" ")[2] for each in resources if each.startswith(f"{kind} ")]
        if named:
            yield f"{words}: {', '.join(sorted(named))}"


def _teardown_document(project: Project, made: Plan, *, deleted: bool) -> dict[str, object]:
    return {
        "environment": project.environment.name,
        "deleted": deleted,
        "deletions": [
            {"text": each.text, "resources": list(getattr(each, "resources", ()))} for each in made.actions
        ],
        "stays": [{"kind": each.kind, "name": each.name, "why": each.why} for each in made.stays],
        "running": [each.arn for each in made.running],
    }


def _these(count: int) -> str:
    return "it" if count == 1 else f"these {count}"


def _older(than: timedelta | None) -> str:
    if than is None:
        return ""
    seconds = int(than.total_seconds())
    for unit, size in (("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f" --older-than {seconds // size}{unit}"
    return f" --older-than {seconds}s"
