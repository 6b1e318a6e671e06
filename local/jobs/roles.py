"""Whether a service could take a role: one that exists must trust it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from local.api import ApiError

SAGEMAKER = "sagemaker.amazonaws.com"
BEDROCK = "bedrock.amazonaws.com"


def check_trust(
    role_arn: str, call: Callable[[str, str, dict[str, Any]], dict[str, Any]], *, principal: str = SAGEMAKER
) -> None:
    """ApiError (ValidationException) for a role whose trust policy does not name the service.

    A role that was never made here is let through: definitions of strangers name roles of their accounts.
    """
    try:
        role = call("iam", "GetRole", {"RoleName": role_arn.rpartition("/")[2]})["Role"]
    except ApiError as error:
        if error.code == "NoSuchEntity":
            return
        raise
    if role["Arn"] == role_arn and not _trusts(role.get("AssumeRolePolicyDocument"), principal):
        raise ApiError(
            "ValidationException",
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{principal}' to assume the role.",
        )


def _trusts(document: Any, principal: str) -> bool:
    policy = json.loads(unquote(document)) if isinstance(document, str) else document or {}
    statements = policy.get("Statement") or []
    for statement in [statements] if isinstance(statements, dict) else statements:
        services = (statement.get("Principal") or {}).get("Service", ())
        if statement.get("Effect") == "Allow" and principal in (
            [services] if isinstance(services, str) else services
        ):
            return True
    return False
