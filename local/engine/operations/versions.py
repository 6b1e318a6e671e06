"""ListPipelineVersions and UpdatePipelineVersion, with the aliases of versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local.api import Call
from local.engine.book import find_version, with_aliases, with_version
from local.engine.operations.desk import Desk
from local.engine.operations.pages import moment, ordered, page, present, within
from local.engine.records import Pipeline, Version


def list_all(desk: Desk, call: Call) -> dict[str, Any]:
    pipeline = desk.book.get(call.parameters["PipelineName"])
    found = [
        version
        for version in map(Version.of, pipeline.versions)
        if within(version.created, call.parameters, "CreatedAfter", "CreatedBefore")
    ]
    found = ordered(found, call.parameters, lambda version: version.id)
    return page(found, call.parameters, "PipelineVersionSummaries", lambda v: _summary(pipeline, v))


def _summary(pipeline: Pipeline, version: Version) -> dict[str, Any]:
    return present(
        {
            "PipelineArn": pipeline.arn,
            "PipelineVersionId": version.id,
            "CreationTime": moment(version.created),
            "PipelineVersionDescription": version.description,
            "PipelineVersionDisplayName": version.display_name,
            "LastExecutionPipelineExecutionArn": version.last_execution,
            "PipelineVersionAliases": version.aliases or None,
        }
    )


def update(desk: Desk, call: Call) -> dict[str, Any]:
    asked = call.parameters
    number = asked["PipelineVersionId"]
    aliases = asked.get("PipelineVersionAliasOperations") or {}

    def change(pipeline: Pipeline) -> Pipeline:
        version = find_version(pipeline, number, None)
        version = replace(
            version,
            display_name=asked.get("PipelineVersionDisplayName", version.display_name),
            description=asked.get("PipelineVersionDescription", version.description),
        )
        changed = with_version(pipeline, version)
        return with_aliases(changed, number, add=aliases.get("Add") or [], remove=aliases.get("Remove") or [])

    pipeline = desk.book.change(desk.book.get(asked["PipelineArn"]).name, change)
    return {"PipelineArn": pipeline.arn, "PipelineVersionId": number}
