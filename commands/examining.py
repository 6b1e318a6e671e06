"""doctor: is this machine ready, and this account."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.errors import PlatformError
    from config.models import Project
    from deploy.doctor.examine import Checked
    from deploy.doctor.situation import Machine, Situation
    from deploy.session import Aws

STYLES = {"fine": "green", "note": "yellow", "broken": "bold red", "unknown": "cyan"}
# Wrong configuration, account or machine.
BROKEN = 2


class Doctor:
    """Every check, each finding with what mends it."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """--all."""
        parser.add_argument("--all", action="store_true", help="show what is fine, too")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints the findings; the exit code says whether something is broken."""
        from commands.progress import working
        from deploy.doctor.examine import examine

        with working(terminal, "looking"):
            found = list(examine(_situation(arguments.env)))
        is_broken = any(each.finding.status == "broken" for each in found)
        if arguments.output == "json":
            terminal.json({"environment": arguments.env, "broken": is_broken, "findings": _documents(found)})
        else:
            _show(found, terminal, everything=arguments.all)
        return BROKEN if is_broken else 0


def _situation(environment: str) -> Situation:
    """Looks at the machine, loads, compiles, connects; what fails is kept, not raised."""
    from commands.tables import now
    from config.places import repository_root
    from deploy.doctor.situation import Situation

    project, problem = _project(environment)
    definitions, refused = _definitions(project)
    aws, refusal = _connection(project)
    return Situation(
        root=repository_root(),
        environment=environment,
        machine=_machine(project),
        now=now(),
        project=project,
        problem=problem or refused,
        definitions=definitions,
        aws=aws,
        refusal=refusal,
    )


def _project(environment: str) -> tuple[Project | None, PlatformError | None]:
    from config.errors import PlatformError
    from config.load import load_project

    try:
        return load_project(environment), None
    except PlatformError as error:
        return None, error


def _definitions(
    project: Project | None,
) -> tuple[dict[str, Mapping[str, Any]], PlatformError | None]:
    from config.errors import PlatformError
    from definition.compile import compile_pipeline

    found: dict[str, Mapping[str, Any]] = {}
    problem: PlatformError | None = None
    if project is None:
        return found, problem
    for name in project.pipelines:
        try:
            found[name] = compile_pipeline(project, name).definition
        except PlatformError as error:
            problem = error
    return found, problem


def _connection(project: Project | None) -> tuple[Aws | None, PlatformError | None]:
    """Clients, or why there are none. A stand-in that does not run is not started for being looked at."""
    from botocore.exceptions import BotoCoreError

    from config.errors import PlatformError
    from deploy.errors import explain
    from deploy.session import connect

    if project is None or (project.environment.stand_in is not None and not _runs(project)):
        return None, None
    try:
        return connect(project), None
    except PlatformError as error:
        return None, error
    except BotoCoreError as error:
        return None, explain(error)


def _runs(project: Project) -> bool:
    from local import client

    return client.status(project).running


def _machine(project: Project | None) -> Machine:
    from importlib.metadata import distributions

    from config.places import repository_root
    from deploy.doctor.machine import normal
    from deploy.doctor.situation import Machine

    installed = {normal(each.metadata["Name"]): each for each in distributions() if each.metadata["Name"]}
    on_stand_in = project is not None and project.environment.stand_in is not None
    return Machine(
        python=sys.version_info[:3],
        packages={name: each.version for name, each in installed.items()},
        demands={name: tuple(each.requires or ()) for name, each in installed.items()},
        variables=dict(os.environ),
        free_bytes=shutil.disk_usage(repository_root()).free,
        isolation=_isolation() if on_stand_in else ("", True),
        missing_environments=_missing_environments(project) if project is not None else (),
    )


def _isolation() -> tuple[str, bool]:
    from local.jobs.isolation import Mode, isolation_mode

    mode = isolation_mode()
    return mode.value, mode is not Mode.PATHS


def _missing_environments(project: Project) -> tuple[str, ...]:
    from commands.making_ready import requirements_of, told
    from local.environments import Environments

    stand_in = project.environment.stand_in
    if stand_in is None:
        return ()
    environments = Environments(project.root / stand_in.environments)
    wanted = requirements_of(project, list(project.pipelines))
    return tuple(told(project, each) for each in wanted if not environments.is_built(each))


def _documents(found: Sequence[Checked]) -> list[dict[str, str]]:
    return [
        {
            "check": each.check,
            "status": each.finding.status,
            "fact": each.finding.fact,
            "command": each.finding.command,
        }
        for each in found
    ]


def _show(found: Sequence[Checked], terminal: Terminal, *, everything: bool) -> None:
    from rich.text import Text

    from commands.tables import table
    from commands.terminal import harmless

    rows: list[tuple[Text | str, str, str]] = []
    for each in found:
        if each.finding.status == "fine" and not everything:
            continue
        status = Text(each.finding.status, style=STYLES[each.finding.status])
        rows.append((status, each.check, harmless(each.finding.fact)))
        if each.finding.command:
            rows.append(("", "", f"mend: {each.finding.command}"))
    if rows:
        terminal.show(table(("", "check", "found"), rows))
    counted = Counter(each.finding.status for each in found)
    words = [
        f"{counted[status]} {status}" for status in ("broken", "note", "unknown", "fine") if counted[status]
    ]
    terminal.line(", ".join(words))
