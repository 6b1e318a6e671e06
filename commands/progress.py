"""Long work while it goes on: a live picture on a terminal, plain lines where nobody watches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Self

from commands.outlook import of_step, whole
from commands.tables import STYLES, between, duration, now
from commands.terminal import Terminal, harmless

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from deploy.executions import Step
    from deploy.launching.history import History
    from deploy.observing.follow import Snapshot

# Without a terminal, a step at work says every so many seconds that it is.
HEARTBEAT_SECONDS = 30.0
DETAIL_LENGTH = 100
MARKS = {"Succeeded": "✓", "Failed": "✗", "Stopped": "■", "Stopping": "■"}
NOT_BEGUN = "·"


@contextmanager
def working(
    terminal: Terminal, doing: str, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[str], None]]:
    """Says what is being done, and at its end how long it took. What it gives hears of details."""
    begun = clock()
    if terminal.is_live:
        with terminal.console_for_notes.status(doing) as status:
            yield lambda detail: status.update(_plain(f"{doing}: {detail}"))
    else:
        yield _seldom(lambda detail: terminal.note(f"{doing}: {_short(detail)}"), clock)
    terminal.note(f"{doing}: {duration(clock() - begun)}")


def _short(detail: str) -> str:
    """A detail in a log: pip, say, names two hundred packages in one line."""
    return detail if len(detail) <= DETAIL_LENGTH else f"{detail[: DETAIL_LENGTH - 3]}..."


def _seldom(say: Callable[[str], None], clock: Callable[[], float]) -> Callable[[str], None]:
    """Lets one text through every HEARTBEAT_SECONDS: a log is no place for a spinner."""
    told = clock()

    def tell(detail: str) -> None:
        nonlocal told
        if clock() - told >= HEARTBEAT_SECONDS:
            told = clock()
            say(detail)

    return tell


class Progress:
    """Shows the snapshots of one execution. Use as a context, so that the terminal is left in order."""

    def __init__(
        self,
        name: str,
        terminal: Terminal,
        *,
        summed_up_next: bool = True,
        past: History | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._summed_up_next = summed_up_next
        kind = _Picture if terminal.is_live else _Lines
        self._show: _Picture | _Lines = kind(name, terminal, clock, past)

    def __enter__(self) -> Self:
        self._show.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._show.end(stopped_short=kind is not None, leave_a_line=not self._summed_up_next)

    def update(self, snapshot: Snapshot) -> None:
        """The newest snapshot."""
        self._show.update(snapshot)


def _plain(text: str) -> RenderableType:
    """Text that may hold brackets, which rich would read as markup."""
    from rich.text import Text

    return Text(text, no_wrap=True, overflow="ellipsis")


def readable(line: str) -> str:
    """A log line for people: our functions' JSON as "event key=value ...", anything else as it is.

    Of a progress bar, which begins its line again and again, the newest state.
    """
    line = harmless(line.rstrip("\r").rpartition("\r")[2])
    if line.startswith("{"):
        try:
            fields = json.loads(line)
        except ValueError:
            return line
        event = fields.pop("event", None)
        if event:
            return " ".join([str(event), *(f"{key}={value}" for key, value in fields.items())])
    return line


class _Lines:
    """A line per change, with the time of day."""

    def __init__(
        self, name: str, terminal: Terminal, clock: Callable[[], datetime], past: History | None
    ) -> None:
        self._name, self._terminal, self._clock, self._past = name, terminal, clock, past
        self._told: dict[str, tuple[str, int]] = {}
        self._trouble = ""
        self._last_at: datetime | None = None

    def begin(self) -> None:
        """Nothing to prepare."""

    def end(self, *, stopped_short: bool, leave_a_line: bool) -> None:
        """Nothing to put in order."""

    def update(self, snapshot: Snapshot) -> None:
        """Tells what is new since the snapshot before."""
        if not self._told and not snapshot.seen.execution.is_over and (usually := whole(self._past)):
            self._say(usually)
        if snapshot.trouble and snapshot.trouble != self._trouble:
            self._say(f"{snapshot.trouble}; looking again")
        self._trouble = snapshot.trouble
        for step in snapshot.seen.steps:
            if self._told.get(step.name) != (step.status, step.attempts):
                self._told[step.name] = (step.status, step.attempts)
                self._say(self._line(snapshot, step))
        self._heartbeat(snapshot)

    def _line(self, snapshot: Snapshot, step: Step) -> str:
        from deploy.executions import fact_and_hint

        if not step.is_over:
            ahead = of_step(self._past, snapshot, step, self._clock())
            return f"{step.name} {step.status}{f' ({ahead})' if ahead else ''}"
        took = f" ({between(step.started, step.ended, self._clock())})"
        cached = " from cache" if step.cached_from else ""
        cached = f" taken from {step.reused_from.rpartition('/')[2]}" if step.reused_from else cached
        reason = f": {fact_and_hint(step.reason)[0]}" if step.reason else ""
        return f"{step.name} {step.status}{cached}{took}{reason}"

    def _heartbeat(self, snapshot: Snapshot) -> None:
        at = self._clock()
        silent = (at - self._last_at).total_seconds() if self._last_at else 0.0
        for step in snapshot.seen.steps:
            if not step.is_over and silent >= HEARTBEAT_SECONDS:
                doing = f": {readable(snapshot.last_line)}" if snapshot.last_line else ""
                ahead = of_step(self._past, snapshot, step, at)
                so_far = f"{between(step.started, None, at)} so far{f' ({ahead})' if ahead else ''}"
                self._say(f"{step.name} {step.status}, {so_far}{doing}")

    def _say(self, text: str) -> None:
        self._last_at = self._clock()
        self._terminal.note(f"{self._last_at.astimezone():%H:%M:%S}  {self._name}  {text}")


class _Picture:
    """All steps at once, redrawn several times a second while the service is asked less often."""

    def __init__(
        self, name: str, terminal: Terminal, clock: Callable[[], datetime], past: History | None
    ) -> None:
        self._name, self._terminal, self._clock, self._past = name, terminal, clock, past
        self._snapshot: Snapshot | None = None
        self._live: Live | None = None

    def begin(self) -> None:
        """Takes the terminal over."""
        from rich.live import Live

        self._live = Live(
            get_renderable=self._draw, console=self._terminal.console_for_notes, refresh_per_second=10
        )
        self._live.start()

    def end(self, *, stopped_short: bool, leave_a_line: bool) -> None:
        """Gives the terminal back: with the last picture when the person left, else with a line at most."""
        if self._live is None:
            return
        self._live.transient = not stopped_short
        self._live.stop()
        if leave_a_line and not stopped_short:
            self._terminal.console_for_notes.print(self._head(self._clock()))

    def update(self, snapshot: Snapshot) -> None:
        """The next redraw shows it."""
        self._snapshot = snapshot

    def _draw(self) -> RenderableType:
        from rich.console import Group
        from rich.spinner import Spinner
        from rich.text import Text

        if self._snapshot is None:
            return Spinner("dots", text=self._name)
        at = self._clock()
        trouble = (
            [Text(f"! {self._snapshot.trouble}; looking again", style="yellow")]
            if self._snapshot.trouble
            else []
        )
        return Group(self._head(at), self._steps(self._snapshot, at), *trouble)

    def _head(self, at: datetime) -> RenderableType:
        from rich.text import Text

        if self._snapshot is None:
            return Text(self._name, style="bold")
        execution = self._snapshot.seen.execution
        return Text.assemble(
            (self._name, "bold"),
            f"  {execution.id}  ",
            (execution.status, STYLES.get(execution.status, "")),
            f"  {between(execution.started, execution.ended, at)}",
            (f"  {usually}" if not execution.is_over and (usually := whole(self._past)) else "", "dim"),
        )

    def _steps(self, snapshot: Snapshot, at: datetime) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        seen = snapshot.seen
        grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
        grid.add_column(width=1)
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)  # alone gives way in a narrow terminal
        names = [name for name in seen.declared if seen.step(name) or not seen.execution.is_over]
        for name in names:
            step = seen.step(name)
            if step is None:
                grid.add_row(Text(NOT_BEGUN, style="dim"), Text(name, style="dim"), "", "")
            else:
                grid.add_row(
                    _mark(step, at),
                    name,
                    between(step.started, step.ended, at),
                    _beside(snapshot, step, "" if step.is_over else of_step(self._past, snapshot, step, at)),
                )
        return grid


def _beside(snapshot: Snapshot, step: Step, ahead: str) -> RenderableType:
    """What stands right of a step: its reason, its cache hit, or what is ahead and its newest log line."""
    from rich.text import Text

    from deploy.executions import fact_and_hint

    at_work = [each.name for each in snapshot.seen.steps if not each.is_over]
    if step.reason:
        return Text(harmless(fact_and_hint(step.reason)[0]), style="red")
    if step.cached_from:
        return Text("from cache", style="dim")
    if step.reused_from:
        return Text(f"taken from {step.reused_from.rpartition('/')[2]}", style="dim")
    newest = readable(snapshot.last_line) if at_work and step.name == at_work[-1] else ""
    return Text("  ".join(part for part in (ahead, newest) if part), style="dim")


def _mark(step: Step, at: datetime) -> RenderableType:
    from rich.text import Text

    frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    mark = MARKS.get(step.status, frames[int(at.timestamp() * 10) % len(frames)])
    return Text(mark, style=STYLES.get(step.status, ""))
