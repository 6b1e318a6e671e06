"""Log lines of steps of every kind."""

from __future__ import annotations

import hashlib

from deploy import executions
from deploy.observing import logs
from tests.unit.deploy.fakes import AT, FakeAws
from tests.unit.deploy.runs import TRAINING, TRAINING_ID, training_run

SECOND = int(AT.timestamp() * 1000) + 1000


def lines_of(fake: FakeAws, step_name: str) -> list[str]:
    """The texts of one step's lines."""
    seen = executions.look(fake.aws, TRAINING)
    found = seen.step(step_name)
    assert found is not None
    return [line.text for line in logs.lines(fake.aws, seen, found)]


def test_a_processing_jobs_lines_come_from_its_streams_alone() -> None:
    """All pages of all instances, by time, and no job whose name merely begins alike."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    own = [(f"prepare-1/algo-{n % 2 + 1}", n, f"line {n}\n") for n in range(500)]
    fake.logs.events["/aws/sagemaker/ProcessingJobs"] = [*own, ("prepare-10/algo-1", 3, "another job's")]
    assert lines_of(fake, "prepare") == [f"line {n}" for n in range(500)]


def test_a_functions_lines_are_those_of_this_execution() -> None:
    """The log group is shared: the id of the execution and the time of the step narrow it down."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    fake.logs.events["/aws/lambda/local-start-automl"] = [
        ("s", SECOND, f'{{"event": "job started", "job": "{TRAINING_ID}-1"}}'),
        ("s", SECOND, '{"event": "job started", "job": "cccccccccccc-1"}'),
        ("s", 1_000, f'{{"event": "long ago", "job": "{TRAINING_ID}-1"}}'),
    ]
    assert lines_of(fake, "start-automl") == [f'{{"event": "job started", "job": "{TRAINING_ID}-1"}}']


def test_a_waits_lines_are_the_functions_and_the_jobs() -> None:
    """The function logs a fingerprint of the token; its lines and the job's stand by time."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    fingerprint = hashlib.sha256(b"t0ken00000").hexdigest()[:16]
    fake.logs.events["/aws/lambda/local-wait"] = [
        ("s", SECOND + 2000, f"still waiting {fingerprint}"),
        ("s", SECOND + 2000, "another wait"),
    ]
    fake.logs.events["/aws/sagemaker/TrainingJobs"] = [
        (f"{TRAINING_ID}-1/algo-1", SECOND, "epoch 1 of 8"),
        (f"{TRAINING_ID}-1/algo-1", SECOND + 5000, "epoch 2 of 8"),
    ]
    expected = ["epoch 1 of 8", f"still waiting {fingerprint}", "epoch 2 of 8"]
    assert lines_of(fake, "wait-automl") == expected


def test_no_log_group_is_no_lines() -> None:
    """A group is made with its first line."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run())
    assert lines_of(fake, "prepare") == []
