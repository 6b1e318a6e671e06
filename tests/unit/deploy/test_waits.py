"""Open callbacks: what for, since when, until when, last looked at."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy import executions
from deploy.observing.waits import open_waits
from tests.unit.deploy.fakes import AT, BUCKET, FakeAws, project
from tests.unit.deploy.runs import TRAINING, TRAINING_ID, training_run

PRINT = hashlib.sha256(b"t0ken00000").hexdigest()[:16]
HEARTBEAT = f"s3://{BUCKET}/local/waits/{TRAINING_ID}/automl-{TRAINING_ID}-1/{PRINT}.json"
LOOKED = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


def waiting(beat: Any = None) -> tuple[Any, ...]:
    """The open waits of a training execution, with this heartbeat in the bucket."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run("Executing"))
    if beat is not None:
        fake.s3.put_json(HEARTBEAT, beat)
    return open_waits(fake.aws, project().environment, executions.look(fake.aws, TRAINING))


def test_the_heartbeat_tells_of_the_last_look() -> None:
    """Times of the object, and the deadline counted from its beginning."""
    begun = AT.timestamp()
    (wait,) = waiting(
        {"started_at": begun, "watching": "x-2", "at": LOOKED.timestamp(), "due_at": begun + 60, "error": "e"}
    )
    assert (wait.step, wait.waits_for, wait.name, wait.error) == ("wait-automl", "automl", "x-2", "e")
    assert (wait.since, wait.deadline) == (AT, AT + timedelta(seconds=60))
    assert (wait.looked_at, wait.next_look) == (LOOKED, AT + timedelta(seconds=60))


def test_without_a_heartbeat_the_step_itself_tells_since_when() -> None:
    """No look yet, or a bucket that has lost it."""
    beats: tuple[Any, ...] = (None, [], {"at": 0.0})
    for beat in beats:
        (wait,) = waiting(beat)
        assert (wait.name, wait.since) == (f"{TRAINING_ID}-1", AT + timedelta(seconds=2))
        assert wait.deadline == AT + timedelta(seconds=62)
        assert wait.looked_at is None


def test_what_was_answered_is_no_open_wait() -> None:
    """A step that is over waits no more."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run("Succeeded"))
    assert open_waits(fake.aws, project().environment, executions.look(fake.aws, TRAINING)) == ()


@pytest.mark.parametrize("seconds", ["9" * 15, "\u00b2", "-1", "soon"])
def test_a_strangers_deadline_may_be_anything(seconds: str) -> None:
    """What is no number of seconds, or reaches beyond all calendars, is no deadline."""
    fake = FakeAws()
    run = training_run("Executing")
    given = {"waits_for": "rain", "name": "x", "deadline_seconds": seconds}
    run.definition = {"Steps": [{"Name": "wait-automl", "Type": "Callback", "Arguments": given}]}
    fake.sagemaker.add_run(run)
    (wait,) = open_waits(fake.aws, project().environment, executions.look(fake.aws, TRAINING))
    assert (wait.waits_for, wait.deadline) == ("rain", None)


def test_a_strangers_callback_is_shown_as_far_as_it_is_known() -> None:
    """Another pipeline's arguments say nothing to us."""
    fake = FakeAws()
    run = training_run("Executing")
    run.definition = {"Steps": [{"Name": "wait-automl", "Type": "Callback", "Arguments": {"any": "thing"}}]}
    fake.sagemaker.add_run(run)
    (wait,) = open_waits(fake.aws, project().environment, executions.look(fake.aws, TRAINING))
    assert (wait.step, wait.name, wait.deadline) == ("wait-automl", "", None)
