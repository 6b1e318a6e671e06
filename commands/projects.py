"""The project for verbs that look and steer: a file that somebody is in the middle of does not stop them."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.session import Aws


def sound_project(environment: str, terminal: Terminal) -> Project:
    """The project; where files of pipelines have errors, the project without those pipelines.

    Nobody should have to mend a file first to stop an execution. Raises ConfigurationError when the
    environment's own file has errors, or no pipeline is sound.
    """
    from config.errors import ConfigurationError, UnknownNameError
    from config.load import load_project
    from config.places import pipeline_files, repository_root

    try:
        return load_project(environment)
    except ConfigurationError as error:
        # Asked for one sound pipeline, the loader gives all sound ones. Pipelines have the names of their
        # files unless somebody chose otherwise.
        for file in pipeline_files(repository_root()):
            try:
                project = load_project(environment, names=[file.stem])
            except (ConfigurationError, UnknownNameError):
                continue
            broken = ", ".join(sorted({problem.file for problem in error.problems}))
            terminal.note(f"left out, because of errors: {broken} (run_pipeline.py validate)")
            return project
        raise


def connected(arguments: Namespace, terminal: Terminal) -> tuple[Project, Aws]:
    """The project and the clients of the environment that was named."""
    from deploy.session import connect

    project = sound_project(arguments.env, terminal)
    return project, connect(project)
