"""The labeling report as a page: what came in, what became of it, how far people agree, a few timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steps.runtime.errors import StepError
from steps.runtime.report import plots
from steps.runtime.report.page import number, share, write_page
from steps.segments.reasons import MEANINGS

_TEMPLATE = Path(__file__).parent / "labeling_report.html.j2"
_LABELS = 20


def write(
    path: Path, figures: Mapping[str, Any], timelines: Sequence[Mapping[str, Any]], problem: StepError | None
) -> None:
    """Writes the page beside the figures it shows."""
    context = {
        "kind": "Labeling report",
        "title": figures["source"],
        "subtitle": _subtitle(figures),
        "figures": figures,
        "problem": problem,
        "cards": _cards(figures),
        "plots": _plots(figures),
        "timelines": [_timeline(each) for each in timelines],
        "aside": _aside(figures),
        "agreement": figures["agreement"] or {"compared_objects": 0, "tracks": {}, "workers": {}},
    }
    write_page(path, _TEMPLATE, context)


def _subtitle(figures: Mapping[str, Any]) -> str:
    parts = [figures["format"].replace("_", " ")]
    if figures["instances"] > 1:
        parts.append(f"{figures['instances']} instances")
    if figures["sample_rows"]:
        parts.append(f"a sample of {figures['sample_rows']:,} objects")
    return ", ".join(parts)


def _cards(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    cards = []
    for name, label in (("objects", "objects"), ("segments", "segments"), ("answers", "answers")):
        account = figures[name]
        aside = sum(account["set_aside"].values())
        note = f"{number(aside)} of {number(account['in'])} set aside"
        cards.append({"label": label, "value": number(account["converted"]), "note": note, "tone": ""})
    agreed = {
        "label": "agreed segments",
        "value": number(figures["segments"]["agreed"]),
        "note": "",
        "tone": "",
    }
    unchecked = figures["durations_not_checked"]
    durations = {
        "label": "durations not checked",
        "value": number(unchecked),
        "note": "no manifest key, no media header" if unchecked else "every end was held against one",
        "tone": "",
    }
    return [*cards, agreed, durations]


def _plots(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    drawn = []
    labels = [
        (f"{track}: {label}", counts["segments"])
        for track, found in figures["labels"].items()
        for label, counts in found.items()
    ]
    labels = sorted(labels, key=lambda each: -each[1])[:_LABELS]
    if labels:
        names, values = zip(*labels, strict=True)
        svg = plots.bars(names, values, label="agreed segments", name="Agreed segments by label")
        drawn.append((svg, "Agreed segments by label"))
    counts = figures["lengths"]["counts"]
    if any(counts):
        step = figures["lengths"]["step_seconds"]
        top = max(index for index, count in enumerate(counts) if count) + 1
        edges = [index * step for index in range(top + 1)]
        svg = plots.histogram(
            counts[:top], edges, label="seconds", counted="segments", name="Agreed segments by length"
        )
        drawn.append((svg, "Agreed segments by length; the last bar holds all that are longer"))
    if figures["support"]:
        supports = [f"{each.replace('/', ' of ')} workers" for each in figures["support"]]
        svg = plots.bars(
            supports,
            list(figures["support"].values()),
            label="agreed segments",
            name="Agreed segments by support",
        )
        drawn.append((svg, "Agreed segments by how many of their workers gave the label"))
    aside = _aside(figures)[:_LABELS]
    if aside:
        svg = plots.bars(
            [f"{each[1].replace('_', ' ')} ({each[0]})" for each in aside],
            [each[2] for each in aside],
            label="set aside",
            bad=[True] * len(aside),
            name="Set aside by reason",
        )
        drawn.append((svg, "Set aside by reason"))
    return drawn


def _aside(figures: Mapping[str, Any]) -> list[tuple[str, str, int, str, str]]:
    """(what, reason, count, share, meaning), the commonest first."""
    rows = []
    for what, key in (
        ("object", "objects"),
        ("answer", "answers"),
        ("segment", "segments"),
        ("whole", "whole_answers"),
    ):
        account = figures[key]
        for reason, count in account["set_aside"].items():
            part = share(count / account["in"]) if account["in"] else ""
            rows.append((what, reason, count, part, MEANINGS.get(reason, "")))
    return sorted(rows, key=lambda each: -each[2])


def _timeline(timeline: Mapping[str, Any]) -> tuple[str, str]:
    """Rows of bars: each worker's segments and the agreed ones; names and times are in the titles."""
    rows = timeline["rows"]
    ends = [segment[3] for _, segments in rows for segment in segments]
    last = timeline["duration"] or max(ends, default=1.0)
    labels = sorted({(segment[0], segment[1]) for _, segments in rows for segment in segments})
    svg = plots.timeline(
        [(name, [(labels.index((s[0], s[1])), s[2], s[3]) for s in segments]) for name, segments in rows],
        [f"{track}: {label}" for track, label in labels],
        last,
        name=f"Timeline of {timeline['object']}",
    )
    return svg, f"{timeline['object']}: what each worker marked, and what was agreed"
