"""Why: the failing step, the lines that tell, the likely cause, what to type; gates and waits too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from deploy import executions
from deploy.observing import why
from deploy.observing.causes import CAUSES, likely
from deploy.observing.logs import Line
from deploy.observing.telling import MOST, telling
from deploy.observing.why import Diagnosis, diagnose
from tests.unit.deploy.fakes import AT, FakeAws, FakeRun, execution_arn, project, step
from tests.unit.deploy.runs import (
    INFERENCE,
    INFERENCE_ID,
    TRAINING,
    TRAINING_DEFINITION,
    TRAINING_ID,
    inference_run,
    training_run,
)

TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "steps/prepare/__main__.py", line 1, in main',
    "    torch.zeros(10**12)",
    "RuntimeError: CUDA out of memory",
]


def lines(*texts: str) -> list[Line]:
    """Log lines, a second apart."""
    return [Line("prepare", AT + timedelta(seconds=place), text) for place, text in enumerate(texts)]


def failed(reason: str, *log: str, status: str = "Failed") -> Diagnosis:
    """A training execution whose first step failed so."""
    fake = FakeAws()
    metadata = {"ProcessingJob": {"Arn": "arn:aws:sagemaker:x:1:processing-job/prepare-1"}}
    steps = [step("prepare", "Failed", metadata, FailureReason=reason)]
    fake.sagemaker.add_run(FakeRun(TRAINING, status, steps, TRAINING_DEFINITION))
    fake.logs.events["/aws/sagemaker/ProcessingJobs"] = [
        ("prepare-1/algo-1", 1000 + place, text) for place, text in enumerate(log)
    ]
    return diagnose(project(), fake.aws, executions.look(fake.aws, TRAINING))


def test_a_failure_on_one_screen() -> None:
    """Step, whole reason, the step's own advice, the traceback's end, cause, next command."""
    reason = "AlgorithmError: could not go on\nhint: see the log, exit code: 70"
    found = failed(reason, "read 100 rows", *TRACEBACK)
    assert (found.verdict, found.step and found.step.name) == (why.FAILED, "prepare")
    assert (found.reason, found.advice) == ("AlgorithmError: could not go on", "see the log")
    assert [line.text for line in found.lines] == TRACEBACK
    assert found.cause is not None
    assert found.cause.name == "out of memory"
    assert found.next == (
        "run_pipeline.py upsert facts-training",
        f"run_pipeline.py start facts-training --from {TRAINING_ID} --wait",
        f"run_pipeline.py logs {TRAINING_ID} --step prepare",
        f"run_pipeline.py retry {TRAINING_ID} --wait",
    )


def test_completed_with_failures_has_its_cause_too() -> None:
    """A step failed, and others went on."""
    found = failed("ClientError: MaxRuntimeExceeded", status="CompletedWithFailures")
    assert (found.verdict, found.cause and found.cause.name) == (why.FAILED, "time limit of the job")
    assert not [command for command in found.next if " retry " in command]  # `retry` refuses it


def test_a_reason_that_nobody_foresaw_has_no_cause() -> None:
    """Better none than a wrong one; the log and the retry remain."""
    found = failed("something else", "all is well")
    assert found.cause is None
    assert [line.text for line in found.lines] == ["all is well"]
    assert found.next[0] == f"run_pipeline.py logs {TRAINING_ID} --step prepare"


def test_of_a_strangers_execution_the_arn_is_named() -> None:
    """An id is looked for below the pipelines of this repository; nothing of theirs can be upserted."""
    fake, theirs = FakeAws(), execution_arn("theirs", TRAINING_ID)
    steps = [
        step("end", "Failed", {"Fail": {"ErrorMessage": "out of memory"}}, FailureReason="out of memory")
    ]
    fake.sagemaker.add_run(FakeRun(theirs, "Failed", steps, {"Steps": []}))
    found = diagnose(project(), fake.aws, executions.look(fake.aws, theirs))
    assert found.cause is not None
    assert found.next == (
        f"run_pipeline.py logs {theirs} --step end",
        f"run_pipeline.py retry {theirs} --wait",
    )


def test_a_missed_gate_has_its_figures() -> None:
    """And no log: nothing failed."""
    fake = FakeAws()
    fake.sagemaker.add_run(inference_run(f1=0.4, minimum=0.5, fake=fake))
    found = diagnose(project(), fake.aws, executions.look(fake.aws, INFERENCE))
    assert (found.verdict, found.lines, found.cause) == (why.GATE_MISSED, (), None)
    assert [gate.text for gate in found.gates] == ["f1 = 0.4, needs at least 0.5"]
    assert found.next[0] == f"run_pipeline.py outputs {INFERENCE_ID} --open"


@pytest.mark.parametrize(
    ("status", "verdict", "command", "waits"),
    [
        ("Executing", why.WAITING, f"watch {TRAINING_ID}", ["wait-automl"]),
        ("Stopping", why.STOPPING, f"watch {TRAINING_ID}", ["wait-automl"]),
        ("Stopped", why.STOPPED, f"retry {TRAINING_ID} --wait", []),
        ("Succeeded", why.SUCCEEDED, f"status {TRAINING_ID}", []),
    ],
)
def test_every_other_state_says_what_to_do(status: str, verdict: str, command: str, waits: list[str]) -> None:
    """One whose callback is open names it."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run(status))
    found = diagnose(project(), fake.aws, executions.look(fake.aws, TRAINING))
    assert (found.verdict, found.next[0]) == (verdict, f"run_pipeline.py {command}")
    assert [wait.step for wait in found.waits] == waits


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("ClientError: MaxRuntimeExceeded: the job ran over its limit", "time limit of the job"),
        ("AutoML job 'x' was not ready within 3 days and was stopped", "deadline of the wait"),
        ("CapacityError: Unable to provision requested ML compute capacity", "no capacity"),
        ("ResourceLimitExceeded: the account-level limit is 0 Instances", "quota"),
        ("User: x is not authorized to perform: s3:GetObject", "permission"),
        ('ClientError: No S3 objects found under S3 URL "s3://b/k"', "input is missing"),
        ('AlgorithmError: the endpoint "local-x" cannot be looked up: no', "endpoint is gone"),
        ('the endpoint "x" does not serve the model', "endpoint serves another model"),
        ("1786 of 1786 rows (100.0%) are unusable, more than data.max_rejected_share", "unusable data"),
        ("not enough rows: 1500 are wanted", "too few rows"),
        ('rows.csv has no column "answer" (its columns: a, b)', "column is missing"),
        ("AlgorithmError: the program was ended by signal 9, SIGKILL", "out of memory"),
        ("ClientError: the disk is full: free some space", "disk is full"),
        ("ERROR: No matching distribution found for torch", "packages cannot be installed"),
        ("ModuleNotFoundError: No module named 'fmeval'", "package is missing"),
        ("Task timed out after 600.00 seconds", "Lambda ran out of time"),
        ("waiting for automl 'x' failed again and again: no such bucket", "wait failed"),
        ("InternalServerError: We encountered an internal error", "fault of AWS"),
        ("internal error: KeyError: 'x'", "fault of the code"),
        ("all is well", None),
    ],
)  # fmt: skip
def test_reasons_that_happen_have_their_cause(reason: str, name: str | None) -> None:
    """Texts as AWS, the stand-in and our own steps and functions write them."""
    cause = likely(reason, [])
    assert (cause.name if cause else None) == name


