"""Following: one snapshot a look, to the end, through what passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from config.load import load_project
from deploy.errors import CredentialsError
from deploy.observing.follow import Snapshot, follow, pause_of
from deploy.patience import MOST_FAILED_LOOKS
from deploy.session import Aws
from tests.unit.deploy.fakes import FakeAws, project, refusal
from tests.unit.deploy.runs import TRAINING, training_run


@dataclass
class Script:
    """What happens to the execution at each sleep, in order; then it succeeds."""

    fake: FakeAws
    events: list[Callable[[], None]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    connected: int = 0

    def connect(self) -> Aws:
        self.connected += 1
        return self.fake.aws

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.events:
            self.events.pop(0)()
        else:
            self.fake.sagemaker.runs[TRAINING] = training_run("Succeeded")

    def followed(self) -> list[Snapshot]:
        return list(follow(self.connect, TRAINING, project().environment, sleep=self.sleep))


def executing() -> FakeAws:
    """An account with one execution that goes on."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run("Executing"))
    return fake


def failing(fake: FakeAws, error: Exception) -> Callable[[], None]:
    """An event: the next question is answered with this error, those after it as before."""
    answer = fake.sagemaker.list_pipeline_execution_steps

    def once(**request: Any) -> dict[str, Any]:
        fake.sagemaker.list_pipeline_execution_steps = answer  # type: ignore[method-assign]
        raise error

    def happen() -> None:
        fake.sagemaker.list_pipeline_execution_steps = once  # type: ignore[method-assign]

    return happen


def nothing() -> None:
    """An event in which nothing happens."""


def test_it_looks_until_the_end() -> None:
    """A snapshot a look, with a pause between, and the last one is of the end."""
    script = Script(executing(), [nothing])
    snapshots = script.followed()
    assert [each.seen.execution.status for each in snapshots] == ["Executing", "Executing", "Succeeded"]
    assert script.slept == [pause_of(project().environment)] * 2


@pytest.mark.parametrize("status", ["Failed", "Stopped", "CompletedWithFailures"])
def test_every_end_ends_it(status: str) -> None:
    """Stopped and CompletedWithFailures too, which the SDK's own waiter does not know."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run(status))
    snapshots = list(follow(lambda: fake.aws, TRAINING, project().environment, sleep=lambda _: None))
    assert [each.seen.execution.status for each in snapshots] == [status]


def test_stopping_is_followed_on() -> None:
    """An execution that is told to stop is not yet over."""
    fake = FakeAws()
    fake.sagemaker.add_run(training_run("Stopping"))

    def stop(_: float) -> None:
        fake.sagemaker.runs[TRAINING] = training_run("Stopped")

    snapshots = list(follow(lambda: fake.aws, TRAINING, project().environment, sleep=stop))
    assert [each.seen.execution.status for each in snapshots] == ["Stopping", "Stopped"]


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (refusal("List", "ThrottlingException", "Rate exceeded"), "AWS throttles the questions"),
        (
            refusal("List", "ExpiredTokenException", "expired"),
            "the credentials have expired: renew them in another terminal (`aws sso login`)",
        ),
    ],
)
def test_what_passes_is_told_and_survived(error: Exception, trouble: str) -> None:
    """The look is repeated with new clients, so that renewed credentials are found."""
    fake = executing()
    script = Script(fake, [failing(fake, error)])
    snapshots = script.followed()
    assert [each.trouble for each in snapshots] == ["", trouble, ""]
    assert snapshots[1].seen == snapshots[0].seen
    assert script.connected == 2


def test_what_does_not_pass_is_raised() -> None:
    """A permission that is missing will not come by waiting."""
    fake = executing()
    script = Script(fake, [failing(fake, refusal("List", "AccessDeniedException", "no", 403))])
    with pytest.raises(type(refusal("x", "y", "z")), match="AccessDeniedException"):
        script.followed()


def test_silence_for_ever_ends_too() -> None:
    """After an hour of looks without an answer the error is raised."""
    fake = executing()
    snapshots = follow(lambda: fake.aws, TRAINING, project().environment, sleep=lambda _: None)
    next(snapshots)

    def never(**_: Any) -> dict[str, Any]:
        raise refusal("List", "ThrottlingException", "Rate exceeded")

    fake.sagemaker.list_pipeline_execution_steps = never  # type: ignore[method-assign]
    troubled: list[Snapshot] = []
    with pytest.raises(type(refusal("x", "y", "z")), match="Rate exceeded"):
        troubled.extend(snapshots)
    assert len(troubled) == MOST_FAILED_LOOKS


def test_the_newest_log_line_of_the_step_at_work_is_shown() -> None:
    """During the wait for the fine-tuning it is the training's, not the waiting function's."""
    fake = executing()
    fake.logs.events["/aws/sagemaker/TrainingJobs"] = [
        ("aaaaaaaaaaaa-1/algo-1", 1_000, "epoch 1 of 8"),
        ("aaaaaaaaaaaa-1/algo-1", 2_000, "epoch 2 of 8"),
        ("cccccccccccc-1/algo-1", 3_000, "somebody else's"),
    ]
    assert Script(fake).followed()[0].last_line == "epoch 2 of 8"


def test_the_pause_follows_the_environment() -> None:
    """Half a second on the stand-in, ten seconds on AWS."""
    assert pause_of(project().environment) == 0.5
    assert pause_of(load_project("dev").environment) == 10.0


def expired_for_hours(fake: FakeAws, looks: int) -> list[Callable[[], None]]:
    """So many looks in a row that meet an expired token."""
    error = refusal("List", "ExpiredTokenException", "expired")
    answer = fake.sagemaker.list_pipeline_execution_steps

    def again(**_: Any) -> dict[str, Any]:
        raise error

    def begin() -> None:
        fake.sagemaker.list_pipeline_execution_steps = again  # type: ignore[method-assign]

    def renewed() -> None:
        fake.sagemaker.list_pipeline_execution_steps = answer  # type: ignore[method-assign]

    return [begin, *([nothing] * (looks - 1)), renewed]


def test_expired_credentials_are_waited_for_as_long_as_it_takes() -> None:
    """Longer than any other trouble; then it goes on where it was."""
    fake = executing()
    snapshots = Script(fake, expired_for_hours(fake, 2 * MOST_FAILED_LOOKS)).followed()
    assert sum(bool(each.trouble) for each in snapshots) == 2 * MOST_FAILED_LOOKS
    assert snapshots[-1].seen.execution.status == "Succeeded"


def test_expired_credentials_in_variables_end_it_clearly() -> None:
    """A running process never sees them renewed: what to type instead is said."""
    fake = executing()
    fixed = Aws(account=fake.aws.account, region=fake.aws.region, make=fake.aws.make, renewable=False)
    script = Script(fake, expired_for_hours(fake, 2))
    following = follow(lambda: fixed, TRAINING, load_project("dev").environment, sleep=script.sleep)
    with pytest.raises(CredentialsError, match="have expired; the execution goes on") as caught:
        list(following)
    assert caught.value.hint == "export new ones, then: run_pipeline.py watch aaaaaaaaaaaa --env dev"


def test_open_callbacks_are_seen_with_their_deadline() -> None:
    """Where the environment says in which bucket the heartbeats lie."""
    fake = executing()
    snapshot = next(follow(lambda: fake.aws, TRAINING, project().environment, sleep=print))
    wait = snapshot.wait("wait-automl")
    assert wait is not None
    assert wait.deadline is not None
    assert snapshot.wait("prepare") is None
