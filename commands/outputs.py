"""outputs: the files of an execution, listed, fetched, and its report opened in a browser."""

from __future__ import annotations

import webbrowser
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.named_execution import add_execution, found, name_of
from commands.report import WORTH_OPENING, execution_document
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.executions import Execution
    from deploy.observing.download import Saved
    from deploy.observing.outputs import File
    from deploy.session import Aws

REPORTS = frozenset(name for name in WORTH_OPENING if name.endswith(".html"))


class Outputs:
    """The files of one execution."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One execution, where to put its files, whether to open its report."""
        add_execution(parser)
        parser.add_argument("--to", type=Path, metavar="DIR", help="fetch all files into this folder")
        parser.add_argument(
            "--open", action="store_true", help="fetch the reports and open them in the browser"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints them with size, by step; fetches and opens what was asked for."""
        from deploy import executions
        from deploy.observing import outputs

        project, aws, execution = found(arguments, terminal)
        files = outputs.files(aws, project.environment, executions.look(aws, execution.arn))
        saved: tuple[Saved, ...] = ()
        if arguments.to or arguments.open:
            saved = fetch(project, aws, execution, files, folder=arguments.to, terminal=terminal)
        if arguments.output == "json":
            paths = {each.file.uri: str(each.path) for each in saved if each.path}
            terminal.json(
                {
                    "execution": execution_document(name_of(project, execution), execution),
                    "files": [_document(file, paths.get(file.uri)) for file in files],
                }
            )
        elif not arguments.to and not arguments.open:
            _show(files, execution, terminal)
        if arguments.open:
            open_reports(saved, terminal)
        check(saved)
        return 0


def fetch(
    project: Project,
    aws: Aws,
    execution: Execution,
    files: Sequence[File],
    *,
    folder: Path | None,
    terminal: Terminal,
) -> tuple[Saved, ...]:
    """All files into the folder; without one the reports alone, into a new temporary folder."""
    import tempfile

    from commands.progress import working
    from deploy.actions import size_of
    from deploy.hints import typed
    from deploy.observing.download import DownloadError, download
    from deploy.observing.outputs import folder_of

    if folder is None:
        files = [file for file in files if file.name in REPORTS]
        if not files:
            raise DownloadError(
                f"execution {execution.id} has written no report",
                hint=typed(f"outputs {execution.id}", project.environment.name),
            )
        folder = Path(tempfile.mkdtemp(prefix=f"{execution.id}-"))
    with working(terminal, f"fetching {_counted(len(files))} to {folder}") as say:
        saved = download(aws, files, folder, base=folder_of(project.environment, execution), say=say)
    done = [each for each in saved if each.path]
    terminal.note(f"{_counted(len(done))}, {size_of(sum(each.file.size for each in done))}, in {folder}")
    return saved


def open_reports(
    saved: Sequence[Saved], terminal: Terminal, *, browse: Callable[[str], bool] = webbrowser.open
) -> None:
    """Each fetched report in the browser; where there is none, says where it lies."""
    for each in saved:
        if each.path is not None and each.file.name in REPORTS:
            opened = browse(each.path.as_uri())
            terminal.note(f"{'opened' if opened else 'no browser here; open'} {each.path}")


def check(saved: Sequence[Saved]) -> None:
    """Raises DownloadError where a file could not be fetched; the others are there."""
    from deploy.observing.download import DownloadError

    failed = [each for each in saved if each.path is None]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise DownloadError(f'"{failed[0].file.uri}" was not fetched{more}: {failed[0].problem}')


def _show(files: Sequence[File], execution: Execution, terminal: Terminal) -> None:
    from commands.tables import table
    from deploy.actions import size_of

    if files:
        rows = [(file.step, size_of(file.size), file.place) for file in files]
        terminal.show(table(("step", "size", "file"), rows, right=("size",)))
    else:
        terminal.line(f"execution {execution.id} has written nothing yet")


def _counted(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _document(file: File, saved: str | None) -> dict[str, Any]:
    return {
        "step": file.step,
        "uri": file.uri,
        "place": file.place,
        "bytes": file.size,
        "saved": saved,
    }
