"""The files of an evaluation, and the line for the log."""

from __future__ import annotations

import datetime
from pathlib import Path

from steps.evaluate import report as page
from steps.evaluate.manifest import manifest
from steps.evaluate.outcome import Evaluation
from steps.runtime.errors import StepError
from steps.runtime.outputs import json_line, text_file, write_json


def write(
    evaluation: Evaluation,
    *,
    metrics: Path,
    report: Path,
    endpoint: str,
    model_data_url: str,
    region: str,
    data_file: str,
    seconds: dict[str, float],
    now: datetime.datetime,
) -> StepError | None:
    """Writes everything, also where the figures must not be used; returns why they must not."""
    problem = evaluation.problem()
    results, failed = report / "results.jsonl", report / "failed.jsonl"
    with text_file(results) as file:
        file.writelines(json_line(row.document()) for row in evaluation.rows)
    with text_file(failed) as file:
        file.writelines(json_line(row.failure()) for row in evaluation.failed)
    html = report / "evaluation_report.html"
    page.write(html, evaluation, endpoint=endpoint, model_data_url=model_data_url, problem=problem)
    write_json(metrics / "evaluation_metrics.json", evaluation.property_file())
    document = manifest(
        evaluation,
        endpoint=endpoint,
        model_data_url=model_data_url,
        region=region,
        data_file=data_file,
        seconds=seconds,
        now=now,
        files=[metrics / "evaluation_metrics.json", html, results, failed],
    )
    write_json(report / "manifest.json", document)
    print(summary(evaluation), flush=True)
    return problem


def summary(evaluation: Evaluation) -> str:
    """The figures that the gates read, and the gates."""
    figures = ", ".join(
        f"{name} {interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})"
        for name, interval in evaluation.read_by_gates.items()
    )
    gates = [
        f"gate {gate.metric} {gate.told()}: {'passed' if holds else 'missed'}"
        for gate, _, holds in evaluation.gates()
    ]
    compared = [f"{each.gate.metric}: {each.verdict}, {each.told}" for each in evaluation.comparisons]
    return "; ".join([figures, *gates, *compared])
