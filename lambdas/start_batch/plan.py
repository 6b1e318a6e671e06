"""Starts the batch inference jobs of an execution's plan, as many as may run at once.

The wait that follows starts the others. Whoever comes second finds the state and the jobs of the first.
"""

from __future__ import annotations

from typing import Any

from waiting import batch, batch_places, batch_state, tags
from waiting.batch_state import Part, State
from waiting.inputs import InputError, Inputs
from waiting.tools import Tools

ON_DEMAND = "small"


class BatchRefusedError(Exception):
    """Bedrock does not take a job."""


def start(inputs: Inputs, tools: Tools) -> dict[str, Any]:
    """The execution's id and the URI of the state, which is what the wait is told."""
    output_uri = inputs.text("output_uri").rstrip("/")
    state_uri = batch_state.uri(output_uri)
    if batch_state.read(tools.s3, state_uri) is None:
        batch_state.write(tools.s3, state_uri, planned(inputs, tools, output_uri))
    # The wait asks for the records on demand: this function would keep its step waiting.
    described = batch.describe(tools, state_uri, on_demand=False) or {}
    stock = described["stock"]
    if stock.bad and not stock.running and not stock.done:
        raise BatchRefusedError("; ".join(stock.bad.values()))
    tools.log("batch begun", running=stock.running, waiting=stock.waiting, bad=list(stock.bad.values()))
    return {"batch": inputs.text("pipeline_execution_id"), "state_uri": state_uri}


def planned(inputs: Inputs, tools: Tools, output_uri: str) -> State:
    """The plan of the prepare step with the request that all of its jobs share."""
    plan = batch_places.read(tools.s3, inputs.text("plan_uri"))
    if plan is None:
        raise InputError(f"there is no plan at {inputs.text('plan_uri')}")
    small = plan.get("on_demand")
    own = {tags.EXECUTION: inputs.text("pipeline_execution_arn"), tags.PREFIX: tools.prefix}
    given = {**inputs.mapping("tags"), **own}
    return State(
        execution_id=inputs.text("pipeline_execution_id"),
        output_uri=output_uri,
        work_uri=batch_state.work(output_uri),
        jobs=tuple(Part(job["name"], job["prefix"], int(job["records"])) for job in plan["jobs"]),
        on_demand=Part(ON_DEMAND, small["prefix"], int(small["records"])) if small else None,
        records=int(plan["records"]),
        request={
            "modelId": inputs.text("model_id"),
            "roleArn": inputs.text("role_arn"),
            "modelInvocationType": inputs.text("invocation_type"),
            "timeoutDurationInHours": inputs.integer("timeout_hours"),
            "tags": [{"key": key, "value": value} for key, value in given.items()],
            "kms_key": inputs.optional("kms_key"),
        },
        max_concurrent_jobs=inputs.integer("max_concurrent_jobs"),
        retry_unfinished=inputs.integer("retry_unfinished"),
        rest_on_demand=inputs.flag("on_demand"),
        minimum_records=inputs.integer("minimum_records"),
    )
