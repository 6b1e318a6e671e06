"""outputs --open and --to: the reports in the browser, and what could not be fetched."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from commands.outputs import check, open_reports
from commands.terminal import Terminal
from deploy.observing.download import DownloadError, Saved
from deploy.observing.outputs import File


def saved(name: str, *, problem: str = "") -> Saved:
    """A file that was fetched, or not."""
    file = File("evaluate", f"s3://b/x/{name}", name, 1)
    return Saved(file, None if problem else Path("/tmp/x") / name, problem)


@pytest.mark.parametrize(("there", "said"), [(True, "opened"), (False, "no browser here; open")])
def test_reports_alone_are_opened(*, there: bool, said: str) -> None:
    """Where there is no browser the path is said."""
    asked: list[str] = []

    def browse(uri: str) -> bool:
        asked.append(uri)
        return there

    terminal = Terminal(stdout=io.StringIO(), stderr=io.StringIO())
    open_reports([saved("evaluation_report.html"), saved("results.jsonl")], terminal, browse=browse)
    assert asked == ["file:///tmp/x/evaluation_report.html"]
    assert isinstance(terminal.stderr, io.StringIO)
    assert terminal.stderr.getvalue() == f"{said} /tmp/x/evaluation_report.html\n"


def test_what_was_not_fetched_is_one_error() -> None:
    """The first with its reason, the others counted."""
    check([saved("a")])
    with pytest.raises(DownloadError, match=r'"s3://b/x/b" was not fetched \(and 1 more\): gone') as caught:
        check([saved("a"), saved("b", problem="gone"), saved("c", problem="gone")])
    assert caught.value.exit_code == 1
