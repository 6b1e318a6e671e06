"""CreatePipeline, UpdatePipeline, DescribePipeline, ListPipelines, DeletePipeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from definition.checks import check as problems_of
from local.api import ApiError, Call
from local.engine.book import find_version, with_aliases
from local.engine.definition import DefinitionError, parse_json
from local.engine.engine import checked_graph
from local.engine.ledger import ENDED
from local.engine.operations.desk import Desk
from local.engine.operations.pages import moment, ordered, page, present, within
from local.engine.records import Pipeline, Version

MAX_DEFINITION_LENGTH = 1_048_576
MAX_PROBLEMS_SHOWN = 10


def create(desk: Desk, call: Call) -> dict[str, Any]:
    asked = call.parameters
    return {"PipelineArn": desk.once(call, lambda: _created(desk, asked))}


def _created(desk: Desk, asked: dict[str, Any]) -> str:
    text = _definition(desk, asked)
    if text is None:
        raise ApiError("ValidationException", "PipelineDefinition or PipelineDefinitionS3Location is needed.")
    now = desk.machine.clock()
    pipeline = Pipeline(
        name=asked["PipelineName"],
        arn=desk.machine.arn(f"pipeline/{asked['PipelineName']}"),
        role=asked["RoleArn"],
        created=now,
        modified=now,
        versions=[Version(id=1, definition=text, created=now).document()],
        display_name=asked.get("PipelineDisplayName"),
        description=asked.get("PipelineDescription"),
        parallelism=_parallelism(asked),
        tags=asked.get("Tags") or [],
    )
    desk.book.add(with_aliases(pipeline, 1, add=asked.get("PipelineVersionAliases") or [], remove=[]))
    return pipeline.arn


def update(desk: Desk, call: Call) -> dict[str, Any]:
    """A definition that differs from the newest version's becomes the next version."""
    asked = call.parameters
    text = _definition(desk, asked)

    def change(pipeline: Pipeline) -> Pipeline:
        changed = replace(
            pipeline,
            modified=desk.machine.clock(),
            display_name=asked.get("PipelineDisplayName", pipeline.display_name),
            description=asked.get("PipelineDescription", pipeline.description),
            role=asked.get("RoleArn", pipeline.role),
            parallelism=_parallelism(asked) or pipeline.parallelism,
        )
        latest = pipeline.latest()
        if text is not None and text != latest.definition:
            version = Version(id=latest.id + 1, definition=text, created=desk.machine.clock())
            changed = replace(changed, versions=[*pipeline.versions, version.document()])
        aliases = asked.get("PipelineVersionAliases") or []
        return with_aliases(changed, changed.latest().id, add=aliases, remove=[])

    pipeline = desk.book.change(desk.book.get(asked["PipelineName"]).name, change)
    return {"PipelineArn": pipeline.arn, "PipelineVersionId": pipeline.latest().id}


def describe(desk: Desk, call: Call) -> dict[str, Any]:
    asked = call.parameters
    pipeline = desk.book.get(asked["PipelineName"])
    version = find_version(pipeline, asked.get("PipelineVersionId"), asked.get("PipelineVersionAlias"))
    return {**described(pipeline, version), "PipelineDefinition": version.definition}


def described(pipeline: Pipeline, version: Version) -> dict[str, Any]:
    """DescribePipeline's answer without the definition."""
    return present(
        {
            "PipelineArn": pipeline.arn,
            "PipelineName": pipeline.name,
            "PipelineDisplayName": pipeline.display_name or pipeline.name,
            "PipelineDescription": pipeline.description,
            "RoleArn": pipeline.role,
            "PipelineStatus": "Active",
            "CreationTime": moment(pipeline.created),
            "LastModifiedTime": moment(pipeline.modified),
            "LastRunTime": moment(pipeline.last_run),
            "CreatedBy": {},
            "LastModifiedBy": {},
            "ParallelismConfiguration": parallelism_shown(pipeline.parallelism),
            "PipelineVersionDisplayName": version.display_name,
            "PipelineVersionDescription": version.description,
            "PipelineVersionAliases": version.aliases or None,
        }
    )


