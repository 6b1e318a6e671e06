"""Shipped configurations with some values changed, compiled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from config.models import Environment, Project
from definition.compile import CompiledPipeline, compile_pipeline

JSON = dict[str, Any]


def changed(model: Any, changes: dict[str, Any]) -> Any:
    """A model with values at dotted paths replaced, checked again."""
    data = model.model_dump()
    for path, value in changes.items():
        *parents, last = path.split(".")
        part = data
        for parent in parents:
            part = part[parent]
        part[last] = value
    return type(model).model_validate(data)


def with_pipeline(project: Project, name: str, changes: dict[str, Any]) -> Project:
    """The project with one pipeline changed."""
    pipeline = changed(project.pipelines[name], changes)
    return replace(project, pipelines={**project.pipelines, name: pipeline})


def with_environment(project: Project, changes: dict[str, Any]) -> Project:
    """The project with its environment changed."""
    environment: Environment = changed(project.environment, changes)
    return replace(project, environment=environment)


def compile_changed(project: Project, name: str, changes: dict[str, Any]) -> CompiledPipeline:
    """One pipeline, changed and compiled."""
    return compile_pipeline(with_pipeline(project, name, changes), name)


def step(compiled: CompiledPipeline, name: str) -> JSON:
    """A step by its name, also inside the branches of conditions."""
    steps = list(compiled.definition["Steps"])
    for each in compiled.definition["Steps"]:
        steps += [*each["Arguments"].get("IfSteps", []), *each["Arguments"].get("ElseSteps", [])]
    found: JSON = next(each for each in steps if each["Name"] == name)
    return found


def inputs(compiled: CompiledPipeline, name: str) -> JSON:
    """Inputs of a Processing step: name -> S3Input."""
    listed = step(compiled, name)["Arguments"]["ProcessingInputs"]
    return {each["InputName"]: each["S3Input"] for each in listed}
