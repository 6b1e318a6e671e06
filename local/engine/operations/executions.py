"""Start, Describe, List, Stop, Retry and UpdatePipelineExecution, and what an execution was started with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local.api import Call
from local.engine.book import find_version, with_version
from local.engine.engine import StartRequest
from local.engine.operations.definitions import parallelism_shown
from local.engine.operations.desk import Desk
from local.engine.operations.pages import moment, ordered, page, present, within
from local.engine.parameters import as_list
from local.engine.records import Execution, Pipeline, Version

Answer = dict[str, Any]


def start(desk: Desk, call: Call) -> Answer:
    return {"PipelineExecutionArn": desk.once(call, lambda: _started(desk, call.parameters))}


def _started(desk: Desk, asked: Answer) -> str:
    pipeline = desk.book.get(asked["PipelineName"])
    version = find_version(pipeline, asked.get("PipelineVersionId"), asked.get("PipelineVersionAlias"))
    request = StartRequest(
        parameters=tuple(asked.get("PipelineParameters") or ()),
        display_name=asked.get("PipelineExecutionDisplayName"),
        description=asked.get("PipelineExecutionDescription"),
        parallelism=_parallelism(asked),
        selection=asked.get("SelectiveExecutionConfig"),
        role=asked.get("RoleArn"),
    )
    desk.machine.check_role(request.role or pipeline.role)
    execution = desk.engine.start(pipeline, version, request)
    desk.book.change(pipeline.name, lambda current: _with_run(current, version, execution))
    return execution.arn


def _with_run(pipeline: Pipeline, version: Version, execution: Execution) -> Pipeline:
    current = find_version(pipeline, version.id, None)
    changed = with_version(pipeline, replace(current, last_execution=execution.arn))
    return replace(changed, last_run=execution.created)


def _parallelism(asked: Answer) -> int | None:
    limit: int | None = (asked.get("ParallelismConfiguration") or {}).get("MaxParallelExecutionSteps")
    return limit


def describe(desk: Desk, call: Call) -> Answer:
    return described(desk, desk.execution(call.parameters["PipelineExecutionArn"]))


def described(desk: Desk, execution: Execution) -> Answer:
    pipeline = desk.book.get(execution.pipeline)
    return present(
        {
            "PipelineArn": execution.pipeline_arn,
            "PipelineExecutionArn": execution.arn,
            "PipelineExecutionDisplayName": execution.display_name,
            "PipelineExecutionStatus": execution.status,
            "PipelineExecutionDescription": execution.description,
            "PipelineExperimentConfig": execution.experiment,
            "FailureReason": execution.failure_reason,
            "CreationTime": moment(execution.created),
            "LastModifiedTime": moment(execution.modified),
            "CreatedBy": {},
            "LastModifiedBy": {},
            "ParallelismConfiguration": parallelism_shown(execution.parallelism),
            "SelectiveExecutionConfig": execution.selection,
            "PipelineVersionId": execution.version,
            "PipelineVersionAliases": find_version(pipeline, execution.version, None).aliases or None,
        }
    )


def list_all(desk: Desk, call: Call) -> Answer:
    asked = call.parameters
    pipeline = desk.book.get(asked["PipelineName"])
    alias = asked.get("PipelineVersionAlias")
    version = None if alias is None else find_version(pipeline, None, alias).id
    found = [
        execution
        for execution in desk.engine.ledger.executions(pipeline.name)
        if within(execution.created, asked, "CreatedAfter", "CreatedBefore")
        and version in (None, execution.version)
    ]
    by_arn = asked.get("SortBy") == "PipelineExecutionArn"
    found = ordered(found, asked, lambda e: (e.arn if by_arn else e.created, e.arn))
    return page(found, asked, "PipelineExecutionSummaries", _summary)


def _summary(execution: Execution) -> Answer:
    return present(
        {
            "PipelineExecutionArn": execution.arn,
            "StartTime": moment(execution.created),
            "PipelineExecutionStatus": execution.status,
            "PipelineExecutionDescription": execution.description,
            "PipelineExecutionDisplayName": execution.display_name,
            "PipelineExecutionFailureReason": execution.failure_reason,
        }
    )


def stop(desk: Desk, call: Call) -> Answer:
    execution = desk.execution(call.parameters["PipelineExecutionArn"])

    def stopped() -> str:
        desk.engine.stop(execution)
        return execution.arn

    return {"PipelineExecutionArn": desk.once(call, stopped)}


def retry(desk: Desk, call: Call) -> Answer:
    execution = desk.execution(call.parameters["PipelineExecutionArn"])

    def retried() -> str:
        desk.engine.retry(execution, parallelism=_parallelism(call.parameters))
        return execution.arn

    return {"PipelineExecutionArn": desk.once(call, retried)}


def update(desk: Desk, call: Call) -> Answer:
    asked = call.parameters
    execution = desk.execution(asked["PipelineExecutionArn"])
    changes = {
        "description": asked.get("PipelineExecutionDescription"),
        "display_name": asked.get("PipelineExecutionDisplayName"),
        "parallelism": _parallelism(asked),
    }
    desk.engine.ledger.change_execution(execution.key, **present(changes))
    desk.engine.changed(execution)
    return {"PipelineExecutionArn": execution.arn}


def definition(desk: Desk, call: Call) -> Answer:
    execution = desk.execution(call.parameters["PipelineExecutionArn"])
    text = desk.engine.ledger.definition(execution)
    return {"PipelineDefinition": text, "CreationTime": moment(execution.created)}


def parameters(desk: Desk, call: Call) -> Answer:
    execution = desk.execution(call.parameters["PipelineExecutionArn"])
    return page(as_list(execution.parameters), call.parameters, "PipelineParameters", lambda entry: entry)
