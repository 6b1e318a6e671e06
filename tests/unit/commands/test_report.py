"""The end of a run as people read it, to the letter."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest

from commands.report import show_end, show_steps
from commands.terminal import Terminal
from deploy.executions import Execution, Seen, Step
from deploy.observing.endpoint import EndpointFate
from deploy.observing.gates import Gate
from deploy.observing.outputs import File
from deploy.observing.summary import Summary
from deploy.reviewing.registry import Package
from tests.unit.deploy.fakes import AT
from tests.unit.deploy.runs import INFERENCE, PACKAGE

DELETE_IT = "  delete it: run_pipeline.py cleanup --yes --env dev\n"
FATE = EndpointFate("local-aaaaaaaaaaaa", "gone", "delete", evaluated=True, price=7.09)


def summary(**more: Any) -> Summary:
    """An evaluated candidate."""
    execution = Execution(INFERENCE, "local-facts-inference", "Succeeded", AT, AT + timedelta(seconds=42))
    steps = (
        Step("evaluate", "Succeeded", AT, AT + timedelta(seconds=37), metadata={"ProcessingJob": {}}),
        Step("gate", "Succeeded", AT, AT, metadata={"Condition": {"Outcome": "True"}}),
    )
    whole: dict[str, Any] = {
        "gates": (Gate("gate", "metrics.f1.mean", "at least", 0.5, 0.68),),
        "metrics": {
            "rows": 300,
            "failed": 2,
            "metrics": {
                "f1": {"mean": 0.68, "low": 0.63, "high": 0.73},
                "exact_match": {"mean": 0.6, "low": 0.55, "high": 0.65},
            },
        },
        "package": Package(PACKAGE, "local-facts", 3, "PendingManualApproval", AT),
        "endpoint": FATE,
        "files": (File("evaluate", "s3://b/k/evaluation_report.html", "here/evaluation_report.html", 9),),
        **more,
    }
    return Summary(Seen(execution, {"Steps": []}, steps), {}, **whole)


def shown(environment: str = "local", **more: Any) -> str:
    """What stands on stdout."""
    terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO())
    show_end({"facts-inference": summary(**more)}, terminal, environment=environment)
    assert isinstance(terminal.stdout, io.StringIO)
    return terminal.stdout.getvalue()


def test_the_whole_summary() -> None:
    """Nothing cut, nothing coloured, no blanks at the ends of lines."""
    text = shown()
    assert text.partition("\n")[2].partition("\n")[2] == (
        "  step       type          time   status\n"
        "  evaluate   Processing    37 s   Succeeded\n"
        "  gate       Condition    0.0 s   Succeeded\n"
        "\n"
        "evaluation of 300 rows, 2 without an answer\n"
        "  metric        mean   95 % interval   gate\n"
        "  f1            0.68   0.63 to 0.73    at least 0.5   passed\n"
        "  exact_match    0.6   0.55 to 0.65\n"
        "\n"
        "model package  local-facts/3  PendingManualApproval\n"
        "  arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/3\n"
        '  decide: run_pipeline.py registry approve local-facts/3 --reason "..."\n'
        "\n"
        "endpoint  local-aaaaaaaaaaaa\n"
        "  deleted\n"
        "\n"
        "files\n"
        "  evaluation report  here/evaluation_report.html\n"
    )
    assert text.startswith("facts-inference  bbbbbbbbbbbb  Succeeded  42 s\n2026-11-22 ")


def test_gates_that_read_normalized_scores_show_those() -> None:
    """The table holds the figures that were decided on, and says which they are."""
    gate = Gate("gate", "unicode_metrics.f1.mean", "at least", 0.5, 0.9)
    figures = {
        "normalization": "unicode",
        "rows": 3,
        "failed": 0,
        "metrics": {"f1": {"mean": 0.1}},
        "unicode_metrics": {"f1": {"mean": 0.9}},
    }
    out = shown(gates=(gate,), metrics=figures)
    assert "evaluation of 3 rows, 0 without an answer, scored after Unicode normalization\n" in out
    assert "  f1        0.9                   at least 0.5   passed\n" in out


@pytest.mark.parametrize(
    "figures", [["f1"], "f1", 3, None, {"f1": "good", "g": [1]}, {"f1": {"mean": 1, "low": "?", "high": []}}]
)
def test_figures_of_any_shape_are_summed_up(figures: Any) -> None:
    """A condition of somebody else's pipeline may read a file of theirs."""
    text = shown(metrics={"metrics": figures})
    assert re.search(r"f1 +0\.68 +at least 0\.5 +passed", text)


