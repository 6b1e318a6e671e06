"""A plan as text, Markdown and JSON: everything that differs is there, nothing of it is markup."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

from commands.plan_document import plan_document
from commands.plan_markdown import LONGEST, plan_markdown
from commands.plan_text import show_plan
from commands.shapes import SHAPES, misfits
from commands.terminal import Terminal
from definition.comparison import Change, Detail
from deploy.infrastructure.bootstrap import InfrastructurePlan
from deploy.planning.explanation import Explanation, PipelineExplanation, SdkChange, ThingExplanation
from deploy.planning.upsert import Plan
from deploy.planning.whole_plan import WholePlan
from tests.unit.deploy.fakes import project

ADDRESS = "s3://bucket/local/code/preprocess/"
CODE = Change(
    kind="code",
    step="preprocess",
    what="Arguments.ProcessingInputs.code.S3Input.S3Uri",
    before=f"{ADDRESS}01234567",
    after=f"{ADDRESS}89abcdef",
    marks=("re-runs", "sdk"),
    effect="re-runs preprocess, and behind it evaluate",
    details=(Detail("steps/preprocess/rows.py", "+3 -1 lines"),),
)
THRESHOLD = Change("parameter", "", "MinimumF1.DefaultValue", "0.5", "0.6", ("gate",))
HOSTILE = "<img src=x onerror=alert(1)> | `code` **bold** @everyone\n# heading [a](http://b) \x1b[31m"


def explained(*changes: Change, **more: Any) -> tuple[WholePlan, Explanation]:
    """A plan of one pipeline that changed, with a function and a stack."""
    pipeline = PipelineExplanation("facts-inference", "arn", "changed", ("definition",), changes, **more)
    function = ThingExplanation("wait", "changed", "upsert", (Detail("poll.py", "+1 -0 lines"),))
    stack = ThingExplanation("local-base", "changed", "bootstrap", (Detail("tag a", "1 -> 2"),))
    plan = WholePlan(InfrastructurePlan((), (), None, None), Plan((), ()))
    return plan, Explanation((pipeline,), (function,), (stack,), ())


def text_of(plan: WholePlan, explanation: Explanation) -> str:
    """As it stands in a pipe."""
    terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO())
    show_plan(plan, explanation, terminal)
    written = terminal.stdout
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def test_the_text_has_a_line_a_change_under_its_step() -> None:
    """What belongs to no step first; files under their bundle; counts at the end."""
    sdk = SdkChange("3.26.0", "3.27.0", alone=True, platform_too=False)
    text = text_of(*explained(CODE, THRESHOLD, sdk=sdk, re_running=("preprocess", "evaluate")))
    assert (
        text
        == """\
facts-inference: changed
  ~ SageMaker SDK 3.26.0 -> 3.27.0 alone: the pipeline's file and its steps' sources are the same
  ~ parameter MinimumF1.DefaultValue: 0.5 -> 0.6   [gate]
  step preprocess
    ~ code: 01234567 -> 89abcdef   [re-runs, sdk] re-runs preprocess, and behind it evaluate
        steps/preprocess/rows.py: +3 -1 lines
  cached results that no longer stand in: preprocess, evaluate
functions
  ~ wait: changed
      poll.py: +1 -0 lines
stacks
  ~ local-base: changed (by bootstrap, not by upsert)
      tag a: 1 -> 2

pipelines: 0 created, 1 changed, 0 unchanged; 1 function changed
"""
    )


def test_what_stands_in_the_way_is_said_with_what_somebody_changed() -> None:
    """A stranger's pipeline, one that was changed, and one whose applied version is gone."""
    stranger = text_of(*explained(THRESHOLD, protected="stranger"))
    assert (
        "  ! not made by this project (no tag pipelines:prefix): upsert refuses without --force\n" in stranger
    )
    changed = text_of(*explained(CODE, protected="changed outside", outside=(THRESHOLD,)))
    assert "    changed by somebody, and undone by --force:\n      ~ parameter MinimumF1" in changed
    lost = text_of(*explained(CODE, protected="changed outside", outside=None))
    assert "    what it was then is no version any more\n" in lost


