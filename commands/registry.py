"""registry list, show: model packages as they are."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from commands.projects import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from deploy.reviewing.standing import Standing

STATUSES = ("PendingManualApproval", "Approved", "Rejected")


class List:
    """Packages of one group or of all."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A group, a status."""
        parser.add_argument("group", nargs="?", metavar="GROUP", help="only this group's (default: all)")
        parser.add_argument("--status", choices=STATUSES, help="only those with this approval status")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them, newest first."""
        from commands.tables import table
        from deploy.reviewing import registry, standing

        project, aws = connected(arguments, terminal)
        groups = (
            [registry.group_of(project, arguments.group)] if arguments.group else registry.groups(project)
        )
        listed: list[Standing] = []
        for group in groups:
            found = list(registry.packages(aws, group, status=arguments.status))
            listed += standing.of_all(project, aws, group, found)
        listed.sort(key=lambda each: each.package.created, reverse=True)
        if arguments.output == "json":
            terminal.json({"packages": [_document(each) for each in listed]})
        elif listed:
            columns = ("package", "approval", "decided", "created", "description")
            terminal.show(table(columns, [_row(each) for each in listed]))
        else:
            terminal.line(f'no model packages in environment "{project.environment.name}"')
        return 0


class Show:
    """One package."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One package."""
        _add_package(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints all that the registry holds of it."""
        from commands.tables import coloured, heading, moment, table
        from deploy.reviewing import registry, standing

        project, aws = connected(arguments, terminal)
        found = standing.of(project, aws, registry.find(project, aws, arguments.package))
        package = found.package
        if arguments.output == "json":
            terminal.json(_document(found))
            return 0
        terminal.show(heading(package.name), coloured(package.approval))
        if found.disagreement or found.text:
            terminal.line(found.disagreement or f"decided: {found.text}")
        if package.reason:
            terminal.line(f"reason: {package.reason}")
        rows = [
            ("arn", package.arn),
            ("created", moment(package.created)),
            ("description", package.description),
            ("image", package.image),
            ("model data", package.model_data),
            ("figures", aws.locate(package.metrics_uri) if package.metrics_uri else ""),
            *sorted(package.metadata.items()),
        ]
        terminal.show(table(("", ""), [row for row in rows if row[1]]))
        return 0


def _add_package(parser: ArgumentParser) -> None:
    parser.add_argument("package", metavar="PACKAGE", help="ARN, GROUP/VERSION, or GROUP (its newest)")


def _row(standing: Standing) -> tuple[str, ...]:
    from commands.tables import moment

    package = standing.package
    return package.name, package.approval, standing.text, moment(package.created), package.description


def _document(standing: Standing) -> dict[str, Any]:
    package = standing.package
    return {
        "package": package.name,
        "arn": package.arn,
        "group": package.group,
        "version": package.version,
        "approval": package.approval,
        "by_the_log": {
            "approval": standing.tally.status,
            "decisions": len(standing.log),
            "approvals": len(standing.tally.approvals),
            "approvers_needed": standing.tally.needed,
            "disagreement": standing.disagreement,
        },
        "created": package.created,
        "description": package.description,
        "reason": package.reason,
        "metadata": dict(package.metadata),
        "metrics_uri": package.metrics_uri,
        "image": package.image,
        "model_data_url": package.model_data,
    }
