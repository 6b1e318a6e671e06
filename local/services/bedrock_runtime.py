"""Bedrock Runtime: ApplyGuardrail, and models asked on demand."""

from __future__ import annotations

import json
from typing import Any

from local.api import Call, Operations
from local.bedrock.apply import apply_guardrail
from local.bedrock.assembly import bedrock_of
from local.bedrock.models import converse, invoke
from local.bedrock.place import refused
from local.engine.constraints import check
from local.stand_in import StandIn


def operations(stand_in: StandIn) -> Operations:
    bedrock = bedrock_of(stand_in)

    def apply(call: Call) -> dict[str, Any]:
        check(call)
        return apply_guardrail(bedrock, call)

    return {
        ("bedrock-runtime", "ApplyGuardrail"): apply,
        ("bedrock-runtime", "Converse"): _converse,
        ("bedrock-runtime", "InvokeModel"): _invoke,
    }


def _converse(call: Call) -> dict[str, Any]:
    check(call)
    body = {name: value for name, value in call.parameters.items() if name != "modelId"}
    if "guardrailConfig" in body:
        raise refused("the stand-in applies guardrails by ApplyGuardrail, not within Converse")
    return converse(call.parameters["modelId"], body)


def _invoke(call: Call) -> dict[str, Any]:
    check(call)
    try:
        body = json.loads(call.parameters.get("body") or b"")
    except ValueError as error:
        raise refused("Malformed input request, please reformat your input and try again.") from error
    answer = invoke(call.parameters["modelId"], body)
    return {"body": json.dumps(answer).encode(), "contentType": "application/json"}
