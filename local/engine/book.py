"""The pipelines of this machine: found by name or ARN, with their versions and aliases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local.api import ApiError
from local.engine.ports import Document, Documents
from local.engine.records import PIPELINES, Pipeline, Version


class Book:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def all(self) -> list[Pipeline]:
        return [Pipeline.of(document) for _, document in self._documents.list(PIPELINES)]

    def get(self, name_or_arn: str) -> Pipeline:
        """ApiError (ResourceNotFound) where there is none."""
        name = name_or_arn.rpartition("/")[2]
        document = self._documents.get(PIPELINES, name)
        if document is None or (name_or_arn != name and document["arn"] != name_or_arn):
            raise _missing(name_or_arn)
        return Pipeline.of(document)

    def add(self, pipeline: Pipeline) -> None:
        """ApiError (ValidationException) where the name is taken."""

        def change(document: Document | None) -> Document:
            if document is not None:
                raise ApiError(
                    "ValidationException",
                    "Pipeline names must be unique within an AWS account and region. "
                    f"Pipeline with name ({pipeline.name}) already exists.",
                )
            return pipeline.document()

        self._documents.update(PIPELINES, pipeline.name, change)

    def change(self, name: str, change: Callable[[Pipeline], Pipeline]) -> Pipeline:
        def changed(document: Document | None) -> Document:
            if document is None:
                raise _missing(name)
            return change(Pipeline.of(document)).document()

        return Pipeline.of(self._documents.update(PIPELINES, name, changed))

    def delete(self, name: str) -> None:
        self._documents.delete(PIPELINES, name)


def _missing(name: str) -> ApiError:
    return ApiError("ResourceNotFound", f"Pipeline '{name}' does not exist.")


def find_version(pipeline: Pipeline, number: int | None, alias: str | None) -> Version:
    """The version with this id or this alias, the newest where neither is given."""
    if number is not None and alias is not None:
        raise ApiError(
            "ValidationException", "PipelineVersionId and PipelineVersionAlias exclude each other."
        )
    versions = [Version.of(document) for document in pipeline.versions]
    if number is None and alias is None:
        return versions[-1]
    for version in versions:
        if version.id == number or (alias is not None and alias in version.aliases):
            return version
    wanted = f"version {number}" if number is not None else f"version with the alias '{alias}'"
    raise ApiError("ResourceNotFound", f"Pipeline '{pipeline.name}' has no {wanted}.")


def with_version(pipeline: Pipeline, version: Version) -> Pipeline:
    """The pipeline with this version in the place of its former self."""
    versions = [version.document() if each["id"] == version.id else each for each in pipeline.versions]
    return replace(pipeline, versions=versions)


def with_aliases(pipeline: Pipeline, number: int, *, add: list[str], remove: list[str]) -> Pipeline:
    """Aliases are unique in a pipeline: one must leave its version before another takes it."""
    version = find_version(pipeline, number, None)
    missing = [alias for alias in remove if alias not in version.aliases]
    if missing:
        raise ApiError("ValidationException", f"Version {number} does not have the aliases {missing}.")
    kept = [alias for alias in version.aliases if alias not in remove]
    for alias in add:
        _check_alias(pipeline, number, alias)
    aliases = [*kept, *(alias for alias in add if alias not in kept)]
    if len(aliases) > 10:
        raise ApiError("ValidationException", f"Version {number} would have {len(aliases)} aliases, over 10.")
    return with_version(pipeline, replace(version, aliases=aliases))


def _check_alias(pipeline: Pipeline, number: int, alias: str) -> None:
    if alias.isdigit():
        raise ApiError("ValidationException", f"The alias '{alias}' consists of digits only.")
    holders: list[Any] = [v["id"] for v in pipeline.versions if alias in v["aliases"] and v["id"] != number]
    if holders:
        raise ApiError("ConflictException", f"The alias '{alias}' belongs to version {holders[0]}.")
