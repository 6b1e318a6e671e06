"""Costs as people read them: sums of what is known, and what is not said to be so."""

from __future__ import annotations

import dataclasses
import io

import pytest

from commands.costs import dollars, show_estimate, show_usages
from commands.terminal import Terminal
from config.models.prices import Prices
from deploy.launching.estimate import Estimate, StepEstimate
from deploy.launching.history import History
from deploy.observing.costs import Usage
from tests.unit.deploy.fakes import project


def terminal() -> tuple[Terminal, io.StringIO]:
    """One that is read."""
    stream = io.StringIO()
    return Terminal(stdout=stream, stderr=io.StringIO()), stream


@pytest.mark.parametrize(
    ("usd", "text"),
    [(None, "not known"), (0.0, "0.00 USD"), (0.00123, "0.0012 USD"), (12.5, "12.50 USD")],
)  # fmt: skip
def test_dollars(usd: float | None, text: str) -> None:
    """Small sums keep the digits that count."""
    assert dollars(usd) == text


def test_an_estimate_says_what_it_does_not_know() -> None:
    """Steps, times, sums, the day of the prices, the instance without one, and that nothing began."""
    prices = Prices(as_of="2026-11-01", source="the price page", usd_per_hour={"ml.m5.xlarge": 0.2})
    environment = project().environment.model_copy(update={"prices": prices})
    steps = (
        StepEstimate("preprocess", "Processing", 1800.0, "ml.m5.xlarge", 2, 0.2),
        StepEstimate("evaluate", "Processing", None, "ml.m5.2xlarge", 1, None),
    )
    past = History({"preprocess": 1800.0}, total=2000.0, runs=2, alike=False)
    found = Estimate("facts-inference", steps, 2000.0, 0.2, ("evaluate",), past, "0")
    screen, stream = terminal()
    show_estimate(dataclasses.replace(project(), environment=environment), found, screen)
    assert stream.getvalue() == (
        "  step            time   instances                cost\n"
        "  preprocess   30m 00s   2 x ml.m5.xlarge     0.20 USD\n"
        "  evaluate           ?   1 x ml.m5.2xlarge   not known\n"
        "\n"
        "time: about 33m 20s (median of 2 executions that succeeded, on another number of rows)\n"
        "cost: about 0.20 USD on AWS, and evaluate (not known)\n"
        "  prices of 2026-11-01, from the price page\n"
        "  without a price: ml.m5.2xlarge (prices.usd_per_hour in config/environments/local.yaml)\n"
        "nothing was started: leave out --estimate to start\n"
    )


def test_what_was_used_is_shown_where_a_price_is_known() -> None:
    """With what has none; nothing at all where no price is known."""
    job = Usage("prepare", "job", "ml.m5.xlarge", 1, 3600, 0.2)
    chosen = Usage("wait-automl", "job", "", 1, 60, None)
    screen, stream = terminal()
    show_usages([job, chosen], screen)
    assert stream.getvalue().splitlines()[0] == "cost at AWS's prices  0.20 USD and what is not known"
    screen, stream = terminal()
    show_usages([chosen], screen)
    assert stream.getvalue() == ""
