"""local up, down, status, env; and making this machine ready for `run`."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project


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
        from config.load import load_project

        project = load_project(arguments.env, names=arguments.names)
        install_environments(project, arguments.names or sorted(project.pipelines), terminal)
        return 0


def make_ready(project: Project, names: Sequence[str], terminal: Terminal) -> None:
    """The stand-in up, the steps' environments built, infrastructure and pipelines as the files say."""
    from commands.deploying import bring_pipelines, bring_up
    from commands.planning import compile_chosen
    from commands.progress import working
    from deploy.session import connect
    from local import client

    with working(terminal, "stand-in"):
        client.up(project)
    install_environments(project, names, terminal)
    aws = connect(project)
    compiled = compile_chosen(project, names, terminal)
    bring_up(project, aws, terminal)
    bring_pipelines(project, aws, compiled, terminal)


def install_environments(project: Project, names: Sequence[str], terminal: Terminal) -> None:
    """Builds the Python environments of the pipelines' steps that are not built yet, telling the time."""
    from commands.progress import working
    from local.environments import Environments

    stand_in = project.environment.stand_in
    if stand_in is None:
        return
    environments = Environments(project.root / stand_in.environments)
    for requirements in requirements_of(project, names):
        if not environments.is_built(requirements):
            with working(terminal, f"installing {_shown(project, requirements)}") as say:
                environments.ensure(requirements, report=say)


def requirements_of(project: Project, names: Sequence[str]) -> tuple[Path | None, ...]:
    """The requirement files of the steps that these pipelines run on the stand-in; None is a bare Python."""
    from fnmatch import fnmatchcase

    from config.models import GuardrailsConfig, TrainingConfig
    from config.names import step_image
    from local.jobs.images import FROM_CODE

    stand_in = project.environment.stand_in
    if stand_in is None:
        return ()
    found: dict[Path | None, None] = {}
    for name in names:
        config = project.pipelines[name]
        for step_name, step in getattr(config, "steps", ()):
            image = step_image(project.environment, step_name, step)
            rule = next((rule for rule in stand_in.images if fnmatchcase(image, rule.pattern)), None)
            if rule is None:
                found[None] = None
            elif rule.requirements == FROM_CODE:
                found[project.root / "steps" / step_name / "requirements.txt"] = None
            else:
                found[project.root / rule.requirements] = None
        if isinstance(config, TrainingConfig):
            found[project.root / stand_in.automl.requirements] = None
        if isinstance(config, GuardrailsConfig):
            found[project.root / stand_in.bedrock.requirements] = None
    return tuple(found)


def _shown(project: Project, requirements: Path | None) -> str:
    return str(requirements.relative_to(project.root)) if requirements else "a bare Python"


def _unset(exports: dict[str, str | None]) -> list[str]:
    return [name for name, value in exports.items() if value is None]
