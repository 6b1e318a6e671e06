"""The outcome as a page: actions, entity types, latencies, throughput beside the quotas, cost. No texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steps.merge_results.figures import ACTIONS
from steps.runtime.errors import StepError
from steps.runtime.guardrail.tally import CALLS, LATENCY_EDGES, UNITS, Figures
from steps.runtime.report import plots
from steps.runtime.report.page import number, share, write_page

_TEMPLATE = Path(__file__).parent / "guardrails_report.html.j2"
_SHOWN_TYPES = 20
_BINS = 60


def write(path: Path, metrics: Mapping[str, Any], figures: Figures, problem: StepError | None) -> None:
    """Writes guardrails_report.html."""
    guardrail = metrics["guardrail"]
    context = {
        "kind": "Guardrails report",
        "title": f"{guardrail['id']}, version {guardrail['version']}",
        "subtitle": metrics["model"]
        + (f", a sample of {metrics['sample_rows']:,} records" if metrics["sample_rows"] else ""),
        "problem": problem,
        "cards": _cards(metrics),
        "plots": _plots(metrics, figures),
        "metrics": metrics,
        "actions": ACTIONS,
    }
    write_page(path, _TEMPLATE, context)


def _cards(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    records, cost = metrics["records"], metrics["cost_usd"]
    failed = records["failed"]
    return [
        {"label": "records", "value": number(records["in"]), "note": "", "tone": ""},
        *(
            {
                "label": name,
                "value": number(records[name]),
                "note": share(metrics["metrics"][f"{name}_share"]["mean"]),
                "tone": "",
            }
            for name in ("passed", "masked", "blocked")
        ),
        {"label": "failed", "value": number(failed), "note": "", "tone": "bad" if failed else ""},
        {"label": "set aside", "value": number(records["set_aside"]), "note": "", "tone": ""},
        {
            "label": "guardrail cost",
            "value": "–" if cost is None else f"${cost:,.2f}",
            "note": f"{sum(metrics['text_units'].values()):,} text units",
            "tone": "",
        },
    ]


def _plots(metrics: Mapping[str, Any], figures: Figures) -> list[tuple[str, str]]:
    drawn = [(_actions(metrics), "Records by what became of them")]
    entities = dict(list(metrics["entities"].items())[:_SHOWN_TYPES])
    if entities:
        names = [name.replace("_", " ").lower() for name in entities]
        svg = plots.bars(names, list(entities.values()), label="found", name="What was found")
        drawn.append((svg, "What was masked or blocked, by type"))
    if figures["calls"]:
        drawn.append((_latency(figures), "Answered calls by seconds until the answer"))
        drawn += _throughput(metrics["throughput"], figures["seconds"])
    return drawn


def _actions(metrics: Mapping[str, Any]) -> str:
    counts = [metrics["records"][name] for name in ACTIONS]
    return plots.bars(
        [name.replace("_", " ") for name in ACTIONS],
        counts,
        label="records",
        bad=[name == "failed" for name in ACTIONS],
        name="Records by action",
    )


def _latency(figures: Figures) -> str:
    counts = figures["latency"]
    last = max(place for place, count in enumerate(counts) if count)
    first = max(0, next(place for place, count in enumerate(counts) if count) - 1)
    edges = [*LATENCY_EDGES[first : last + 1]]
    heights = counts[first + 1 : last + 1]
    if len(edges) < 2 or not heights:
        edges, heights = [0.0, LATENCY_EDGES[0]], [counts[0]]
    return plots.histogram(
        heights[: len(edges) - 1], edges, label="seconds", counted="calls", name="Calls by seconds"
    )


def _throughput(figure: Mapping[str, Any], seconds: Mapping[str, list[int]]) -> list[tuple[str, str]]:
    drawn = []
    for which, quota, counted in (
        (CALLS, figure["quota_requests_per_second"], "calls / s"),
        (UNITS, figure["quota_text_units_per_second"], "text units / s"),
    ):
        heights, edges = _by_time(seconds, which)
        level = (quota, "quota") if quota else None
        svg = plots.histogram(
            heights, edges, label="seconds since the first call", counted=counted, level=level, name=counted
        )
        drawn.append((svg, f"{counted.capitalize()} over time{', beside the quota' if quota else ''}"))
    return drawn


def _by_time(seconds: Mapping[str, list[int]], which: int) -> tuple[list[float], list[float]]:
    """Means over bins of whole seconds; pauses between two runs are left out."""
    values = [seconds[second][which] for second in sorted(seconds, key=int)]
    width = max(1, -(-len(values) // _BINS))
    groups = [values[start : start + width] for start in range(0, len(values), width)]
    heights = [sum(group) / len(group) for group in groups]
    return heights, [float(width * place) for place in range(len(groups) + 1)]
