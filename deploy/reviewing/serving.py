"""What the function `serve_approved` is told of the environment's file."""

from __future__ import annotations

import json
from typing import Any, Final

from config import names
from config.errors import PlatformError
from config.models import Environment

# Of a stack's parameter; the function's variables hold 4 KB together.
LONGEST_SETTINGS: Final = 3000


class SettingsError(PlatformError):
    """Settings of serving that do not fit into the function's variables."""


def settings(environment: Environment) -> str:
    """The JSON that lambdas/serve_approved reads."""
    rules, serving = environment.registry, environment.registry.serving
    content: dict[str, Any] = {
        "environment": environment.name,
        "approvers": rules.approvers,
        "not_launcher": rules.not_launcher,
        "sessions_are_people": list(rules.sessions_are_people),
        "serving": serving.model_dump(mode="json") if serving else None,
        "role_arn": names.role_arn(environment, "endpoint"),
        "subnets": list(environment.network.subnets),
        "security_groups": list(environment.network.security_groups),
        "kms_key": environment.kms_key or "",
        "tags": dict(environment.tags),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    if len(text) > LONGEST_SETTINGS:
        raise SettingsError(
            f'the settings of serving in environment "{environment.name}" take {len(text)} characters, '
            f"{LONGEST_SETTINGS} are possible",
            hint=f"fewer tags or sessions_are_people in config/environments/{environment.name}.yaml",
        )
    return text
