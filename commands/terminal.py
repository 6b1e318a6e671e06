"""Where a command writes: results to stdout, progress and errors to stderr, colour for terminals only."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

# A pipe has no width; a table must not be cut there to the 80 columns that rich assumes.
PIPE_WIDTH = 500
# Control characters of both sets, all but tab and line feed.
STEERING = dict.fromkeys(each for each in (*range(0x20), *range(0x7F, 0xA0)) if chr(each) not in "\t\n")


@dataclass
class Terminal:
    """Two streams and how to write on them; rich is imported with the first table or colour."""

    stdout: TextIO
    stderr: TextIO

    @classmethod
    def of_process(cls) -> Terminal:
        """The streams of this process, in UTF-8 whatever the locale says: names may be in any script."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(encoding="utf-8", errors="replace")
        return cls(stdout=sys.stdout, stderr=sys.stderr)

    @property
    def is_live(self) -> bool:
        """Whether progress may redraw lines: a person is looking at stderr."""
        return self.stderr.isatty() and not self.console_for_notes.is_dumb_terminal

    @cached_property
    def console(self) -> Console:
        """rich on stdout."""
        return _console(self.stdout)

    @cached_property
    def console_for_notes(self) -> Console:
        """rich on stderr."""
        return _console(self.stderr)

    def line(self, text: str = "") -> None:
        """One line of the result, exactly as given."""
        self.stdout.write(f"{harmless(text)}\n")

    def columns(self, rows: Sequence[Sequence[str]]) -> None:
        """A plain table without a heading, for verbs that are done before rich would be imported."""
        widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))] if rows else []
        for row in rows:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def show(self, *renderables: RenderableType) -> None:
        """Tables and coloured text of the result."""
        for renderable in renderables:
            if self.stdout.isatty():
                self.console.print(renderable)
            else:  # rich fills every line of a table up to its width
                with self.console.capture() as captured:
                    self.console.print(renderable)
                for line in captured.get().splitlines():
                    self.line(line.rstrip())

    def json(self, document: Any) -> None:
        """The result for programs: one JSON document, keys as given, dates as ISO 8601."""
        self.line(json.dumps(document, ensure_ascii=False, indent=2, default=_iso))

    def note(self, text: str) -> None:
        """One line for people beside the result: on stderr, so that stdout stays clean for pipes."""
        if self.is_live:  # through rich, which keeps it clear of a picture that is being redrawn
            self.console_for_notes.print(harmless(text), soft_wrap=True)
        else:
            self.stderr.write(f"{harmless(text)}\n")
            self.stderr.flush()

    def flush(self) -> None:
        """Writes out what is buffered, so that a broken pipe shows inside `main` and not at exit."""
        self.stdout.flush()
        self.stderr.flush()


def harmless(text: str) -> str:
    """The text without what would steer a terminal: log lines and reasons come from other programs."""
    return text.translate(STEERING)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    # Highlighting would colour every number and path; soft wrapping would cut ids that people copy.
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if stream.isatty() else PIPE_WIDTH,
    )


def _iso(value: Any) -> str:
    isoformat = getattr(value, "isoformat", None)
    if isoformat is None:
        raise TypeError(f"no JSON form for {type(value).__name__}")
    return str(isoformat())
