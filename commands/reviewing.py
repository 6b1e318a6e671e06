"""registry review: the evidence page of a package, written, stored beside it, linked in its model card."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.projects import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.reviewing import review as reviews
    from deploy.reviewing.registry import Package

FOLDER = "reviews"


class Review:
    """One package, and what to look at before a decision on it."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """The package, and what becomes of the page."""
        parser.add_argument("package", metavar="PACKAGE", help="ARN, GROUP/VERSION, or GROUP (its newest)")
        parser.add_argument("--open", action="store_true", help="open the page in the browser")
        parser.add_argument(
            "--to",
            type=Path,
            metavar="FILE",
            help="where to write the page (default: .local/reviews/<environment>/<group>-<version>.html)",
        )
        parser.add_argument(
            "--no-store",
            action="store_true",
            help="change nothing on AWS: no copy beside the package, no link in its model card",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Gathers, writes, stores, links; what a person reads comes last."""
        from commands.review_document import document_of
        from commands.review_page import render
        from deploy import whole_file
        from deploy.reviewing import model_card, registry
        from deploy.reviewing.review import review, store

        project, aws = connected(arguments, terminal)
        package = registry.find(project, aws, arguments.package)
        found = review(project, aws, package)
        html = render(found)
        path = arguments.to or _place(project, package)
        whole_file.write(path, html.encode(), what="the page", option="--to FILE")
        stored = ""
        if not arguments.no_store:
            terminal.note(f"wrote {path}")  # it stays, whatever AWS says to the rest
            stored = store(project, aws, package, html)
            if not model_card.link(aws, found, stored):
                terminal.note("the package's model card is archived and stays as it is")
        if arguments.output == "json":
            terminal.json({**document_of(found), "page": str(path), "stored": stored})
        else:
            _show(found, terminal)
            terminal.line(f"page    {path}")
            terminal.line(f"stored  {aws.locate(stored) if stored else 'nowhere else (--no-store)'}")
        if arguments.open:
            _open(path, terminal)
        return 0


def _place(project: Project, package: Package) -> Path:
    folder = project.root / ".local" / FOLDER / project.environment.name
    return folder / f"{package.group}-{package.version}.html"


def _open(path: Path, terminal: Terminal) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        terminal.note(f"no browser was found; open {path} yourself")


def _show(review: reviews.Review, terminal: Terminal) -> None:
    """The evidence in a few lines."""
    from commands.tables import coloured, heading, table
    from deploy.observing.gates import figure_text

    terminal.show(heading(review.package.name), coloured(review.package.approval))
    terminal.line()
    against = review.against
    differences = against.differences if against is not None else {}
    rows = []
    for name, each in review.figures.items():
        found = differences.get(name)
        interval = f"{figure_text(each['low'])} to {figure_text(each['high'])}"
        change = f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})" if found else ""
        rows.append((name, figure_text(each["mean"]), interval, change, found.verdict() if found else ""))
    beside = f"against {against.old.name}" if differences and against is not None else ""
    columns = ("metric", "mean", "95 % interval", beside, "")
    if rows:
        terminal.show(table(columns, rows, right=("mean",)))
    for gate in review.gates:
        verdict = "passed" if gate["holds"] else "missed"
        terminal.line(f"gate {gate['metric']} {gate['bound']}: {verdict}")
    terminal.line(_compared(review))
    for gap in review.gaps:
        terminal.line(f"gap: {gap.what}")
    for hint in dict.fromkeys(gap.hint for gap in review.gaps):
        terminal.line(f"hint: {hint}")
    if not review.gaps:
        terminal.line("the evidence is complete")
    terminal.line()


def _compared(review: reviews.Review) -> str:
    against = review.against
    if against is None:
        return "nothing else is approved in its group"
    if against.problem:
        return f"not comparable with {against.old.name}: {against.problem}"
    rows = f"{against.won:,} rows better, {against.lost:,} worse, {against.same:,} the same"
    return f"by {against.primary} against {against.old.name}: {rows}"
