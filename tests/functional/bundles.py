"""Zip bundles of functions for tests, and the role they run as."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.functional.conftest import RunningStandIn


def zipped(source: str) -> bytes:
    """A bundle with handler.py alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("handler.py", source)
    return buffer.getvalue()


def make_function(stand_in: RunningStandIn, name: str, source: str, **settings: Any) -> str:
    """Creates a role and a function of that name; returns the function's ARN."""
    role = stand_in.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    answer = stand_in.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        **{
            "Runtime": "python3.11",
            "Handler": "handler.handle",
            "Code": {"ZipFile": zipped(source)},
            "Timeout": 10,
            **settings,
        },
    )
    return str(answer["FunctionArn"])


def invoke(
    stand_in: RunningStandIn, function: str, event: object = None, **settings: Any
) -> tuple[str | None, Any]:
    """(function error, payload)."""
    payload = json.dumps({} if event is None else event)
    answer = stand_in.client("lambda").invoke(FunctionName=function, Payload=payload, **settings)
    return answer.get("FunctionError"), json.loads(answer["Payload"].read() or "null")
