"""What a step can refer to: parameters, facts of its execution, finished steps, JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.api import ApiError
from local.engine.announcements import timestamp
from local.engine.definition import Definition
from local.engine.ledger import Ledger
from local.engine.paths import walk
from local.engine.ports import Machine
from local.engine.records import Execution
from local.engine.resolve import Scope


def scope_of(
    step: str,
    *,
    execution: Execution,
    definition: Definition,
    ledger: Ledger,
    machine: Machine,
    job_name: str,
) -> Scope:
    def properties(name: str) -> Mapping[str, Any]:
        record = ledger.step(execution.key, name)
        if record is None or record.status != "Succeeded":
            raise LookupError(f"step '{name}' has not succeeded")
        return record.properties

    def read_json(uri: str) -> Any:
        return _parse(uri, _read(machine, uri))

    def property_file(name: str, file: str) -> Any:
        output, path = definition.steps[name].property_files[file]
        found = walk(properties(name), ("ProcessingOutputConfig", "Outputs", output, "S3Output", "S3Uri"))
        return read_json(f"{str(found).rstrip('/')}/{path}")

    return Scope(
        step=step,
        parameters=execution.parameters,
        execution=_variables(execution, machine, job_name),
        properties=properties,
        property_file=property_file,
        read_json=read_json,
    )


def _variables(execution: Execution, machine: Machine, job_name: str) -> dict[str, str]:
    return {
        "StartDateTime": timestamp(execution.created),
        "CurrentDateTime": timestamp(machine.clock()),
        "PipelineName": execution.pipeline,
        "PipelineArn": execution.pipeline_arn,
        "PipelineExecutionId": execution.id,
        "PipelineExecutionArn": execution.arn,
        "TrainingJobName": job_name,
        "ProcessingJobName": job_name,
    }


def _read(machine: Machine, uri: str) -> bytes:
    try:
        return machine.read(uri)
    except ApiError as error:
        raise LookupError(f"'{uri}' cannot be read: {error.message}") from error


def _parse(uri: str, body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except ValueError as error:
        raise LookupError(f"'{uri}' is not JSON: {error}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
