"""What the environment's file says of decisions and serving, as deploy/reviewing/serving.py hands it over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Endpoint:
    """How a package is served. `without_approved`: "keep" or "delete" when no approved one is left."""

    instance_type: str | None
    instance_count: int
    model_data_download_timeout_seconds: int
    startup_health_check_timeout_seconds: int
    without_approved: str


@dataclass(frozen=True)
class Settings:
    """The rules for decisions, and how to serve; `serving` is None where approval deploys nothing."""

    environment: str
    approvers: int
    not_launcher: bool
    sessions_are_people: tuple[str, ...]
    serving: Endpoint | None
    role_arn: str
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    kms_key: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    topic_arn: str = ""


def read(text: str, *, topic_arn: str = "") -> Settings:
    """The settings of the function; KeyError or TypeError where they are another version's."""
    content = json.loads(text)
    return Settings(
        environment=content["environment"],
        approvers=content["approvers"],
        not_launcher=content["not_launcher"],
        sessions_are_people=tuple(content["sessions_are_people"]),
        serving=Endpoint(**content["serving"]) if content["serving"] else None,
        role_arn=content["role_arn"],
        subnets=tuple(content["subnets"]),
        security_groups=tuple(content["security_groups"]),
        kms_key=content["kms_key"],
        tags=content["tags"],
        topic_arn=topic_arn,
    )
