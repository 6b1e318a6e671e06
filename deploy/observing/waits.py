"""Callback steps that are open: what each waits for, since when, until when, and when it was last looked at.

The service tells of a callback its token and queue. What it waits for stands in the definition; when the
waiting function last looked, in an object of the environment's bucket (lambdas/waiting/heartbeat.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from config import names
from config.models import Environment
from deploy import objects
from deploy.executions import Seen, Step, declared_steps
from deploy.session import Aws

SECONDS = re.compile(r"[0-9]{1,8}")  # a stranger's may be anything
OUTPUT = re.compile(r"Steps\.(?P<step>[^.]+)\.OutputParameters\['(?P<output>[^']+)'\]")


@dataclass(frozen=True)
class OpenWait:
    """A callback that nobody has answered. `waits_for` and `name` are empty for a stranger's callback,
    the times None where nothing is known; `error` is what the last look met."""

    step: str
    waits_for: str
    name: str
    since: datetime | None
    deadline: datetime | None = None
    looked_at: datetime | None = None
    next_look: datetime | None = None
    error: str = ""


def open_waits(aws: Aws, environment: Environment, seen: Seen) -> tuple[OpenWait, ...]:
    """Every callback of the execution that is open, with its last look where the bucket has one."""
    return tuple(
        _open_wait(aws, environment, seen, step)
        for step in seen.steps
        if "Callback" in step.metadata and not step.is_over
    )


def fingerprint(token: str) -> str:
    """What stands for a callback token, which is a key to the step, in logs and keys."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def arguments(seen: Seen, step: Step) -> dict[str, str]:
    """The arguments of a callback as texts, as far as they are literals or outputs of earlier steps."""
    declared = next((each for each in declared_steps(seen.definition) if each["Name"] == step.name), {})
    values = {name: _value(seen, value) for name, value in declared.get("Arguments", {}).items()}
    return {name: value for name, value in values.items() if value is not None}


def _open_wait(aws: Aws, environment: Environment, seen: Seen, step: Step) -> OpenWait:
    given = arguments(seen, step)
    what, name = given.get("waits_for", ""), given.get("name", "")
    beat = _heartbeat(aws, environment, seen, step, f"{what}-{quote(name, safe='')}") if name else {}
    since = _moment(beat.get("started_at")) or step.started
    seconds = SECONDS.fullmatch(given.get("deadline_seconds", ""))
    return OpenWait(
        step=step.name,
        waits_for=what,
        name=str(beat.get("watching") or name),
        since=since,
        deadline=since + timedelta(seconds=int(seconds[0])) if since and seconds else None,
        looked_at=_moment(beat.get("at")),
        next_look=_moment(beat.get("due_at")),
        error=str(beat.get("error") or ""),
    )


def _heartbeat(aws: Aws, environment: Environment, seen: Seen, step: Step, folder: str) -> Mapping[str, Any]:
    token = step.metadata["Callback"].get("CallbackToken", "")
    key = f"{names.key_prefix(environment)}/waits/{seen.execution.id}/{folder}/{fingerprint(token)}.json"
    content = objects.read_json(aws, names.s3_uri(environment, key))
    return content if isinstance(content, Mapping) else {}


def _moment(seconds: Any) -> datetime | None:
    """A time of the heartbeat; 0 stands for none yet."""
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) and seconds else None


def _value(seen: Seen, value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None if value is None else str(value)
    reference = OUTPUT.fullmatch(str(value.get("Get", "")))
    producer = seen.step(reference["step"]) if reference else None
    if reference is None or producer is None:
        return None
    for metadata in producer.metadata.values():
        for output in metadata.get("OutputParameters", []) if isinstance(metadata, Mapping) else []:
            if output["Name"] == reference["output"]:
                return str(output["Value"])
    return None
