"""Making this machine ready for `run`: the stand-in, the environments of steps, what is deployed to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project


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
            with working(terminal, f"installing {told(project, requirements)}") as say:
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


def told(project: Project, requirements: Path | None) -> str:
    """A requirement file for people."""
    return str(requirements.relative_to(project.root)) if requirements else "a bare Python"
