"""A plan as Markdown, for the comment of a pull request: tables that fold, everything from data escaped."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from commands.plan_summary import counted, named, protected_sentence, sdk_sentence, sign, values

if TYPE_CHECKING:
    from config.models import Project
    from definition.comparison import Change, Detail
    from deploy.planning.explanation import Explanation, PipelineExplanation, ThingExplanation
    from deploy.planning.whole_plan import WholePlan

# A comment on GitHub holds 65,536 characters; what calls this may put words around it.
LONGEST = 60_000
CUT = "\n\n*Cut here: the whole plan is in `run_pipeline.py plan --output text`.*\n"
MOST_DETAILS = 20
LONGEST_VALUE = 300
# Letters that Markdown reads: escaped inside `<code>` too, where GitHub still reads them.
MARKDOWN = {ord(letter): f"&#{ord(letter)};" for letter in "\\`*_[]|~@"}
WORDS = {"+": "new", "-": "gone", "~": ""}


def plan_markdown(project: Project, plan: WholePlan, explanation: Explanation) -> str:
    """The whole plan, cut where a comment would end."""
    parts = [
        f"## Plan for {_code(project.environment.name)}",
        f"{_text(counted(plan, explanation))}. Nothing was done.",
        *(_pipeline(each) for each in explanation.pipelines if each.change != "unchanged" or each.protected),
        *_things(explanation),
    ]
    unchanged = [each.name for each in explanation.pipelines if each.change == "unchanged"]
    if unchanged:
        parts.append(f"Unchanged: {', '.join(map(_code, unchanged))}")
    return _cut("\n\n".join(parts) + "\n")


def _cut(text: str) -> str:
    """At the end of a line: half a table row would spoil the table."""
    if len(text) <= LONGEST:
        return text
    return text[: text.rindex("\n", 0, LONGEST - len(CUT))] + CUT


def _pipeline(each: PipelineExplanation) -> str:
    lines = [f"### {_code(each.name)}: {each.change}", *_notes(each)]
    if each.changes:
        lines += ["", *_table(each.changes)]
    if each.outside:
        lines += ["", "What somebody changed, undone by `--force`:", "", *_table(each.outside)]
    return "\n".join(lines)


def _notes(each: PipelineExplanation) -> Iterator[str]:
    if each.protected:
        yield f"\n> [!CAUTION]\n> {_text(protected_sentence(each))}\n"
    if each.change == "created":
        yield f"\nSteps: {', '.join(map(_code, each.steps))}"
    if each.rolled_back_to:
        yield f"\nWas rolled back to version {_code(each.rolled_back_to)}: this is the way forward again."
    if each.sdk:
        yield f"\n{_text(sdk_sentence(each.sdk))}."
    if each.re_running:
        yield f"\nCached results that no longer stand in: {', '.join(map(_code, each.re_running))}"


def _table(changes: Sequence[Change]) -> Iterator[str]:
    yield "| step | what | before | after | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for change in changes:
        before, after = values(change)
        what = f"{WORDS[sign(change)]} {_code(named(change))}".strip()
        cells = [
            _code(change.step) if change.step else "",
            f"{what}{_details(change.details)}",
            _code(before) if before else "",
            _code(after) if after else "",
            f"**{_text(', '.join(change.marks))}**" + (f": {_text(change.effect)}" if change.effect else ""),
        ]
        yield f"| {' | '.join(cells)} |"


def _details(details: Sequence[Detail]) -> str:
    shown = "".join(
        f"<br>{_code(detail.what)} {_text(detail.note)}" if detail.what else f"<br>{_text(detail.note)}"
        for detail in details[:MOST_DETAILS]
    )
    more = len(details) - MOST_DETAILS
    return shown + (f"<br>and {more} more" if more > 0 else "")


def _things(explanation: Explanation) -> Iterator[str]:
    for title, things in (
        ("Functions", explanation.functions),
        ("Stacks", explanation.stacks),
        ("Guardrails", explanation.guardrails),
    ):
        if things:
            yield "\n".join([f"### {title}", "", "| name | change |", "| --- | --- |", *map(_thing, things)])


def _thing(each: ThingExplanation) -> str:
    by = "" if each.by == "upsert" else f", by {_code(each.by)} and not by upsert"
    return f"| {_code(each.name)} | {each.change}{by}{_details(each.details)} |"


def _code(text: str) -> str:
    """`<code>` and not backticks: it may stand in a table and hold anything."""
    short = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
    return f"<code>{_text(short)}</code>"


def _text(text: str) -> str:
    """Data as text: no HTML, no Markdown, no end of a cell."""
    return html.escape(" ".join(text.split())).translate(MARKDOWN)
