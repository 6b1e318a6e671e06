"""The evaluation as a page: gates, every metric with its interval, how scores spread, the worst rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steps.evaluate.bootstrap import Interval
from steps.evaluate.outcome import Evaluation, ScoredRow
from steps.runtime.errors import StepError
from steps.runtime.report import plots
from steps.runtime.report.page import number, share, write_page

_TEMPLATE = Path(__file__).parent / "evaluation_report.html.j2"
WORST_ROWS, SHOWN_FAILURES = 25, 20
_LONG_TEXT = 4000


def write(
    path: Path, evaluation: Evaluation, *, endpoint: str, model_data_url: str, problem: StepError | None
) -> None:
    """Writes evaluation_report.html."""
    settings, ranked = evaluation.settings, by_score(evaluation)
    context = {
        "kind": "Evaluation report",
        "title": endpoint,
        "subtitle": (f"a sample of {settings.sample_rows:,} rows at most; " if settings.sample_rows else "")
        + model_data_url,
        "problem": problem,
        "gates": evaluation.gates(),
        "comparisons": evaluation.comparisons,
        "overlap": evaluation.overlap,
        "cards": _cards(evaluation),
        "metrics": _table(evaluation),
        "algorithms": evaluation.algorithms,
        "unicode_gates": settings.normalization == "unicode",
        "plots": _plots(evaluation),
        "primary": _primary(evaluation),
        "worst": [_shown(row) for row in ranked[:WORST_ROWS]],
        "rows": len(evaluation.rows),
        "failures": [row.failure() for row in evaluation.failed[:SHOWN_FAILURES]],
        "failed": len(evaluation.failed),
        "generation": settings.asking.parameters,
        "task": settings.task.replace("_", " "),
    }
    write_page(path, _TEMPLATE, context)


def by_score(evaluation: Evaluation) -> list[ScoredRow]:
    """Answered rows, worst first by the metric that the first gate reads, then by the others."""
    unicode_scores = evaluation.settings.normalization == "unicode"
    primary = _primary(evaluation)

    def rank(row: ScoredRow) -> tuple[float, float, str]:
        scores = row.unicode_scores if unicode_scores else row.scores
        return scores.get(primary, 0.0), sum(scores.values()), row.row.id

    return sorted((row for row in evaluation.rows if not row.outcome.failed), key=rank)


def _primary(evaluation: Evaluation) -> str:
    gated = [gate.metric for gate in evaluation.settings.gates if gate.metric in evaluation.metrics]
    return (gated or list(evaluation.metrics))[0]


def _cards(evaluation: Evaluation) -> list[dict[str, Any]]:
    primary, failed = _primary(evaluation), len(evaluation.failed)
    interval = evaluation.read_by_gates[primary]
    verdicts = [holds for gate, _, holds in evaluation.gates() if gate.metric == primary]
    usable = verdicts and evaluation.problem() is None
    tone = ("good" if all(verdicts) else "bad") if usable else ""
    limit = evaluation.settings.max_failed_share
    allowed = f"{share(limit)} of them may be" if limit else "none may be"
    return [
        {"label": primary, "value": number(interval.mean), "note": _bounds(interval), "tone": tone},
        {"label": "rows", "value": number(len(evaluation.rows)), "note": "", "tone": ""},
        {
            "label": "unanswered",
            "value": number(failed),
            "note": allowed,
            "tone": "bad" if failed else "",
        },
        {"label": "seconds per row", "value": number(_median(evaluation)), "note": "median", "tone": ""},
    ]


def _median(evaluation: Evaluation) -> float | None:
    seconds = sorted(row.outcome.seconds for row in evaluation.rows if not row.outcome.failed)
    return seconds[len(seconds) // 2] if seconds else None


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _table(evaluation: Evaluation) -> list[dict[str, Any]]:
    bounds: dict[str, list[tuple[str, bool]]] = {}
    for gate, _, holds in evaluation.gates():
        bounds.setdefault(gate.metric, []).append((gate.told(), holds))
    return [
        {
            "name": name,
            "mean": interval.mean,
            "bounds": _bounds(interval),
            "unicode_mean": evaluation.unicode_metrics[name].mean,
            "unicode_bounds": _bounds(evaluation.unicode_metrics[name]),
            "gates": bounds.get(name, []),
        }
        for name, interval in evaluation.metrics.items()
    ]


def _plots(evaluation: Evaluation) -> list[tuple[str, str]]:
    read, names = evaluation.read_by_gates, list(evaluation.metrics)
    marks = [
        (names.index(gate.metric), bound, holds)
        for gate, _, holds in evaluation.gates()
        for bound in (gate.at_least, gate.at_most)
        if bound is not None and gate.metric in names
    ]
    overview = plots.intervals(
        [name.replace("_", " ") for name in names],
        [read[name].mean for name in names],
        [read[name].low for name in names],
        [read[name].high for name in names],
        gates=marks,
        name="Mean and 95 % interval of every metric",
    )
    drawn = [(overview, "Mean and 95 % interval; a bar across is a gate")]
    unicode_scores = evaluation.settings.normalization == "unicode"
    for name in names:
        values = [(row.unicode_scores if unicode_scores else row.scores)[name] for row in evaluation.rows]
        if set(values) <= {0.0, 1.0}:
            continue  # the mean says it all
        drawn.append((_distribution(values, name), f"Rows by {name.replace('_', ' ')}"))
    answered = [row for row in evaluation.rows if not row.outcome.failed]
    if answered:
        drawn.append((_seconds(answered), "Answered rows by seconds until the answer"))
    return drawn


def _distribution(values: Sequence[float], name: str) -> str:
    bins = 10
    heights = [0] * bins
    for value in values:
        heights[min(bins - 1, max(0, int(value * bins)))] += 1
    edges = [place / bins for place in range(bins + 1)]
    return plots.histogram(heights, edges, label=name.replace("_", " "), name=f"Rows by {name}")


def _seconds(rows: Sequence[ScoredRow]) -> str:
    values = sorted(row.outcome.seconds for row in rows)
    top = max(values[-1], 0.001)
    bins = 20
    heights = [0] * bins
    for value in values:
        heights[min(bins - 1, int(value / top * bins))] += 1
    return plots.histogram(
        heights, [top * place / bins for place in range(bins + 1)], label="seconds", name="Rows by seconds"
    )


def _shown(row: ScoredRow) -> dict[str, Any]:
    """A row cut to what a reader takes in; results.jsonl has it whole."""
    return {
        "id": row.row.id,
        "group": row.row.group[:100],
        "input": row.row.model_input[:_LONG_TEXT],
        "output": row.answer[:_LONG_TEXT],
        "target": row.row.target_output[:_LONG_TEXT],
        "scores": _rounded(row.scores),
        "unicode_scores": _rounded(row.unicode_scores),
    }


def _rounded(scores: Mapping[str, float]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), f"{value:.2f}") for name, value in scores.items()]
