"""Tables and small texts that all verbs share: columns, times, durations, coloured statuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from commands.terminal import harmless

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from deploy.executions import Execution

STYLES = {
    "Succeeded": "green",
    "Approved": "green",
    "InService": "green",
    "passed": "green",
    "Failed": "bold red",
    "Rejected": "red",
    "missed": "bold red",
    "Stopped": "yellow",
    "Stopping": "yellow",
    "CompletedWithFailures": "yellow",
    "PendingManualApproval": "yellow",
    "Executing": "cyan",
    "Completed": "green",
    "InProgress": "cyan",
    "Initializing": "cyan",
    "Starting": "cyan",
}


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Sequence[str] = (),
    heading: bool = True,
) -> Table:
    """Columns with a dim heading and nothing around them; those named in `right` are aligned right.

    Long values fold instead of being cut: people copy names and ARNs from here.
    """
    from rich.table import Table

    made = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0), show_header=heading)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(coloured(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def coloured(text: str) -> Text:
    """A status in its colour; any other text as it is, never read as markup."""
    from rich.text import Text

    return Text(harmless(text), style=STYLES.get(text, ""))


def heading(text: str) -> Text:
    """The line above a part of the output."""
    from rich.text import Text

    return Text(text, style="bold")


def headline(pipeline: str, execution: Execution, at: datetime) -> Text:
    """An execution in a line: its pipeline, its id, its status, how long it took or takes by now."""
    from rich.text import Text

    took = between(execution.started, execution.ended, at)
    return Text.assemble(
        (pipeline, "bold"),
        f"  {execution.id}  ",
        (execution.status, STYLES.get(execution.status, "")),
        f"  {took}{'' if execution.is_over else ' so far'}",
    )


def duration(seconds: float) -> str:
    """ "0.8 s", "42 s", "3m 07s", "2h 05m"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02}m"


def between(begun: datetime | None, ended: datetime | None, now: datetime) -> str:
    """How long something took, or takes by now; empty when it has not begun."""
    return duration(((ended or now) - begun).total_seconds()) if begun else ""


def moment(at: datetime | None) -> str:
    """A time in this machine's zone, to the second."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def price(usd_per_hour: float | None) -> str:
    """ "7.09 USD an hour on AWS" (the stand-in costs nothing), or that it is not known."""
    return "price not known" if usd_per_hour is None else f"{usd_per_hour:.2f} USD an hour on AWS"
