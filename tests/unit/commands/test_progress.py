"""Progress: lines where nobody watches, a picture on a terminal."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands import progress
from commands.progress import Progress, readable, working
from commands.terminal import Terminal
from deploy.executions import Execution, Seen, Step
from deploy.launching.history import History
from deploy.observing.follow import Snapshot
from deploy.observing.waits import OpenWait

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/local-x/execution/4f0b6mz1kq2x"
DECLARED = {"Steps": [{"Name": name, "Type": "Processing"} for name in ("prepare", "train", "deploy")]}


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


def snapshot(*steps: Step, status: str = "Executing", last_line: str = "", trouble: str = "") -> Snapshot:
    """What a look sees."""
    execution = Execution(ARN, "local-x", status, AT, AT + timedelta(seconds=90))
    return Snapshot(Seen(execution, DECLARED, steps), last_line, trouble)


def step(name: str, status: str, **more: Any) -> Step:
    """A step that began at AT and took three seconds."""
    ended = AT + timedelta(seconds=3) if status in {"Succeeded", "Failed"} else None
    return Step(name, status, AT, ended, **more)


def lines(*shown: tuple[float, Snapshot], past: History | None = None) -> list[str]:
    """What stands in a log after these snapshots, each so many seconds after the start; without times."""
    terminal, clock = Terminal(stdout=io.StringIO(), stderr=io.StringIO()), Clock()
    with Progress("x", terminal, clock=clock, past=past) as progress:
        for seconds, each in shown:
            clock.now = AT + timedelta(seconds=seconds)
            progress.update(each)
    assert isinstance(terminal.stderr, io.StringIO)
    return [line.partition("  ")[2] for line in terminal.stderr.getvalue().splitlines()]


def test_each_change_is_one_line() -> None:
    """Beginning and end of a step; a look that sees nothing new says nothing."""
    assert lines(
        (0, snapshot(step("prepare", "Executing"))),
        (1, snapshot(step("prepare", "Executing"))),
        (3, snapshot(step("prepare", "Succeeded"), step("train", "Executing"))),
    ) == ["x  prepare Executing", "x  prepare Succeeded (3.0 s)", "x  train Executing"]


def test_a_failure_says_why_and_a_cache_hit_that_it_is_one() -> None:
    """The step's fact, without its hint."""
    failed = step("prepare", "Failed", reason="AlgorithmError: no rows\nhint: see there, exit code: 1")
    cached = step("train", "Succeeded", cached_from="arn:x/execution/aaaaaaaaaaaa")
    assert lines((0, snapshot(failed, cached))) == [
        "x  prepare Failed (3.0 s): AlgorithmError: no rows",
        "x  train Succeeded from cache (3.0 s)",
    ]


def test_a_retried_step_is_told_again() -> None:
    """The same status of another attempt is news."""
    assert (
        lines(
            (0, snapshot(step("prepare", "Executing", attempts=1))),
            (1, snapshot(step("prepare", "Executing", attempts=2))),
        )
        == ["x  prepare Executing"] * 2
    )


def test_long_silence_is_broken_every_half_minute() -> None:
    """With how long the step is at work, and its newest log line."""
    working = snapshot(step("train", "Executing"), last_line="epoch 2 of 8")
    told = lines(*((seconds, working) for seconds in range(0, 70, 5)))
    assert told == [
        "x  train Executing",
        "x  train Executing, 30 s so far: epoch 2 of 8",
        "x  train Executing, 1m 00s so far: epoch 2 of 8",
    ]


def test_a_long_detail_is_cut_in_a_log() -> None:
    """pip ends with all that it installed, in one line; between two lines there is half a minute."""
    terminal, at = Terminal(stdout=io.StringIO(), stderr=io.StringIO()), [0.0]
    with working(terminal, "installing", clock=lambda: at[0]) as say:
        say("too early")
        at[0] = 30.0
        say("Successfully installed " + "package-1.0 " * 200)
        at[0] = 60.0
        say("done")

    assert isinstance(terminal.stderr, io.StringIO)
    long, short, took = terminal.stderr.getvalue().splitlines()
    assert long.startswith("installing: Successfully installed package-1.0")
    assert long.endswith("...")
    assert len(long) == len("installing: ") + progress.DETAIL_LENGTH
    assert (short, took) == ("installing: done", "installing: 1m 00s")


