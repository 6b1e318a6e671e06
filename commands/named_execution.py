"""The execution that a verb's argument names."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from commands.projects import connected
from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from deploy.executions import Execution
    from deploy.session import Aws


def add_execution(parser: ArgumentParser) -> None:
    """The argument."""
    parser.add_argument("execution", metavar="EXECUTION", help="ARN, id, or pipeline (its latest execution)")


def found(arguments: Namespace, terminal: Terminal) -> tuple[Project, Aws, Execution]:
    """The execution that was named, with the project and the clients."""
    from deploy.reference import find

    project, aws = connected(arguments, terminal)
    return project, aws, find(project, aws, arguments.execution)


def name_of(project: Project, execution: Execution) -> str:
    """The pipeline's name in its file; SageMaker's for one that the repository does not hold any more."""
    from deploy.reference import config_name_of

    return config_name_of(project, execution.pipeline) or execution.pipeline
