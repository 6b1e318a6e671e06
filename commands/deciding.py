"""registry approve, reject, log: decisions on model packages, and their log."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from commands.projects import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.reviewing.deciding import Outcome
    from deploy.reviewing.decisions import Decision
    from deploy.reviewing.registry import Package
    from deploy.reviewing.standing import Standing
    from deploy.session import Aws


class Approve:
    """The decision for a package."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One package, the reason, and whether gaps are accepted."""
        _add_decision(parser)
        parser.add_argument(
            "--force",
            action="store_true",
            help="approve though evidence is missing or rows overlap; the record keeps that",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Records it; the registry's status follows."""
        return _decide(arguments, terminal, "Approved", force=arguments.force)


class Reject:
    """The decision against a package."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One package and the reason."""
        _add_decision(parser)

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Records it; the registry's status follows."""
        return _decide(arguments, terminal, "Rejected", force=False)


class Log:
    """Decisions, and statuses that no decision explains."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A group, a package, or nothing."""
        parser.add_argument(
            "package",
            nargs="?",
            metavar="GROUP|PACKAGE",
            help="only of this one (default: all)",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them, oldest first."""
        from commands.tables import table
        from deploy.hints import typed

        project, aws = connected(arguments, terminal)
        standings = _standings(project, aws, arguments.package)
        made = [(each, decision) for each in standings for decision in each.log]
        made.sort(key=lambda pair: pair[1].at)
        unexplained = [each for each in standings if each.disagreement]
        if arguments.output == "json":
            terminal.json(
                {
                    "decisions": [decision_document(each.package, decision) for each, decision in made],
                    "disagreements": [_disagreement(each) for each in unexplained],
                }
            )
            return 0
        if made:
            rows = [(each.package.name, *_row(decision)) for each, decision in made]
            terminal.show(table(("package", "no", "at", "decision", "by", "reason"), rows))
        else:
            terminal.line("no decisions" + (f" on {arguments.package}" if arguments.package else ""))
        for standing in unexplained:
            terminal.line(f"{standing.package.name}: {standing.disagreement}")
        if unexplained:
            words = f'registry approve {unexplained[0].package.name} --reason "..."'
            terminal.line(f"decide: {typed(words, project.environment.name)}")
        return 0


def _standings(project: Project, aws: Aws, reference: str | None) -> list[Standing]:
    from deploy.reviewing import registry, standing

    if reference and ("/" in reference or reference.startswith("arn:")):
        return [standing.of(project, aws, registry.find(project, aws, reference, exact=True))]
    groups = [registry.group_of(project, reference)] if reference else registry.groups(project)
    found: list[Standing] = []
    for group in groups:
        found += standing.of_all(project, aws, group, list(registry.packages(aws, group)))
    return found


def _row(decision: Decision) -> tuple[str, ...]:
    from commands.tables import moment
    from deploy.reviewing.tally import is_genuine

    said = decision.decision + (" (forced)" if decision.forced else "")
    if decision.of_former:
        said += " (on a deleted package of this name: does not count)"
    elif not is_genuine(decision):
        said += " (not by whom it names: does not count)"
    return f"{decision.sequence:04d}", moment(decision.at), said, decision.caller.name, decision.reason


def _decide(arguments: Namespace, terminal: Terminal, status: str, *, force: bool) -> int:
    from commands.tables import now
    from deploy.reviewing import callers, deciding, evidence, registry

    project, aws = connected(arguments, terminal)
    deciding.check_reason(arguments.reason)
    package = registry.find(project, aws, arguments.package, exact=True)
    wish = deciding.Wish(
        status,
        arguments.reason,
        callers.caller(aws),
        now(),
        evidence.gaps(project, aws, package),
        force,
    )
    outcome = deciding.decide(project, aws, package, wish)
    _show(package, outcome, terminal)
    return 0


def _show(package: Package, outcome: Outcome, terminal: Terminal) -> None:
    for gap in outcome.record.gaps if outcome.record else ():
        terminal.note(f"warning: {gap}")
    moved = f"{outcome.was} -> " if outcome.was != outcome.status else ""
    counted = outcome.tally.text if outcome.status != "Rejected" else ""
    said = f"{package.name}: {moved}{outcome.status}" + (f", approved by {counted}" if counted else "")
    is_new = outcome.record is not None or moved
    terminal.line(said if is_new else f"{said}; that was recorded already, nothing was written")


def decision_document(package: Package, decision: Decision) -> dict[str, Any]:
    """A decision as JSON output has it."""
    from deploy.reviewing.tally import is_genuine

    written = decision.document
    return {
        "package": package.name,
        "arn": decision.package,
        **{name: written[name] for name in ("sequence", "decision", "reason", "time", "forced", "gaps")},
        "by": decision.caller.name,
        "caller": written["caller"],
        "launcher": written["launcher"],
        "evidence": written["evidence"],
        "required": written["required"],
        "genuine": is_genuine(decision),
    }


def _disagreement(standing: Standing) -> dict[str, str]:
    return {
        "package": standing.package.name,
        "approval": standing.package.approval,
        "by_the_log": standing.tally.status,
        "text": standing.disagreement,
    }


def _add_decision(parser: ArgumentParser) -> None:
    parser.add_argument("package", metavar="PACKAGE", help="ARN or GROUP/VERSION")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the decision")
