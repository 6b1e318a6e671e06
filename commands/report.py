"""The end of a run for people: steps, figures against their gates, registry entry, where the files lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from commands.tables import between, coloured, heading, moment, now, price, table
from commands.terminal import Terminal

if TYPE_CHECKING:
    from deploy.executions import Seen
    from deploy.gates import Gate
    from deploy.outputs import File
    from deploy.summary import EndpointFate, Summary

# Files that people open first, of all that an execution writes.
WORTH_OPENING = (
    "data_report.html",
    "rejected.jsonl",
    "candidate.json",
    "evaluation_report.html",
    "evaluation_metrics.json",
    "results.jsonl",
    "failed.jsonl",
)


def show_summary(name: str, summary: Summary, terminal: Terminal, *, environment: str) -> None:
    """One execution that is over."""
    show_steps(name, summary.seen, terminal)
    if summary.gates:
        _show_figures(summary, terminal)
    if summary.package is not None:
        package = summary.package
        terminal.line()
        terminal.show(heading(f"registered  {package.name}"), coloured(package.approval))
        terminal.line(package.arn)
        if package.approval == "PendingManualApproval":
            terminal.line(
                f'decide: run_pipeline.py registry approve {package.name} --reason "..."{_env(environment)}'
            )
    if summary.endpoint is not None:
        _show_endpoint(summary.endpoint, terminal, environment)
    _show_files(summary.files, terminal)


def show_steps(name: str, seen: Seen, terminal: Terminal) -> None:
    """Status, times and steps of an execution."""
    execution = seen.execution
    at = now()
    took = between(execution.started, execution.ended, at)
    terminal.show(heading(f"{name}  {execution.id}"))
    terminal.show(coloured(execution.status))
    terminal.line(f"{moment(execution.started)}, {took}{'' if execution.is_over else ' so far'}")
    if execution.description:
        terminal.line(execution.description)
    if execution.reason:
        terminal.line(f"reason: {execution.reason}")
    rows = [
        (step.name, step.kind, step.status, between(step.started, step.ended, at), _remark(step))
        for step in seen.steps
    ]
    terminal.show(table(("step", "type", "status", "time", ""), rows, right=("time",)))


def _remark(step: Any) -> str:
    if step.reason:
        return str(step.reason)
    if step.cached_from:
        return f"from cache of {step.cached_from.rpartition('/')[2]}"
    return f"attempt {step.attempts}" if step.attempts > 1 else ""


def _show_figures(summary: Summary, terminal: Terminal) -> None:
    gates = {gate.metric: gate for gate in summary.gates}
    figures = summary.metrics.get("metrics", {})
    names = list(dict.fromkeys([*figures, *gates]))
    rows = [_figure(name, figures.get(name), gates.get(name)) for name in names]
    counted = [f"{summary.metrics[key]} {key}" for key in ("rows", "failed") if key in summary.metrics]
    terminal.line()
    terminal.show(heading("  ".join(["figures", ", ".join(counted)]).rstrip()))
    terminal.show(table(("metric", "mean", "interval", "gate", ""), rows, right=("mean",)))


def _figure(name: str, figure: Any, gate: Gate | None) -> Sequence[str]:
    from deploy.gates import figure_text

    content = figure if isinstance(figure, Mapping) else {}
    mean = gate.value if gate is not None else content.get("mean")
    low, high = content.get("low"), content.get("high")
    interval = f"{figure_text(low)} to {figure_text(high)}" if low is not None and high is not None else ""
    wanted = f"{gate.comparison} {figure_text(gate.bound)}" if gate is not None else ""
    verdict = {True: "passed", False: "missed", None: "not measured"}[gate.passed] if gate is not None else ""
    return (name, "" if mean is None else figure_text(mean), interval, wanted, verdict)


def _show_endpoint(endpoint: EndpointFate, terminal: Terminal, environment: str) -> None:
    terminal.line()
    if not endpoint.is_running:
        terminal.line(f"endpoint {endpoint.name} is deleted")
        return
    terminal.line(f"endpoint {endpoint.name} is {endpoint.status} ({price(endpoint.price)} on AWS)")
    terminal.line(f"delete it: run_pipeline.py cleanup --yes{_env(environment)}")


def _show_files(files: Sequence[File], terminal: Terminal) -> None:
    chosen = [file for file in files if file.name in WORTH_OPENING]
    if chosen:
        terminal.line()
        terminal.show(heading("files"))
        for file in chosen:
            terminal.line(file.place)


def _env(environment: str) -> str:
    return "" if environment == "local" else f" --env {environment}"