def list_all(desk: Desk, call: Call) -> dict[str, Any]:
    asked = call.parameters
    found = [
        pipeline
        for pipeline in desk.book.all()
        if pipeline.name.startswith(asked.get("PipelineNamePrefix") or "")
        and within(pipeline.created, asked, "CreatedAfter", "CreatedBefore")
        and asked.get("ManagedBy") != "AWS"
    ]
    by_name = asked.get("SortBy") == "Name"
    found = ordered(found, asked, lambda p: (p.name if by_name else p.created, p.name))
    return page(found, asked, "PipelineSummaries", _summary)


def _summary(pipeline: Pipeline) -> dict[str, Any]:
    return present(
        {
            "PipelineArn": pipeline.arn,
            "PipelineName": pipeline.name,
            "PipelineDisplayName": pipeline.display_name or pipeline.name,
            "PipelineDescription": pipeline.description,
            "RoleArn": pipeline.role,
            "CreationTime": moment(pipeline.created),
            "LastModifiedTime": moment(pipeline.modified),
            "LastExecutionTime": moment(pipeline.last_run),
        }
    )


def delete(desk: Desk, call: Call) -> dict[str, Any]:
    """Refused while executions run; their history goes with the pipeline."""
    with desk.lock:  # or an execution could be started of what is being deleted
        pipeline = desk.book.get(call.parameters["PipelineName"])
        running = [e.arn for e in desk.engine.ledger.executions(pipeline.name) if e.status not in ENDED]
        if running:
            raise ApiError(
                "ConflictException",
                f"Pipeline '{pipeline.name}' has running executions and cannot be deleted: "
                f"{', '.join(running)}",
            )
        desk.book.delete(pipeline.name)
        desk.engine.ledger.forget_pipeline(pipeline.name)
        return {"PipelineArn": pipeline.arn}


def parallelism_shown(limit: int | None) -> dict[str, int] | None:
    return None if limit is None else {"MaxParallelExecutionSteps": limit}


def _parallelism(asked: dict[str, Any]) -> int | None:
    limit: int | None = (asked.get("ParallelismConfiguration") or {}).get("MaxParallelExecutionSteps")
    return limit


def _definition(desk: Desk, asked: dict[str, Any]) -> str | None:
    """The checked text of the request, from itself or from S3; None where it brings none."""
    text, location = asked.get("PipelineDefinition"), asked.get("PipelineDefinitionS3Location")
    if text is not None and location is not None:
        raise ApiError(
            "ValidationException", "PipelineDefinition and PipelineDefinitionS3Location exclude each other."
        )
    if location is not None:
        if location.get("VersionId") is not None:
            raise ApiError("ValidationException", "the stand-in reads the newest version of an object only.")
        text = _from_s3(desk, f"s3://{location['Bucket']}/{location['ObjectKey']}")
    if text is not None:
        _check(desk, text)
    return text


def _from_s3(desk: Desk, uri: str) -> str:
    try:
        text = desk.machine.read(uri).decode()
    except ApiError as error:
        raise ApiError(
            "ValidationException", f"The definition at {uri} cannot be read: {error.message}"
        ) from error
    except UnicodeDecodeError as error:
        raise ApiError("ValidationException", f"The definition at {uri} is not UTF-8.") from error
    if len(text) > MAX_DEFINITION_LENGTH:
        raise ApiError(
            "ValidationException", f"The definition at {uri} is over {MAX_DEFINITION_LENGTH} characters."
        )
    return text


def _check(desk: Desk, text: str) -> None:
    """What AWS would refuse is refused: by the rules of definition/, then by the engine's own reading."""
    try:
        problems = problems_of(parse_json(text), region=desk.machine.region)
        if not problems:
            checked_graph(text)
    except DefinitionError as error:
        raise ApiError("ValidationException", str(error)) from error
    except RecursionError as error:  # hundreds of levels: nothing that runs is written so
        raise ApiError("ValidationException", "The pipeline definition is nested too deeply.") from error
    if problems:
        shown = "; ".join(problem.fact for problem in problems[:MAX_PROBLEMS_SHOWN])
        more = (
            f"; and {len(problems) - MAX_PROBLEMS_SHOWN} more" if len(problems) > MAX_PROBLEMS_SHOWN else ""
        )
        raise ApiError("ValidationException", f"The pipeline definition is not valid: {shown}{more}")
