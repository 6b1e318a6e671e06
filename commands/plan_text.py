"""A plan for people: what is different under each step, coloured on a terminal, plain in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commands.plan_summary import counted, named, protected_sentence, sdk_sentence, sign, values
from commands.terminal import Terminal, harmless

if TYPE_CHECKING:
    from definition.comparison import Change, Detail
    from deploy.planning.explanation import Explanation, PipelineExplanation, ThingExplanation
    from deploy.planning.whole_plan import WholePlan

STYLES = {"+": "green", "-": "red", "~": "yellow", "!": "bold red"}
HEADING, DIM = "bold", "dim"
# More files of one bundle than this are counted, not listed.
MOST_DETAILS = 12


@dataclass(frozen=True)
class Line:
    """A line with what stands behind it in a weaker colour."""

    text: str
    style: str = ""
    behind: str = ""


def show_plan(plan: WholePlan, explanation: Explanation, terminal: Terminal) -> None:
    """The whole plan, and its counts at the end."""
    lines = [line for each in explanation.pipelines for line in pipeline_lines(each)]
    for title, things in (
        ("functions", explanation.functions),
        ("stacks", explanation.stacks),
        ("guardrails", explanation.guardrails),
    ):
        if things:
            lines += [Line(title, HEADING), *(line for each in things for line in _thing(each))]
    lines += [*_others(plan), Line(""), Line(counted(plan, explanation))]
    show_lines(lines, terminal)


def show_lines(lines: Iterable[Line], terminal: Terminal) -> None:
    """Lines with their colours."""
    if not terminal.stdout.isatty():
        for line in lines:
            terminal.line(f"{line.text}{line.behind}")
        return
    from rich.text import Text

    for line in lines:
        terminal.show(Text.assemble((harmless(line.text), line.style), (harmless(line.behind), DIM)))


def pipeline_lines(each: PipelineExplanation) -> Iterator[Line]:
    """One pipeline: its line, what stands in the way, and its changes by step."""
    yield Line(f"{each.name}: {each.change}", HEADING if each.change != "unchanged" else "")
    if each.change == "created":
        yield Line(f"  + steps {', '.join(each.steps)}", STYLES["+"])
    if each.protected:
        yield Line(f"  ! {protected_sentence(each)}", STYLES["!"])
    if each.outside is None:
        yield Line("    what it was then is no version any more", DIM)
    elif each.outside:
        yield Line("    changed by somebody, and undone by --force:", DIM)
        yield from (Line(f"    {line.text}", line.style, line.behind) for line in change_lines(each.outside))
    if each.rolled_back_to:
        yield Line(f"  ~ was rolled back to version {each.rolled_back_to}: this is the way forward again")
    if each.sdk:
        yield Line(f"  ~ {sdk_sentence(each.sdk)}")
    yield from change_lines(each.changes)
    if each.re_running:
        yield Line(f"  cached results that no longer stand in: {', '.join(each.re_running)}")
    for other in ("tags", "alias"):
        if other in each.differs and not each.changes:
            yield Line(f"  ~ {other}", STYLES["~"])


def change_lines(changes: Sequence[Change]) -> Iterator[Line]:
    """Changes under their steps, those of no step first."""
    for step in dict.fromkeys(change.step for change in sorted(changes, key=lambda each: each.step != "")):
        if step:
            yield Line(f"  step {step}")
        for change in changes:
            if change.step == step:
                yield from _change("    " if step else "  ", change)


def _change(indent: str, change: Change) -> Iterator[Line]:
    before, after = values(change)
    shown = " -> ".join(value for value in (before, after) if value)
    text = f"{indent}{sign(change)} {named(change)}: {shown}".rstrip(": ")
    meaning = f"   [{', '.join(change.marks)}]" + (f" {change.effect}" if change.effect else "")
    yield Line(text, STYLES[sign(change)], meaning)
    yield from _details(f"{indent}    ", change.details)


def _details(indent: str, details: Sequence[Detail]) -> Iterator[Line]:
    for detail in details[:MOST_DETAILS]:
        yield Line(indent + (f"{detail.what}: {detail.note}" if detail.what else detail.note))
    if len(details) > MOST_DETAILS:
        yield Line(f"{indent}and {len(details) - MOST_DETAILS} more (--output json has all)", DIM)


def _thing(each: ThingExplanation) -> Iterator[Line]:
    mark = {"created": "+", "removed": "-"}.get(each.change, "~")
    by = "" if each.by == "upsert" else f" (by {each.by}, not by upsert)"
    yield Line(f"  {mark} {each.name}: {each.change}{by}", STYLES[mark])
    yield from _details("      ", each.details)


def _others(plan: WholePlan) -> Iterator[Line]:
    """Actions that are of no pipeline's definition, and of no thing told above."""
    from deploy.actions import CreatePackageGroup, MoveAlias

    others = [each for each in plan.actions if isinstance(each, CreatePackageGroup | MoveAlias)]
    if others:
        yield Line("beside", HEADING)
    for action in others:
        yield Line(f"  {'+' if isinstance(action, CreatePackageGroup) else '~'} {action.text}", STYLES["+"])
