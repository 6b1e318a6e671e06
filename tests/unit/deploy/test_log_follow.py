"""logs --follow: every line once, through trouble, to the end and a little beyond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.errors import CredentialsError
from deploy.observing.log_follow import News, follow_lines
from deploy.session import Aws
from tests.unit.deploy.fakes import FakeAws, refusal
from tests.unit.deploy.runs import TRAINING, training_run
from tests.unit.deploy.test_follow import executing, failing

TRAININGS = "/aws/sagemaker/TrainingJobs"


WATCH = "run_pipeline.py watch aaaaaaaaaaaa"


@dataclass
class Script:
    """What happens at each sleep, in order."""

    fake: FakeAws
    events: list[Callable[[], None]] = field(default_factory=list)
    aws: Aws | None = None

    def sleep(self, _: float) -> None:
        self.events.pop(0)()

    def news(self, step: str | None = None) -> list[News]:
        made = follow_lines(
            lambda: self.aws or self.fake.aws,
            TRAINING,
            step=step,
            pause=1.0,
            sleep=self.sleep,
            again=WATCH,
        )
        return list(made)


def write(fake: FakeAws, *lines: tuple[int, str]) -> None:
    """Lines of the fine-tuning, at these milliseconds."""
    fake.logs.events.setdefault(TRAININGS, []).extend(
        ("aaaaaaaaaaaa-1/algo-1", at, text) for at, text in lines
    )


def ended(fake: FakeAws) -> None:
    """The execution is over."""
    fake.sagemaker.runs[TRAINING] = training_run("Succeeded")


def texts(news: list[News]) -> list[list[str]]:
    """Look by look."""
    return [[line.text for line in each.lines] for each in news]


def test_lines_come_once_and_the_late_ones_too() -> None:
    """Also several of one moment, of which some were seen; one look more after the end."""
    fake = executing()
    write(fake, (1000, "a"), (2000, "b"))
    script = Script(
        fake,
        [
            lambda: write(fake, (2000, "c"), (3000, "d")),
            lambda: ended(fake),
            lambda: write(fake, (4000, "late")),
        ],
    )
    assert texts(script.news()) == [["a", "b"], ["c", "d"], [], ["late"]]


def test_one_step_ends_with_that_step() -> None:
    """Though the execution goes on; lines of others are left out."""
    fake = executing()
    write(fake, (1000, "a"))
    assert texts(Script(fake, [lambda: None]).news("prepare")) == [[], []]


def test_trouble_is_told_and_survived() -> None:
    """Throttling, with nothing lost."""
    fake = executing()
    write(fake, (1000, "a"))
    throttled = failing(fake, refusal("List", "ThrottlingException", "Rate exceeded"))
    script = Script(fake, [throttled, lambda: write(fake, (2000, "b")), lambda: ended(fake), lambda: None])
    news = script.news()
    assert texts(news) == [["a"], [], ["b"], [], []]
    assert news[1].trouble == "AWS throttles the questions"


def test_credentials_in_variables_end_it_clearly() -> None:
    """What a running process cannot see renewed is not waited for."""
    fake = executing()
    expired = failing(fake, refusal("List", "ExpiredTokenException", "expired"))
    fixed = Aws(account=fake.aws.account, region=fake.aws.region, make=fake.aws.make, renewable=False)
    with pytest.raises(CredentialsError, match="have expired; the execution goes on") as caught:
        Script(fake, [expired], aws=fixed).news()
    assert caught.value.hint == "export new ones, then: run_pipeline.py watch aaaaaaaaaaaa"


def test_other_errors_are_raised() -> None:
    """A missing permission does not come by waiting."""
    fake = executing()
    denied: Any = refusal("List", "AccessDeniedException", "no", 403)
    with pytest.raises(type(denied), match="AccessDeniedException"):
        Script(fake, [failing(fake, denied)]).news()
