"""Costs for people: an estimate before the start, what the steps used afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from commands.tables import duration, table
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.launching.estimate import Estimate
    from deploy.observing.costs import Usage

UNKNOWN = "not known"


def dollars(usd: float | None) -> str:
    """ "0.12 USD"; small sums with the digits that count."""
    if usd is None:
        return UNKNOWN
    return f"{usd:.2f} USD" if usd >= 0.1 or usd == 0 else f"{usd:.2g} USD"


def show_estimate(project: Project, estimate: Estimate, terminal: Terminal) -> None:
    """A line a step that takes time or costs, and the sums; what is not known is said to be so."""
    rows = [
        (
            f"  {step.step}",
            "?" if step.seconds is None else duration(step.seconds),
            f"{step.instances} x {step.instance_type}" if step.instance_type else "",
            dollars(step.usd) if step.instance_type else "",
        )
        for step in estimate.steps
    ]
    if rows:
        terminal.show(table(("  step", "time", "instances", "cost"), rows, right=("time", "cost")))
        terminal.line()
    else:
        terminal.line("the steps that run take no time and use no instance")
    terminal.line(f"time: {_time(estimate)}")
    terminal.line(f"cost: {_cost(estimate)}")
    for line in (*_endpoint(project, estimate), *_prices(project, estimate)):
        terminal.line(f"  {line}")
    terminal.line("nothing was started: leave out --estimate to start")


def show_usages(usages: Sequence[Usage], terminal: Terminal) -> None:
    """What the steps used, where at least one of them has a price."""
    if not any(usage.usd is not None for usage in usages):
        return
    from rich.text import Text

    rows = [
        (
            f"  {usage.step}{' (endpoint, until now)' if usage.goes_on else ''}",
            f"{usage.instances} x {usage.instance_type}" if usage.instance_type else UNKNOWN,
            "" if usage.seconds is None else duration(usage.seconds),
            dollars(usage.usd),
        )
        for usage in usages
    ]
    known = sum(usage.usd for usage in usages if usage.usd is not None)
    more = " and what is not known" if any(usage.usd is None for usage in usages) else ""
    terminal.show(Text.assemble(("cost at AWS's prices", "bold"), f"  {dollars(known)}{more}"))
    terminal.show(table(("  step", "instances", "time", "cost"), rows, right=("time", "cost")))
    terminal.line()


def usage_document(usage: Usage) -> dict[str, Any]:
    """In JSON."""
    return {
        "step": usage.step,
        "what": usage.what,
        "instance_type": usage.instance_type,
        "instances": usage.instances,
        "seconds": usage.seconds,
        "usd": usage.usd,
    }


def estimate_document(project: Project, estimate: Estimate) -> dict[str, Any]:
    """In JSON."""
    table_of_prices = project.environment.prices
    return {
        "steps": [
            {
                "step": step.step,
                "type": step.kind,
                "seconds": step.seconds,
                "instance_type": step.instance_type,
                "instances": step.instances,
                "usd": step.usd,
            }
            for step in estimate.steps
        ],
        "seconds": estimate.seconds,
        "usd": estimate.usd,
        "unknown": list(estimate.unknown),
        "past_executions": estimate.past.runs,
        "past_on_as_many_rows": estimate.past.alike,
        "prices": {"as_of": table_of_prices.as_of, "source": table_of_prices.source},
    }


def _time(estimate: Estimate) -> str:
    past = estimate.past
    if estimate.seconds is None:
        return f"{UNKNOWN}: no execution has succeeded yet"
    runs = "1 execution" if past.runs == 1 else f"{past.runs} executions"
    on = "" if past.alike else ", on another number of rows"
    return f"about {duration(estimate.seconds)} (median of {runs} that succeeded{on})"


def _cost(estimate: Estimate) -> str:
    if estimate.usd is None:
        return UNKNOWN
    more = f", and {', '.join(estimate.unknown)} (not known)" if estimate.unknown else ""
    return f"about {dollars(estimate.usd)} on AWS{more}"


def _endpoint(project: Project, estimate: Estimate) -> list[str]:
    """What goes on costing after a training."""
    from commands.tables import price
    from config.models import TrainingConfig
    from deploy.upkeep.cleanup import price_per_hour

    config = project.pipelines[estimate.name]
    if not isinstance(config, TrainingConfig) or all(step.step != "deploy-model" for step in estimate.steps):
        return []
    fate = {"delete": "until its evaluation is over", "keep": "until you delete it"}
    return [f"then an endpoint, {price(price_per_hour(config))}, {fate[config.endpoint.after_evaluation]}"]


def _prices(project: Project, estimate: Estimate) -> list[str]:
    from deploy.launching.estimate import CHOSEN_BY_AUTOPILOT

    found = project.environment.prices
    lines = []
    if found.as_of or found.source:
        lines.append(
            f"prices of {found.as_of or 'an unknown day'}, from {found.source or 'an unknown source'}"
        )
    missing = {
        step.instance_type
        for step in estimate.steps
        if step.instance_type not in {"", CHOSEN_BY_AUTOPILOT}
        and found.usd_per_hour.get(step.instance_type) is None
    }
    if missing:
        lines.append(
            f"without a price: {', '.join(sorted(missing))} "
            f"(prices.usd_per_hour in config/environments/{project.environment.name}.yaml)"
        )
    return lines
