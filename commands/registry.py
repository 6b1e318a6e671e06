"""registry list, show, approve, reject."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from commands.observing import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from deploy.registry import Package

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
        from commands.tables import moment, table
        from deploy import registry

        project, aws = connected(arguments, terminal)
        groups = (
            [registry.group_of(project, arguments.group)] if arguments.group else registry.groups(project)
        )
        listed = [
            package for group in groups for package in registry.packages(aws, group, status=arguments.status)
        ]
        listed.sort(key=lambda package: package.created, reverse=True)
        if arguments.output == "json":
            terminal.json({"packages": [_document(package) for package in listed]})
        elif listed:
            rows = [(each.name, each.approval, moment(each.created), each.description) for each in listed]
            terminal.show(table(("package", "approval", "created", "description"), rows))
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
        from deploy import registry

        project, aws = connected(arguments, terminal)
        package = registry.find(project, aws, arguments.package)
        if arguments.output == "json":
            terminal.json(_document(package))
            return 0
        terminal.show(heading(package.name), coloured(package.approval))
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


class Approve:
    """The decision for a package."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One package and the reason."""
        _add_decision(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Writes it."""
        return _decide(arguments, terminal, "Approved")


class Reject:
    """The decision against a package."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One package and the reason."""
        _add_decision(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Writes it."""
        return _decide(arguments, terminal, "Rejected")


def _decide(arguments: Namespace, terminal: Terminal, status: str) -> int:
    from deploy import registry

    project, aws = connected(arguments, terminal)
    package = registry.find(project, aws, arguments.package, exact=True)
    registry.decide(aws, package, status, arguments.reason)
    terminal.line(f"{package.name}: {package.approval} -> {status}")
    return 0


def _add_package(parser: ArgumentParser) -> None:
    parser.add_argument("package", metavar="PACKAGE", help="ARN, GROUP/VERSION, or GROUP (its newest)")


def _add_decision(parser: ArgumentParser) -> None:
    parser.add_argument("package", metavar="PACKAGE", help="ARN or GROUP/VERSION")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the package")


def _document(package: Package) -> dict[str, Any]:
    return {
        "package": package.name,
        "arn": package.arn,
        "group": package.group,
        "version": package.version,
        "approval": package.approval,
        "created": package.created,
        "description": package.description,
        "reason": package.reason,
        "metadata": dict(package.metadata),
        "metrics_uri": package.metrics_uri,
        "image": package.image,
        "model_data_url": package.model_data,
    }
