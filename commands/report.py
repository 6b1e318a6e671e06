"""Executions for people: steps, figures against their gates, registry entry, endpoint, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from commands.costs import show_usages, usage_document
from commands.tables import STYLES, between, headline, moment, now, price, table
from commands.terminal import Terminal, harmless

if TYPE_CHECKING:
    from deploy.executions import Seen, Step
    from deploy.observing.endpoint import EndpointFate
    from deploy.observing.gates import Gate
    from deploy.observing.outputs import File
    from deploy.observing.summary import Summary
    from deploy.reviewing.registry import Package

# Files that people open first, of all that an execution writes.
WORTH_OPENING = {
    "data_report.html": "data report",
    "labeling_report.html": "labeling report",
    "guardrails_report.html": "guardrails report",
    "evaluation_report.html": "evaluation report",
    "results.jsonl": "every answer",
    "evaluation_metrics.json": "figures",
    "guardrails_metrics.json": "figures",
    "labeling_metrics.json": "figures",
    "candidate.json": "candidate",
}


def show_end(summaries: Mapping[str, Summary], terminal: Terminal, *, environment: str) -> None:
    """Executions by the names of their pipelines, in the order they ran, and what came of them in all."""
    parts = list(summaries.values())
    for name, summary in summaries.items():
        show_steps(name, summary.seen, terminal)
    for summary in parts:
        _show_candidate(summary, terminal)
        _show_figures(summary, terminal)
    for summary in parts:
        if summary.package is not None:
            _show_package(summary.package, terminal, environment)
    show_usages([usage for part in parts for usage in part.usages], terminal)
    endpoints = {part.endpoint.name: part.endpoint for part in parts if part.endpoint is not None}
    for endpoint in endpoints.values():
        _show_endpoint(endpoint, terminal, environment)
    _show_files([file for part in parts for file in part.files], terminal)


def show_steps(name: str, seen: Seen, terminal: Terminal) -> None:
    """Status, times and steps of an execution."""
    from rich.text import Text

    execution, at = seen.execution, now()
    terminal.show(headline(name, execution, at))
    origin = f", {execution.description}" if execution.description else ""
    terminal.show(Text(harmless(f"{moment(execution.started)}{origin}"), style="dim"))
    rows = [
        (step.name, step.kind, between(step.started, step.ended, at), step.status, remark(step))
        for step in seen.steps
    ]
    terminal.show(table(("  step", "type", "time", "status", ""), _indented(rows), right=("time",)))
    terminal.line()


def remark(step: Step) -> str:
    """What is worth knowing of a step beside its status: its reason, its cache hit, its attempts."""
    from deploy.executions import fact_and_hint

    if step.reason:
        return fact_and_hint(step.reason)[0]
    if step.cached_from:
        return f"from cache of {step.cached_from.rpartition('/')[2]}"
    if step.reused_from:
        return f"taken from {step.reused_from.rpartition('/')[2]}"
    return f"attempt {step.attempts}" if step.attempts > 1 else ""


def document_of(pipeline: str, summary: Summary) -> dict[str, Any]:
    """An execution in JSON, with its steps and what came of it (docs/commands.md has the shape)."""
    return {
        **execution_document(pipeline, summary.seen.execution),
        "exit_code": summary.exit_code if summary.seen.execution.is_over else None,
        "steps": [_step_document(step) for step in summary.seen.steps],
        "parameters": dict(summary.values),
        "gates": [gate_document(gate) for gate in summary.gates],
        "metrics": dict(summary.metrics),
        "candidate": dict(summary.candidate),
        "model_package": summary.package.arn if summary.package else None,
        "endpoint": {"name": summary.endpoint.name, "status": summary.endpoint.status}
        if summary.endpoint
        else None,
        "usage": [usage_document(usage) for usage in summary.usages],
    }


def gate_document(gate: Gate) -> dict[str, Any]:
    """A gate in JSON."""
    return {
        "step": gate.step,
        "metric": gate.metric,
        "comparison": gate.comparison,
        "bound": gate.bound,
        "value": gate.value,
        "passed": gate.passed,
        "detail": gate.detail,
    }


def execution_document(pipeline: str, execution: Any) -> dict[str, Any]:
    """An execution in JSON, without its steps."""
    return {
        "arn": execution.arn,
        "id": execution.id,
        "pipeline": pipeline,
        "status": execution.status,
        "started": execution.started,
        "ended": execution.ended,
        "description": execution.description,
        "reason": execution.reason,
    }


def _step_document(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "type": step.kind,
        "status": step.status,
        "started": step.started,
        "ended": step.ended,
        "attempts": step.attempts,
        "cached_from": step.cached_from,
        "reused_from": step.reused_from,
        "reason": step.reason,
    }


def _show_candidate(summary: Summary, terminal: Terminal) -> None:
    from deploy.observing.gates import figure_text

    if summary.candidate:
        rows = [(name, figure_text(value)) for name, value in summary.candidate.items()]
        _show_part("fine-tuning", [], terminal, end=False)
        terminal.show(table(("  metric", "value"), _indented(rows), right=("value",)))
        terminal.line()


def _show_figures(summary: Summary, terminal: Terminal) -> None:
    gates = {gate.metric: gate for gate in summary.gates if not gate.compares}
    compared = [gate for gate in summary.gates if gate.compares]
    if not summary.gates or not summary.metrics:
        return
    # "metrics", or "unicode_metrics" where the gates read those.
    unicode_scores = summary.metrics.get("normalization") == "unicode"
    which = next((gate.path.partition(".")[0] for gate in gates.values()), "")
    figures = summary.metrics.get(which or ("unicode_metrics" if unicode_scores else "metrics"))
    figures = figures if isinstance(figures, Mapping) else {}  # a stranger's file may hold anything
    names = dict.fromkeys([*gates, *figures])
    rows = [_figure(name, figures.get(name), gates.get(name)) for name in names]
    _show_part(_figures_of(summary.metrics), [], terminal, end=False)
    terminal.show(table(("  metric", "mean", "95 % interval", "gate", ""), _indented(rows), right=("mean",)))
    for gate in compared:
        verdict = {True: "passed", False: "missed", None: "not measured"}[gate.passed]
        terminal.line(f"  {gate.text}: {verdict}")
    terminal.line()


def _figures_of(document: Mapping[str, Any]) -> str:
    """What the figures are of: the rows of an evaluation, or the books of something that keeps books."""
    records = document.get("records")
    if isinstance(records, Mapping):
        books = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in records.items())
        return f"records: {books}"
    scored = ", scored after Unicode normalization" if document.get("normalization") == "unicode" else ""
    rows, failed = document.get("rows", "?"), document.get("failed", "?")
    return f"evaluation of {rows} rows, {failed} without an answer{scored}"


def _figure(name: str, figure: Any, gate: Gate | None) -> Sequence[str]:
    from deploy.observing.gates import figure_text

    content = {
        name: value
        for name, value in (figure.items() if isinstance(figure, Mapping) else ())
        if isinstance(value, int | float)
    }
    mean = gate.value if gate is not None else content.get("mean")
    low, high = content.get("low"), content.get("high")
    interval = f"{figure_text(low)} to {figure_text(high)}" if low is not None and high is not None else ""
    wanted = f"{gate.comparison} {figure_text(gate.bound)}" if gate is not None else ""
    verdict = {True: "passed", False: "missed", None: "not measured"}[gate.passed] if gate is not None else ""
    return (name, "" if mean is None else figure_text(mean), interval, wanted, verdict)


def _show_package(package: Package, terminal: Terminal, environment: str) -> None:
    from rich.text import Text

    from deploy.hints import typed

    status = Text(package.approval, style=STYLES.get(package.approval, ""))
    terminal.show(Text.assemble(("model package", "bold"), f"  {package.name}  ", status))
    terminal.line(f"  {package.arn}")
    if package.approval == "PendingManualApproval":
        decide = f'registry approve {package.name} --reason "..."'
        terminal.line(f"  decide: {typed(decide, environment)}")
    terminal.line()


def _show_endpoint(endpoint: EndpointFate, terminal: Terminal, environment: str) -> None:
    from deploy.hints import typed

    cost = price(endpoint.price)
    if not endpoint.is_running:
        lines = ["deleted" if endpoint.status == "gone" else "being deleted"]
    elif not endpoint.evaluated and endpoint.after_evaluation == "delete":
        lines = [f"{endpoint.status} until its evaluation is over ({cost})"]
    elif endpoint.should_go:
        lines = [
            f"{endpoint.status}, though its evaluation is over ({cost})",
            f"delete it: {typed('cleanup --yes', environment)}",
        ]
    else:
        lines = [
            f"{endpoint.status}, kept until you delete it ({cost})",
            f"delete it: {typed('cleanup --yes', environment)}",
        ]
    _show_part(f"endpoint  {endpoint.name}", lines, terminal)


def _show_files(files: Iterable[File], terminal: Terminal) -> None:
    found = {file.name: file.place for file in files if file.name in WORTH_OPENING}
    # Not in a table: a path that the terminal wraps can be copied whole, one that we wrap cannot.
    lines = [f"{what:<17}  {found[name]}" for name, what in WORTH_OPENING.items() if name in found]
    if lines:
        _show_part("files", lines, terminal, end=False)


def _show_part(title: str, lines: Sequence[str], terminal: Terminal, *, end: bool = True) -> None:
    from rich.text import Text

    first, _, rest = title.partition("  ")
    terminal.show(Text.assemble((first, "bold"), f"  {rest}" if rest else ""))
    for line in lines:
        terminal.line(f"  {line}")
    if end:
        terminal.line()


def _indented(rows: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    return [(f"  {row[0]}", *row[1:]) for row in rows]
