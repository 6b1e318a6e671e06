"""What an execution starts with: every value beside where it comes from."""

from __future__ import annotations

import io
from typing import Any

from commands.terminal import Terminal
from commands.values import say_left_out, say_values, start_document
from deploy.executions import Execution
from deploy.launching.again import Again
from deploy.launching.launch import Ready
from deploy.launching.selection import Selection
from tests.unit.deploy.fakes import AT, project
from tests.unit.deploy.runs import INFERENCE, INFERENCE_ID

SOURCE = Execution(INFERENCE, "local-facts-inference", "Failed", AT, AT)


def ready(**more: Any) -> Ready:
    """An inference that starts again, with a threshold of its own."""
    values = {"EvaluationRows": "300", "MinimumF1": "0.4", "ApprovalStatus": "Approved", "SampleRows": "40"}
    values |= {"EndpointName": "local-a", "Commit": "c1"}
    sources = {
        "EvaluationRows": "",
        "MinimumF1": "-p",
        "ApprovalStatus": "nightly.yaml",
        "SampleRows": "-p",
        "EndpointName": f"execution {INFERENCE_ID}",
        "Commit": "this checkout",
    }
    whole: dict[str, Any] = {"definition": {"Steps": []}, "selection": None, "description": "", **more}
    return Ready("facts-inference", values, sources, **whole)


def said(found: Ready) -> list[str]:
    """The lines beside the result."""
    stream = io.StringIO()
    say_values(project(), found, Terminal(stdout=io.StringIO(), stderr=stream))
    return stream.getvalue().splitlines()


def test_each_value_with_its_source() -> None:
    """Long values of the platform by name alone; the sample and the selection in a line of their own."""
    selection = Selection(("gate",), ("preprocess", "evaluate"), SOURCE)
    assert said(ready(selection=selection)) == [
        "  EvaluationRows=300       default",
        "  MinimumF1=0.4            -p",
        "  ApprovalStatus=Approved  nightly.yaml",
        f"  EndpointName: execution {INFERENCE_ID}",
        "  a sample: 40 rows go through the steps",
        "  runs: gate",
        f"  taken from {INFERENCE_ID}: preprocess, evaluate",
    ]


def test_what_is_left_out_is_said() -> None:
    """A parameter that the pipeline no longer has."""
    stream = io.StringIO()
    again = Again(SOURCE, {}, {"Old": "1"})
    say_left_out(again, Terminal(stdout=io.StringIO(), stderr=stream))
    assert stream.getvalue() == "  left out: Old=1, which the pipeline no longer has\n"
    assert start_document(project(), ready(), arn=None, again=again)["left_out"] == {"Old": "1"}
