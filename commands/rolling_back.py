"""rollback: an earlier version of a pipeline runs again."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from commands.arguments import count
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.planning.rollback import Rollback
    from deploy.session import Aws

FUNCTIONS_STAY = "functions stay at their newest version: open waits and other pipelines use them"


class RollBack:
    """One pipeline, or one alias of it."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Where to, and whether a name moves instead of the pipeline."""
        parser.add_argument("name", metavar="NAME", help="the pipeline")
        parser.add_argument(
            "--to",
            type=count,
            metavar="VERSION",
            help="the version (default: the newest earlier one with another definition)",
        )
        parser.add_argument(
            "--alias", metavar="NAME", help="move this alias only (default: one version back)"
        )
        parser.add_argument(
            "--force", action="store_true", help="also what somebody changed outside of this project"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Looks, goes back, says what is different now."""
        from commands.projects import connected
        from deploy.apply import apply
        from deploy.planning import rollback
        from deploy.planning.versions import check_alias

        project, aws = connected(arguments, terminal)
        planned = rollback.plan(
            project,
            aws,
            arguments.name,
            to=arguments.to,
            alias=None if arguments.alias is None else check_alias(arguments.alias),
            force=arguments.force,
        )
        if planned.action is not None:
            apply([planned.action], aws, report=lambda action: terminal.note(f"  {action.text}"))
        _show(project, aws, planned, arguments, terminal)
        return 0


def _show(project: Project, aws: Aws, planned: Rollback, arguments: Namespace, terminal: Terminal) -> None:
    from config import names
    from deploy.planning.deployed import versions

    newest = next(versions(aws, names.pipeline_name(project.environment, planned.name))).id
    if arguments.output == "json":
        from commands.plan_document import changes_document

        terminal.json(
            {
                "pipeline": planned.name,
                "arn": planned.arn,
                "alias": arguments.alias or "",
                "version": planned.version,
                "newest_version": newest,
                "changed": planned.action is not None,
                "changes": changes_document(planned.changes),
            }
        )
        return
    _show_text(project, planned, arguments, newest, terminal)


def _show_text(
    project: Project, planned: Rollback, arguments: Namespace, newest: int, terminal: Terminal
) -> None:
    from commands.plan_text import change_lines, show_lines
    from deploy.hints import typed

    what = f'alias "{arguments.alias}" of {planned.name}' if arguments.alias else planned.name
    if planned.action is None:
        terminal.line(f"{what}: is what version {planned.version} is; nothing was done")
        return
    as_new = "" if arguments.alias else f", which is version {newest} now"
    terminal.line(f"{what}: back to version {planned.version}{as_new}")
    show_lines(change_lines(planned.changes), terminal)
    terminal.note(FUNCTIONS_STAY)
    if not arguments.alias:
        forward = typed(f"upsert {planned.name}", project.environment.name)
        terminal.note(f"the next upsert brings about what the files say: {forward}")
