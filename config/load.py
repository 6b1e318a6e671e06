"""Loads a project: an environment and every pipeline file, checked together.

Precedence of a parameter's value, written once and here: ``-p`` on the command line, then the ``--params``
file, then the environment file (``parameters: {pipeline: {Name: value}}``), then the pipeline file's
default. With ``EpochCount`` 3 in the pipeline file, 2 in the environment file and ``-p EpochCount=5``, an
execution trains 5 epochs; without the ``-p`` 2, and 2 is the default that the definition carries.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.errors import ConfigurationError, Problem, UnknownNameError
from config.kinds import KINDS
from config.models.common import PipelineConfig
from config.models.environment import Environment
from config.models.project import Project
from config.reading import read_file


def repository_root() -> Path:
    """The folder that ``config/`` lies in."""
    return Path(__file__).resolve().parent.parent


def load_project(environment: str, root: Path | None = None) -> Project:
    """The checked configuration for ``environment``; raises ConfigurationError with every problem."""
    base = (root or repository_root()).resolve()
    problems: list[Problem] = []
    files = sorted((base / "config" / "environments").glob("*.yaml"))
    chosen = next((file for file in files if file.stem == environment), None)
    if chosen is None:
        raise UnknownNameError("environment", environment, [file.stem for file in files])
    env = _load(chosen, base, problems)
    pipelines = [
        _load(file, base, problems) for file in sorted((base / "config" / "pipelines").glob("*.yaml"))
    ]
    if problems or not isinstance(env, Environment):
        raise ConfigurationError(problems)
    named = {each.name: each for each in pipelines if isinstance(each, PipelineConfig)}
    return Project(base, env, named)


def _load(file: Path, base: Path, problems: list[Problem]) -> Any:
    document, found = read_file(file, file.relative_to(base).as_posix())
    problems.extend(found)
    if document is None:
        return None
    kind = document.data.get("kind") if isinstance(document.data, dict) else None
    model = Environment if file.parent.name == "environments" else KINDS[str(kind)].model
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems.extend(document.problem(tuple(e["loc"]), e["msg"]) for e in error.errors())
        return None
