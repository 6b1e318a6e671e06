"""local up, install, down, status, env: the stand-in on this machine."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    pass


class Up:
    """Starts the stand-in."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """No arguments of its own."""

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Starts it, or finds the one that runs."""
        from commands.projects import sound_project
        from local import client

        project = sound_project(arguments.env, terminal)
        was_running = client.status(project).running
        connection = client.up(project)
        terminal.line(f"the stand-in {'runs already' if was_running else 'runs'} at {connection.endpoint}")
        return 0


class Down:
    """Stops the stand-in."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """No arguments of its own."""

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Stops it; what it holds stays."""
        from commands.projects import sound_project
        from local import client

        project = sound_project(arguments.env, terminal)
        stopped = client.down(project)
        terminal.line("the stand-in is stopped" if stopped else "the stand-in was not running")
        return 0


class Status:
    """Whether the stand-in runs."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """No arguments of its own."""

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints where it listens and where its files lie."""
        from commands.projects import sound_project
        from commands.tables import moment
        from local import client

        status = client.status(sound_project(arguments.env, terminal))
        started = datetime.fromtimestamp(status.started, UTC) if status.started else None
        if arguments.output == "json":
            terminal.json(
                {
                    "running": status.running,
                    "endpoint": status.endpoint,
                    "pid": status.pid,
                    "started": started,
                    "folder": str(status.folder),
                }
            )
        elif status.running:
            terminal.line(f"the stand-in runs at {status.endpoint} (process {status.pid})")
            terminal.line(f"since {moment(started)}")
            terminal.line(f"files in {status.folder}, objects in {status.folder / 's3'}")
        else:
            terminal.line(f"the stand-in does not run; its files are in {status.folder}")
        return 0


class Env:
    """Variables that point other clients at the stand-in."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """As whom."""
        parser.add_argument(
            "--as",
            dest="identity",
            metavar="NAME",
            help="as an IAM user of that name, made when first asked for (default: local)",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints shell lines; starts the stand-in when it does not run."""
        from commands.projects import sound_project
        from local import client

        project = sound_project(arguments.env, terminal)
        identity = arguments.identity or client.OWN_IDENTITY
        exports = client.connect(project, identity=identity).environment_exports()
        if arguments.output == "json":
            terminal.json(
                {"set": {k: v for k, v in exports.items() if v is not None}, "unset": _unset(exports)}
            )
            return 0
        for name, value in exports.items():
            terminal.line(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
        return 0


class Install:
    """Python environments of steps, ahead of their first run."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """The pipelines whose steps are meant."""
        parser.add_argument("names", metavar="NAME", nargs="*", help="pipelines (default: all)")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Installs what is missing; a second time there is nothing to do."""
        from commands.making_ready import install_environments
        from config.load import load_project

        project = load_project(arguments.env, names=arguments.names)
        install_environments(project, arguments.names or sorted(project.pipelines), terminal)
        return 0


def _unset(exports: dict[str, str | None]) -> list[str]:
    return [name for name, value in exports.items() if value is None]
