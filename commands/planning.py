"""plan: what upsert would do, and nothing done."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Terminal
from config.errors import PlatformError

if TYPE_CHECKING:
    from config.models import Project
    from definition.compile import CompiledPipeline
    from deploy.planning.saved_plan import SavedPlan
    from deploy.planning.whole_plan import WholePlan
    from deploy.session import Aws

CHANGES_FOUND = 4


class ChoiceError(PlatformError):
    """Words that choose pipelines and contradict each other."""


@dataclass(frozen=True)
class Choice:
    """The pipelines that are meant, in which environment; no names are all."""

    environment: str
    names: Sequence[str]
    alias: str | None
    plan: SavedPlan | None = None


@dataclass(frozen=True)
class Looked:
    """What was compiled, what it was compared with, and what is to be done."""

    project: Project
    aws: Aws
    compiled: Sequence[CompiledPipeline]
    plan: WholePlan


class Plan:
    """What would change."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Which pipelines; what to make of changes."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="pipelines (default: all)")
        parser.add_argument("--alias", metavar="NAME", help="plan for upsert --alias NAME")
        parser.add_argument("--out", type=Path, metavar="FILE", help="keep the plan, for upsert --plan FILE")
        parser.add_argument(
            "--exit-code", action="store_true", help=f"exit with {CHANGES_FOUND} when there are changes"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Compiles, compares, explains."""
        from commands.progress import working
        from deploy.planning import saved_plan
        from deploy.planning.explanation import explain

        looked = look(chosen(arguments), terminal, base=True)
        with working(terminal, "what the changes mean"):
            explanation = explain(looked.project, looked.aws, looked.plan, looked.compiled)
        if arguments.out:
            kept = saved_plan.saved(looked.project, looked.aws, looked.plan)
            saved_plan.write(arguments.out, kept)
        if arguments.output == "json":
            from commands.plan_document import plan_document

            terminal.json(plan_document(looked.project, looked.plan, explanation))
        elif arguments.output == "markdown":
            from commands.plan_markdown import plan_markdown

            terminal.line(plan_markdown(looked.project, looked.plan, explanation).rstrip("\n"))
        else:
            from commands.plan_text import show_plan

            show_plan(looked.plan, explanation, terminal)
        _say_what_next(looked, arguments, terminal)
        return CHANGES_FOUND if arguments.exit_code and looked.plan.has_changes else 0


def chosen(arguments: Namespace, plan: SavedPlan | None = None) -> Choice:
    """What the words choose. Raises ChoiceError."""
    from deploy.hints import typed
    from deploy.planning.versions import check_alias

    names = list(dict.fromkeys(arguments.names))
    if names and getattr(arguments, "all", False):
        raise ChoiceError(
            "--all and names of pipelines exclude each other", hint=typed("upsert --all", arguments.env)
        )
    alias = None if arguments.alias is None else check_alias(arguments.alias)
    if plan is None:
        return Choice(arguments.env, names, alias)
    if (names and set(names) != set(plan.pipelines)) or (alias and alias != plan.alias):
        raise ChoiceError(
            "the plan says which pipelines and which alias are meant: "
            f"{', '.join(plan.pipelines)}{f', --alias {plan.alias}' if plan.alias else ''}",
            hint=typed(f"upsert --plan {arguments.plan}", arguments.env),
        )
    return Choice(arguments.env, list(plan.pipelines), plan.alias, plan)


def look(choice: Choice, terminal: Terminal, *, base: bool) -> Looked:
    """Compiles the pipelines and compares them, the functions and the stacks with what is there."""
    from commands.progress import working
    from config.load import load_project
    from deploy.infrastructure.bootstrap import require_base
    from deploy.planning.saved_plan import require_environment
    from deploy.planning.whole_plan import plan_all
    from deploy.session import connect

    project = load_project(choice.environment, names=choice.names)
    if choice.plan is not None:
        require_environment(choice.plan, project)
    aws = connect(project)
    require_base(project, aws)
    compiled = compile_chosen(project, list(choice.names) or list(project.pipelines), terminal)
    with working(terminal, "comparing"):
        plan = plan_all(project, aws, compiled, alias=choice.alias, base=base)
    return Looked(project, aws, compiled, plan)


def compile_chosen(project: Project, names: Sequence[str], terminal: Terminal) -> list[CompiledPipeline]:
    """Compiles pipelines, before anything is written: what AWS would refuse ends here."""
    from commands.progress import working

    with working(terminal, "compiling"):
        from definition.compile import compile_pipeline

        return [compile_pipeline(project, name) for name in names]


def _say_what_next(looked: Looked, arguments: Namespace, terminal: Terminal) -> None:
    """On stderr: a saved plan, or the command that does it; and bootstrap where that has something to do."""
    from deploy.hints import typed

    environment = looked.project.environment.name
    words = f"--plan {arguments.out}" if arguments.out else " ".join(arguments.names)
    if looked.plan.actions:
        alias = f" --alias {arguments.alias}" if arguments.alias and not arguments.out else ""
        terminal.note(f"do it: {typed(f'upsert {words}{alias}'.strip(), environment)}")
    if looked.plan.infrastructure.base is not None:
        terminal.note(f"the base stack differs: {typed('bootstrap', environment)}")