def test_the_reason_goes_before_the_log_and_the_newest_line_before_older_ones() -> None:
    """What was said last is nearer to the end."""
    found = likely("ThrottlingException", ["No module named x"])
    assert found is not None
    assert found.name == "throttled"
    found = likely("?", ["No module named x", "Rate exceeded"])
    assert found is not None
    assert found.name == "throttled"


def test_every_command_of_the_table_can_be_typed() -> None:
    """Each row has a verb that exists, with the places that are filled in."""
    import shlex

    from commands.parser import parse

    filled = {
        "id": "aaaaaaaaaaaa",
        "step": "prepare",
        "pipeline": "facts-training",
        "training": "facts-training",
    }
    every = [words for cause in CAUSES for words in cause.commands]
    for words in (*every, *(each for listed in why.NEXT.values() for each in listed)):
        assert parse(shlex.split(words.format(**filled))).verb is not None, words


def test_of_a_long_log_the_telling_lines_are_few() -> None:
    """Errors, without warnings and good news, at most so many, each once in a row."""
    texts = [f"row {number}" for number in range(1000)]
    texts[10:10] = ["UserWarning: this is an error in your config", "0 errors", *["ValueError: x"] * 20]
    assert [line.text for line in telling(lines(*texts))] == ["ValueError: x"]
    many = [f"error {number}" for number in range(100)]
    assert len(telling(lines(*many))) <= MOST


def test_a_log_without_errors_shows_its_end() -> None:
    """And an empty one nothing."""
    assert [line.text for line in telling(lines(*"abcdefghijkl"))] == list("efghijkl")
    assert telling([]) == ()


def test_only_the_last_traceback_counts() -> None:
    """An earlier one was survived."""
    found: list[Any] = [
        line.text for line in telling(lines(*TRACEBACK, "going on", *TRACEBACK[:3], "KeyError: 'k'"))
    ]
    assert found[-1] == "KeyError: 'k'"
    assert found.count(TRACEBACK[0]) == 1
