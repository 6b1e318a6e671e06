"""The shipped project, compiled once: importing the SDK takes seconds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from config.load import load_project
from config.models import Project
from definition.compile import CompiledPipeline, compile_all


@pytest.fixture(scope="session")
def project() -> Project:
    """The repository's pipelines in the environment of the stand-in."""
    return load_project("local")


@pytest.fixture(scope="session")
def compiled(project: Project) -> Mapping[str, CompiledPipeline]:
    """Every shipped pipeline by name."""
    return {each.config_name: each for each in compile_all(project)}