def test_trouble_is_told_once() -> None:
    """Not with every look, and again when it comes back."""
    good, bad = snapshot(), snapshot(trouble="AWS throttles the questions")
    told = lines((0, good), (1, bad), (2, bad), (3, good), (4, bad))
    assert told == ["x  AWS throttles the questions; looking again"] * 2


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("epoch 2 of 8", "epoch 2 of 8"),
        ('{"event": "job started", "name": "x-1", "attempt": 1}', "job started name=x-1 attempt=1"),
        ('{"no": "event"}', '{"no": "event"}'),
        ("{broken", "{broken"),
        ("10%|#  |\r50%|## |\r", "50%|## |"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred[0m"),
    ],
)
def test_our_functions_lines_are_read_for_people(line: str, shown: str) -> None:
    """Their JSON as event and values, everything else untouched."""
    assert readable(line) == shown


def picture(*shown: Snapshot, summed_up_next: bool = False, error: BaseException | None = None) -> str:
    """What a terminal was sent."""
    screen = Screen()
    terminal = Terminal(stdout=io.StringIO(), stderr=screen)
    try:
        with Progress("x", terminal, summed_up_next=summed_up_next, clock=lambda: AT) as progress:
            for each in shown:
                progress.update(each)
            if error is not None:
                raise error
    except KeyboardInterrupt:
        assert error is not None
    return screen.getvalue()


@pytest.fixture(autouse=True)
def _a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def test_the_picture_shows_every_step_and_what_is_going_on() -> None:
    """Done, at work with its log line, not begun."""
    at_work = snapshot(step("prepare", "Succeeded"), step("train", "Executing"), last_line="epoch 2 of 8")
    sent = picture(at_work, error=KeyboardInterrupt())
    assert "✓" in sent
    assert "epoch 2 of 8" in sent
    assert "deploy" in sent
    assert sent.rstrip().endswith("\x1b[?25h")  # the cursor is given back


def test_who_leaves_keeps_the_picture() -> None:
    """Ctrl-C: what was seen last stays on the screen, with the steps not begun."""
    sent = picture(snapshot(step("prepare", "Executing")), error=KeyboardInterrupt())
    assert sent.rpartition("prepare")[2].count("·") == 2


def test_a_picture_that_is_summed_up_next_goes_away() -> None:
    """Otherwise the same steps would stand there twice; between two executions one line stays."""
    over = snapshot(step("prepare", "Succeeded"), status="Succeeded")
    assert not picture(over, summed_up_next=True).rstrip().endswith("1m 30s")
    assert picture(over).rstrip().endswith("1m 30s")


PAST = History({"train": 2400.0}, total=3000.0, runs=3)


def waiting(*, deadline: float = 7200) -> Snapshot:
    """A step that waits until so many seconds after AT."""
    seen = snapshot(step("train", "Executing"), last_line="epoch 2 of 8").seen
    wait = OpenWait("train", "automl", "x-1", AT, AT + timedelta(seconds=deadline))
    return Snapshot(seen, "epoch 2 of 8", waits=(wait,))


def test_what_is_usual_and_until_when_is_said() -> None:
    """At the beginning, and in every line that breaks the silence."""
    assert lines((0, waiting()), (30, waiting()), past=PAST) == [
        "x  usually 50m 00s (3 executions)",
        "x  train Executing (usually 40m 00s, deadline in 2h 00m)",
        "x  train Executing, 30 s so far (usually 40m 00s, deadline in 1h 59m): epoch 2 of 8",
    ]


def test_a_deadline_that_has_passed_is_said_to_have() -> None:
    """The wait is about to fail, or its function is not at work."""
    assert lines((90, waiting(deadline=60)))[0].startswith("x  train Executing (deadline 30 s ago)")


def test_a_result_from_another_execution_is_said_to_be() -> None:
    """It is not news that it took long."""
    taken = step("prepare", "Succeeded", reused_from="arn:x/execution/aaaaaaaaaaaa")
    assert lines((0, snapshot(taken))) == ["x  prepare Succeeded taken from aaaaaaaaaaaa (3.0 s)"]


@pytest.mark.parametrize("columns", [28, 40, 100])
def test_a_narrow_terminal_keeps_marks_names_and_times(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log line alone gives way; nothing wraps, which would leave shreds of older pictures."""
    monkeypatch.setenv("COLUMNS", str(columns))
    at_work = snapshot(step("prepare", "Succeeded"), step("train", "Executing"), last_line="loss " * 40)
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture(at_work, error=KeyboardInterrupt()))
    rows = [line.rstrip() for line in drawn.replace("\r", "\n").splitlines()]
    assert any(re.match(r"✓ +prepare +3.0 s", row) for row in rows)
    assert any(re.match(r"\S +train +0.0 s +(los|…)", row) for row in rows)
    assert max(map(len, rows)) <= columns
