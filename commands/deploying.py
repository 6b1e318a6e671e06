"""bootstrap and upsert: what changes an environment."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from commands.planning import Looked
    from config.models import Project
    from definition.compile import CompiledPipeline
    from deploy.actions import Action
    from deploy.infrastructure.stacks import Waiting
    from deploy.planning.upsert import Plan
    from deploy.session import Aws


class Bootstrap:
    """The stacks of infra/ and the functions' code."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """--print, --to, --access."""
        parser.add_argument(
            "--print",
            action="store_true",
            dest="only_print",
            help="print the CloudFormation templates as they would be sent; nothing is asked or written",
        )
        parser.add_argument(
            "--to",
            metavar="DIR",
            help="with --print: into files instead, with parameters, the functions' code and a script",
        )
        parser.add_argument(
            "--access",
            action="store_true",
            help="also the policies of people and CI, from bootstrapper to reviewer (an administrator's)",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Brings both stacks about."""
        from commands.parser import UsageError
        from config.load import load_project
        from deploy.hints import typed
        from deploy.session import connect

        if arguments.to and not arguments.only_print:
            words = f"bootstrap --print --to {arguments.to}"
            raise UsageError("--to says where --print writes", hint=typed(words, arguments.env))
        project = load_project(arguments.env)
        if arguments.only_print:
            _hand_over(project, arguments.to, terminal)
            return 0
        aws = connect(project)
        done = bring_up(project, aws, terminal, access=arguments.access)
        if not done:
            terminal.line(f'environment "{project.environment.name}" is up to date')
        return 0


class Upsert:
    """Pipelines, their functions and their code."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Which pipelines, and whether a plan is carried out."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="pipelines (default: all)")
        parser.add_argument("--all", action="store_true", help="all pipelines, said aloud (for scripts)")
        parser.add_argument("--alias", metavar="NAME", help="the version that is made goes by this name too")
        parser.add_argument(
            "--plan", type=Path, metavar="FILE", help="carry out this plan (plan --out FILE), or nothing"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="also write over what somebody changed, and over a pipeline that is not this project's",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Compiles, compares, writes what differs."""
        from commands.planning import chosen, look
        from deploy.planning import saved_plan
        from deploy.planning.upsert import carry_out, require_unprotected

        kept = saved_plan.read(arguments.plan) if arguments.plan else None
        wanted = chosen(arguments, kept)
        looked = look(wanted, terminal, base=False)
        project, aws, whole = looked.project, looked.aws, looked.plan
        if kept is not None:
            saved_plan.require_same(kept, saved_plan.saved(project, aws, whole))
        if not arguments.force:
            require_unprotected(project, whole.pipelines)
        services = _bring_services(looked, terminal, as_planned=kept is not None)
        with Reporter(terminal) as report:
            carry_out(
                project,
                aws,
                whole.pipelines,
                looked.compiled,
                report=report,
                force=arguments.force,
                alias=wanted.alias,
                again=kept is None,
            )
        if arguments.output == "json":
            terminal.json(_document(project, whole.pipelines, len(services)))
        else:
            show_outcome(whole.pipelines, terminal)
        return 0


def _bring_services(looked: Looked, terminal: Terminal, *, as_planned: bool) -> Sequence[Action]:
    """The functions, one line on stderr per thing done."""
    from commands.progress import working
    from deploy.infrastructure.bootstrap import update_services

    planned = looked.plan.infrastructure
    if as_planned and not planned.uploads and planned.services is None:
        return ()
    with working(terminal, "functions") as tell, Reporter(terminal) as report:
        return update_services(
            looked.project,
            looked.aws,
            report=report,
            waiting=_waiting(tell),
            planned=planned if as_planned else None,
        )


def bring_up(project: Project, aws: Aws, terminal: Terminal, *, access: bool = False) -> Sequence[Action]:
    """Bootstraps, one line on stderr per thing done."""
    from commands.progress import working
    from deploy.infrastructure.bootstrap import bootstrap

    with working(terminal, "infrastructure") as tell, Reporter(terminal) as report:
        return bootstrap(project, aws, report=report, waiting=_waiting(tell), access=access)


def bring_pipelines(
    project: Project, aws: Aws, compiled: Sequence[CompiledPipeline], terminal: Terminal
) -> Plan:
    """Upserts, one line on stderr per thing done."""
    from commands.progress import working
    from deploy.planning.upsert import upsert

    with working(terminal, "pipelines"), Reporter(terminal) as report:
        return upsert(project, aws, compiled, report=report)


def show_outcome(made: Plan, terminal: Terminal) -> None:
    """One line per pipeline: created, updated (in what) or unchanged."""
    for pipeline in made.pipelines:
        differs = f" ({', '.join(pipeline.differs)})" if pipeline.differs else ""
        terminal.line(f"{pipeline.name}: {pipeline.change}{differs}")


def _hand_over(project: Project, folder: str | None, terminal: Terminal) -> None:
    from pathlib import Path

    from deploy.infrastructure.handover import SCRIPT, write

    if folder is None:
        _print_templates(project, terminal)
        return
    written = write(project, Path(folder))
    terminal.line(f"{len(written)} files in {folder}; {Path(folder) / SCRIPT} deploys them")


def _print_templates(project: Project, terminal: Terminal) -> None:
    from deploy.infrastructure.bootstrap import access_stack, base_stack, services_stack
    from deploy.infrastructure.bundle import function_bundles

    services = services_stack(project, function_bundles(project))
    for stack in (base_stack(project), services, access_stack(project)):
        terminal.line(f"# stack: {stack.name}")
        for key, value in stack.parameters:
            terminal.line(f"# parameter: {key}={value}")
        terminal.line(stack.template.rstrip("\n"))
        terminal.line("---")


class Reporter:
    """One line per thing done, uploads counted into one; use as a context, so that the last are told."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._sizes: list[int] = []

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        self._tell_uploads()

    def __call__(self, action: Action) -> None:
        from deploy.actions import Upload

        if isinstance(action, Upload):
            self._sizes.append(action.size)
        else:
            self._tell_uploads()
            self._terminal.note(f"  {action.text}")

    def _tell_uploads(self) -> None:
        from deploy.actions import size_of

        if self._sizes:
            files = "1 file" if len(self._sizes) == 1 else f"{len(self._sizes)} files"
            self._terminal.note(f"  upload {files} ({size_of(sum(self._sizes))})")
        self._sizes.clear()


def _waiting(tell: Callable[[str], None]) -> Waiting:
    from deploy.infrastructure.stacks import Waiting

    return Waiting(clock=time.monotonic, sleep=time.sleep, tell=tell)


def _document(project: Project, made: Plan, services: int) -> dict[str, object]:
    return {
        "environment": project.environment.name,
        "pipelines": [
            {"name": each.name, "arn": each.arn, "change": each.change, "differs": list(each.differs)}
            for each in made.pipelines
        ],
        "writes": services + len(made.actions),
    }