def test_a_description_does_not_steer_the_terminal() -> None:
    """It is whatever somebody started the execution with."""

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal(stdout=Screen(), stderr=io.StringIO())
    execution = Execution(INFERENCE, "p", "Succeeded", AT, AT, description="\x1b]0;title\x07by x")
    show_steps("p", Seen(execution, {"Steps": []}, ()), terminal)
    assert isinstance(terminal.stdout, Screen)
    assert "\x1b]0;" not in terminal.stdout.getvalue()
    assert "]0;titleby x" in terminal.stdout.getvalue()


@pytest.mark.parametrize(
    ("fate", "lines"),
    [
        (
            EndpointFate("e", "InService", "delete", evaluated=False, price=7.09),
            "  InService until its evaluation is over (7.09 USD an hour on AWS)\n",
        ),
        (
            EndpointFate("e", "InService", "delete", evaluated=True, price=7.09),
            f"  InService, though its evaluation is over (7.09 USD an hour on AWS)\n{DELETE_IT}",
        ),
        (
            EndpointFate("e", "InService", "keep", evaluated=True, price=None),
            f"  InService, kept until you delete it (price not known)\n{DELETE_IT}",
        ),
        (EndpointFate("e", "Deleting", "delete", evaluated=True, price=7.09), "  being deleted\n"),
    ],
)
def test_an_endpoint_is_told_with_what_it_costs(fate: EndpointFate, lines: str) -> None:
    """And with the command that ends the cost, for the environment at hand."""
    assert f"endpoint  e\n{lines}" in shown("dev", endpoint=fate)


def test_the_figures_of_the_fine_tuning_stand_in_a_row() -> None:
    """Four digits each, under their names."""
    text = shown(candidate={"validation_loss": 0.855777, "perplexity": 2.3531})
    assert (
        "fine-tuning\n  metric             value\n  validation_loss   0.8558\n  perplexity         2.353\n"
        in text
    )


def test_the_books_of_guardrails_stand_above_their_shares() -> None:
    """Records by what became of them, the gate, and the report to open."""
    text = shown(
        gates=(Gate("gate", "metrics.blocked_share.mean", "at most", 0.5, 0.05),),
        metrics={
            "metrics": {"blocked_share": {"mean": 0.05}},
            "records": {"in": 20, "passed": 18, "blocked": 1, "set_aside": 1},
            "failed": {},
        },
        files=(File("merge-results", "s3://b/k/guardrails_report.html", "here/guardrails_report.html", 9),),
    )
    assert "records: 20 in, 18 passed, 1 blocked, 1 set aside\n  metric" in text
    assert re.search(r"^  blocked_share +0\.05 +at most 0\.5 +passed$", text, re.MULTILINE)
    assert text.endswith("files\n  guardrails report  here/guardrails_report.html\n")


def test_a_failed_step_says_why_beside_its_status() -> None:
    """The fact alone; the hint comes at the end, on stderr."""
    terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO())
    execution = Execution(INFERENCE, "local-facts-inference", "Failed", AT, AT)
    step = Step("evaluate", "Failed", AT, AT, reason="AlgorithmError: no rows\nhint: see there, exit code: 1")
    failed = Summary(Seen(execution, {"Steps": []}, (step,)), {}, ())
    show_end({"facts-inference": failed}, terminal, environment="local")
    assert isinstance(terminal.stdout, io.StringIO)
    assert "  evaluate          0.0 s   Failed   AlgorithmError: no rows\n" in terminal.stdout.getvalue()