def test_many_files_are_counted() -> None:
    """A plan is read by people."""
    details = tuple(Detail(f"file{number:02}.py", "added") for number in range(30))
    change = Change("code", "prepare", "what", "a", "b", ("re-runs",), details=details)
    text = text_of(*explained(change))
    assert "file11.py" in text
    assert "file12.py" not in text
    assert "and 18 more (--output json has all)" in text


def test_the_markdown_is_a_table_a_pipeline() -> None:
    """With the effect in the last column, and the files under what changed."""
    text = plan_markdown(project(), *explained(CODE, THRESHOLD))
    assert text.startswith("## Plan for <code>local</code>\n\npipelines: 0 created, 1 changed, 0 unchanged")
    row = (
        "| <code>preprocess</code> "
        "| <code>code</code><br><code>steps/preprocess/rows.py</code> +3 -1 lines | "
        "<code>01234567</code> | <code>89abcdef</code> | "
        "**re-runs, sdk**: re-runs preprocess, and behind it evaluate |"
    )
    assert row in text.splitlines()


def test_nothing_from_data_is_read_as_markup() -> None:
    """Not in a cell, not in a name: no HTML, no link, no mention, no end of a cell, no control character."""
    change = Change("argument", HOSTILE, HOSTILE, HOSTILE, HOSTILE, ("behaviour",), HOSTILE)
    change = dataclasses.replace(change, details=(Detail(HOSTILE, HOSTILE),))
    plan, explanation = explained(change)
    text = plan_markdown(project(), plan, explanation)
    rows = [line for line in text.splitlines() if line.startswith("| <code>&lt;img")]
    assert len(rows) == 1
    assert rows[0].count("|") == 6
    for forbidden in ("<img", "`", "@everyone", "[a]", "**bold**"):
        assert forbidden not in text
    assert "\x1b" not in text_of(plan, explanation)


def test_a_long_plan_is_cut_between_rows() -> None:
    """Within what a comment holds, with the way to the whole."""
    changes = [Change("argument", "s", f"a{number}", "x" * 900, "y", ("behaviour",)) for number in range(400)]
    text = plan_markdown(project(), *explained(*changes))
    assert len(text) <= LONGEST
    assert text.endswith("*Cut here: the whole plan is in `run_pipeline.py plan --output text`.*\n")
    rows = [line for line in text.splitlines() if line.startswith("| <code>s</code>")]
    assert all(row.endswith(" |") for row in rows)


def test_the_json_has_the_documented_shape() -> None:
    """Every key, of every kind of change."""
    sdk = SdkChange("3.26.0", "3.27.0", alone=False, platform_too=False)
    gone = Change("step", "old", "old", "Processing", None, ("behaviour",))
    plan, explanation = explained(CODE, gone, sdk=sdk, outside=(THRESHOLD,))
    document = json.loads(json.dumps(plan_document(project(), plan, explanation)))
    assert misfits(document, SHAPES["plan"]) == []
    assert document["pipelines"][0]["changes"][0]["details"] == [
        {"what": "steps/preprocess/rows.py", "note": "+3 -1 lines"}
    ]


def test_the_shipped_workflow_plans_and_upserts() -> None:
    """The example in .github names verbs and options that there are."""
    from commands.parser import parse

    workflow = (Path(__file__).resolve().parents[3] / ".github/workflows/pipelines.yaml").read_text()
    words = [
        line.partition("run_pipeline.py ")[2].partition(">")[0].split()
        for line in workflow.splitlines()
        if "run_pipeline.py plan" in line or "run_pipeline.py upsert" in line
    ]
    verbs = [invocation.verb.words for each in words if (invocation := parse(each)).verb]
    assert set(verbs) == {"plan", "upsert"}
