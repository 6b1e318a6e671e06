"""Small texts that all verbs share."""

from __future__ import annotations

import io

import pytest

from commands.tables import duration, price, table
from commands.terminal import Terminal
from deploy.actions import size_of


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-0.2, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.99, "10.0 s"),
        (10, "10 s"),
        (59.4, "59 s"),
        (59.6, "1m 00s"),
        (187, "3m 07s"),
        (3599.4, "59m 59s"),
        (3600, "1h 00m"),
        (7500, "2h 05m"),
    ],
)
def test_a_duration_is_short_and_never_ambiguous(seconds: float, text: str) -> None:
    """Clocks that disagree a little give no negative time."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (1_234_567, "1.2 MB"), (5e9, "5.0 GB"), (2e13, "20.0 TB")],
)
def test_sizes_are_in_thousands(size: float, text: str) -> None:
    """As S3's console counts."""
    assert size_of(size) == text


def test_a_price_that_is_not_known_is_said_so() -> None:
    """Never zero by accident; zero is a price."""
    assert price(None) == "price not known"
    assert price(0) == "0.00 USD an hour on AWS"


def test_other_programs_cannot_steer_the_terminal() -> None:
    """Escape sequences in a reason or a log line arrive as harmless text, on both streams and in tables."""
    terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO())
    terminal.line("a\x1b]0;title\x07b")
    terminal.note("a\x1b[2Jb\tc")
    terminal.show(table(("x",), [("a\x1b[2Jb",)]))
    assert isinstance(terminal.stdout, io.StringIO)
    assert isinstance(terminal.stderr, io.StringIO)
    assert terminal.stdout.getvalue() == "a]0;titleb\nx\na[2Jb\n"
    assert terminal.stderr.getvalue() == "a[2Jb\tc\n"


def test_a_piped_table_is_not_cut_and_ends_where_its_text_ends() -> None:
    """A long value stays whole, and brackets are not read as colours."""
    terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO())
    terminal.show(table(("name", "value"), [("a", "x" * 300), ("[red]b", "short")]))
    assert isinstance(terminal.stdout, io.StringIO)
    assert terminal.stdout.getvalue() == f"name     value\na        {'x' * 300}\n[red]b   short\n"
