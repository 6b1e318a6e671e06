"""The data report as a page: what was read, what was set aside and why, how long the rows are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steps.prepare.answers import undivided_told
from steps.prepare.examine import REASONS
from steps.prepare.scan import Scan
from steps.runtime.errors import StepError
from steps.runtime.report import plots
from steps.runtime.report.page import number, share, write_page

_TEMPLATE = Path(__file__).parent / "data_report.html.j2"
_SETS = ("training", "validation", "evaluation")


def write(path: Path, figure: dict[str, Any], result: Scan, problem: StepError | None) -> None:
    """Writes data_report.html beside the figures it shows."""
    rejected = figure["rejected"]
    context = {
        "kind": "Data report",
        "title": _title(figure),
        "subtitle": f"{figure['source']}, "
        + (f"a sample of {figure['sample_rows']:,} rows, " if figure["sample_rows"] else "")
        + f"seed {figure['seed']}"
        + (f", grouped by {figure['group_by']}" if figure["group_by"] else ""),
        "figure": figure,
        "problem": problem,
        "note": undivided_told(figure["undivided_answers"]),
        "cards": _cards(figure),
        "rejected": [
            (reason, REASONS[reason], count, count / result.read) for reason, count in rejected.items()
        ],
        "plots": _plots(figure, result),
        "lengths": [
            ("every usable row", figure["lengths"]),
            *((f"{name} set", figure["sets"][name]) for name in _SETS if figure["sets"][name]["rows"]),
        ],
        "sets": [(name, figure["sets"][name]) for name in _SETS],
    }
    write_page(path, _TEMPLATE, context)


def _title(figure: dict[str, Any]) -> str:
    """The file's name as its owner knows it: the source may be a copy that is named by its hash."""
    names = [file["name"] for file in figure["files"]]
    if figure["source"].startswith("hf://") or not names:
        return str(figure["source"])
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"


def _cards(figure: dict[str, Any]) -> list[dict[str, Any]]:
    rows = figure["rows"]
    over = rows["rejected_share"] > rows["max_rejected_share"]
    aside = {
        "label": "set aside",
        "value": number(rows["rejected"]),
        "note": f"{share(rows['rejected_share'])} of them, {share(rows['max_rejected_share'])} may be",
        "tone": "bad" if over else "",
    }
    first = {"label": "rows read", "value": number(rows["read"]), "note": "", "tone": ""}
    sets = [{"label": name, "value": number(rows[name]), "note": "", "tone": ""} for name in _SETS]
    return [first, aside, *sets]


def _plots(figure: dict[str, Any], result: Scan) -> list[tuple[str, str]]:
    context = figure["context"]
    drawn = []
    for what, counts in (("input", result.input_lengths), ("output", result.output_lengths)):
        if not counts.any():
            continue
        heights, edges = plots.bin_histogram(counts)
        mark = (
            (context["tokens"], f"context {context['tokens']:,}")
            if what == "input" and context["tokens"]
            else None
        )
        svg = plots.histogram(heights, edges, label="tokens", mark=mark, name=f"Usable rows by {what} length")
        drawn.append((svg, f"Usable rows by length of the {what} ({_method(context['method'])})"))
    if figure["rejected"]:
        svg = plots.bars(
            [reason.replace("_", " ") for reason in figure["rejected"]],
            list(figure["rejected"].values()),
            label="rows",
            bad=[True] * len(figure["rejected"]),
            name="Rows set aside by reason",
        )
        drawn.append((svg, "Rows set aside by reason"))
    return drawn


def _method(method: str) -> str:
    return "counted with the tokenizer" if method == "tokenizer" else "tokens estimated by script"
