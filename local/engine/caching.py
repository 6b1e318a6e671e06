"""Step caching: the same step of the same pipeline with the same arguments is not run twice.

Only what the service puts into the key counts (DG, "Default cache key attributes"): not outputs, role,
resources or property files, and not the content behind an unchanged S3 URI.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from definition.cache_key import KEY_MEMBERS
from local.engine.durations import seconds
from local.engine.ports import Documents
from local.engine.records import CACHE, Execution, Step


@dataclass(frozen=True)
class CachePolicy:
    enabled: bool = False
    expire_after_seconds: float | None = None


def policy_of(settings: Mapping[str, Any]) -> CachePolicy:
    """A step's CacheConfig; a step of a type that is not cached never hits."""
    config = settings.get("CacheConfig")
    if not config or settings.get("Type") not in KEY_MEMBERS:
        return CachePolicy()
    expires = config.get("ExpireAfter")
    return CachePolicy(bool(config.get("Enabled")), None if expires is None else seconds(expires))


def cache_key(execution: Execution, step: str, kind: str, arguments: Mapping[str, Any]) -> str | None:
    """The key under which a run is kept; None where steps of this type are not cached."""
    if kind not in KEY_MEMBERS:
        return None
    values = {member: arguments.get(member) for member in KEY_MEMBERS[kind]}
    text = json.dumps([kind, step, values], sort_keys=True)
    return f"{execution.pipeline}/{hashlib.sha256(text.encode()).hexdigest()}"


def remember(documents: Documents, key: str, execution: Execution, step: Step) -> None:
    """The most recent success wins."""
    kept = {
        "arn": execution.arn,
        "ended": step.ended,
        "metadata": step.metadata,
        "properties": step.properties,
    }
    documents.put(CACHE, key, kept)


def look_up(documents: Documents, key: str, policy: CachePolicy, *, now: float) -> dict[str, Any] | None:
    """{"arn", "metadata", "properties"} of a run that is young enough, or None."""
    kept = documents.get(CACHE, key) if policy.enabled else None
    if kept is None or kept["ended"] is None:
        return None
    if policy.expire_after_seconds is not None and now - kept["ended"] > policy.expire_after_seconds:
        return None
    return kept
