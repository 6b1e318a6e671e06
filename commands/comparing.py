"""compare: what is different between two executions."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from commands.named_execution import name_of
from commands.projects import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from deploy.observing.compare import Comparison, Difference

# A definition may differ in hundreds of places; JSON has them all.
MOST_SHOWN = 20
LONGEST = 60


class Compare:
    """Two executions, differences only."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """The two."""
        what = "ARN, id, or pipeline (its latest execution)"
        parser.add_argument("a", metavar="A", help=f"an execution: {what}")
        parser.add_argument("b", metavar="B", help=f"another one: {what}")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints the differences; the exit code is 0 whether there are any or not."""
        from commands.parser import UsageError
        from deploy import executions
        from deploy.hints import typed
        from deploy.observing.compare import check_comparable, compare
        from deploy.observing.summary import summarize
        from deploy.reference import find

        project, aws = connected(arguments, terminal)
        a, b = (find(project, aws, each) for each in (arguments.a, arguments.b))
        if a.arn == b.arn:
            raise UsageError(
                f'"{arguments.a}" and "{arguments.b}" are one execution, {a.id}',
                hint=typed(f"executions {name_of(project, a)}", arguments.env),
            )
        check_comparable(project, a.pipeline, b.pipeline)
        sides = [summarize(project, aws, executions.look(aws, each.arn)) for each in (a, b)]
        found = compare(aws, *sides)
        names = (name_of(project, a), name_of(project, b))
        if arguments.output == "json":
            terminal.json(document_of(names, found))
        else:
            show(names, found, terminal)
        return 0


def document_of(names: tuple[str, str], found: Comparison) -> dict[str, Any]:
    """In JSON."""
    from commands.report import execution_document

    return {
        "a": execution_document(names[0], found.a.seen.execution),
        "b": execution_document(names[1], found.b.seen.execution),
        "notes": list(found.notes),
        "differences": {
            what: [
                {"name": each.name, "a": each.a, "b": each.b, "change": each.change} for each in differences
            ]
            for what, differences in found.differences.items()
        },
    }


def show(names: tuple[str, str], found: Comparison, terminal: Terminal) -> None:
    """A table per part that differs; parts that do not are named in one line."""
    from commands.tables import heading, moment, table

    sides = [each.seen.execution for each in (found.a, found.b)]
    rows = [
        (letter, name, side.id, side.status, moment(side.started), side.description)
        for letter, name, side in zip("AB", names, sides, strict=True)
    ]
    terminal.show(table(("", "pipeline", "id", "status", "started", ""), rows))
    for note in found.notes:
        terminal.line(f"note: {note}")
    for what, differences in found.differences.items():
        if differences:
            terminal.line()
            terminal.show(heading(what))
            _show_part(what, differences, terminal)
    terminal.line()
    terminal.line(_equal(found))


def _equal(found: Comparison) -> str:
    """What is the same on both sides."""
    if found.is_empty:
        return "no difference at all"
    equal = [what for what, differences in found.differences.items() if not differences]
    return f"no difference in: {', '.join(equal)}" if equal else "everything differs"


def _show_part(what: str, differences: tuple[Difference, ...], terminal: Terminal) -> None:
    from commands.tables import table

    rows = [
        (f"  {each.name}", _text(what, each.a), _text(what, each.b), _change(what, each))
        for each in differences[:MOST_SHOWN]
    ]
    columns = ("  ", "A", "B", "change")
    if not any(row[3] for row in rows):
        rows, columns = [(*row[:3], "") for row in rows], ("  ", "A", "B", "")
    terminal.show(table(columns, rows))
    if len(differences) > MOST_SHOWN:
        terminal.line(f"  and {len(differences) - MOST_SHOWN} more (--output json has all)")


def _text(what: str, value: Any) -> str:
    from commands.costs import dollars
    from commands.tables import duration
    from deploy.observing.gates import figure_text

    if value is None:
        return "-"
    if what == "durations":
        return duration(value)
    if what == "cost":
        return dollars(value)
    if isinstance(value, float):
        return figure_text(value)
    text = str(value)
    return text if len(text) <= LONGEST or what == "parameters" else f"{text[: LONGEST - 3]}..."


def _change(what: str, each: Difference) -> str:
    """For figures: how much, and for times how many times as long."""
    from deploy.observing.gates import figure_text

    if each.change is None or what not in {"metrics", "durations"}:
        return ""
    if what == "durations":
        return f"x {each.b / each.a:.2g}" if each.a else ""
    return f"{'+' if each.change >= 0 else ''}{figure_text(each.change)}"
