"""What is known of a wait between two looks: a small object in the environment's bucket.

    <prefix>/waits/<execution id>/<what>-<name>/<fingerprint of the token>.json

It does three things.

**Chains of polls collapse.** Queues deliver twice, a function may die after it sent the next poll and before
its own message was deleted, and the reconciler puts polls back. Every poll carries `(sequence, id)`, its
successor the next sequence and a new id. The heartbeat holds the pair of the poll sent last; a poll below it
is dropped. No conditional writes are needed: the heartbeat only ever holds pairs of polls that were sent, so
the greatest poll sent is never below it, is looked at, and sends a greater one before it is deleted. Losing
a race costs one look more, never the token.

**The reconciler sees what is lost**: a wait whose next look (`due_at`) is long past.

**A retried execution is told from a new one**: its step has a new token, so another heartbeat lies beside.

A bucket that cannot be reached stops no wait: without the heartbeat a poll is simply looked at.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from waiting.failures import AWS_ERRORS, is_missing, message
from waiting.log import fingerprint
from waiting.messages import Callback, Poll, Wait
from waiting.tools import Tools


@dataclass(frozen=True)
class Heartbeat:
    """Times in seconds since 1970. `sequence` is 0 before the first look; `error` is the last one met."""

    started_at: float
    watching: str
    sequence: int = 0
    id: str = ""
    at: float = 0.0
    due_at: float = 0.0
    error: str = ""


class Unreadable:
    """There may be a heartbeat, but the bucket does not say."""


def key(prefix: str, wait: Wait) -> str:
    """Where the heartbeat of this wait lies."""
    return f"{_folder(prefix, wait)}{fingerprint(wait.token)}.json"


def read(tools: Tools, wait: Wait) -> Heartbeat | Unreadable | None:
    """The heartbeat, None when there has been no look yet."""
    try:
        response = tools.s3.get_object(Bucket=tools.bucket, Key=key(tools.prefix, wait))
        return _parse(response["Body"].read())
    except AWS_ERRORS as error:
        if is_missing(error):
            return None
        tools.log("heartbeat unreadable", level="ERROR", name=wait.name, error=message(error))
    except (ValueError, TypeError) as error:
        tools.log("heartbeat not understood", level="ERROR", name=wait.name, error=str(error))
    return Unreadable()


def write(tools: Tools, wait: Wait, heartbeat: Heartbeat) -> None:
    """Replaces the heartbeat; a bucket that refuses is logged."""
    try:
        tools.s3.put_object(
            Bucket=tools.bucket,
            Key=key(tools.prefix, wait),
            Body=json.dumps({"version": 1, **asdict(heartbeat)}).encode(),
            ContentType="application/json",
        )
    except AWS_ERRORS as error:
        tools.log("heartbeat not written", level="ERROR", name=wait.name, error=message(error))


def is_superseded(received: Callback | Poll, heartbeat: Heartbeat | None) -> bool:
    """Another message took over this one's wait."""
    if heartbeat is None or heartbeat.sequence == 0:
        return False
    if isinstance(received, Callback):
        return True
    return (received.sequence, received.id) < (heartbeat.sequence, heartbeat.id)


def is_retry(tools: Tools, wait: Wait) -> bool:
    """The same execution has waited for the same thing before, with another token."""
    folder = _folder(tools.prefix, wait)
    listed = tools.s3.list_objects_v2(Bucket=tools.bucket, Prefix=folder).get("Contents", [])
    return any(each["Key"] != key(tools.prefix, wait) for each in listed)


def _folder(prefix: str, wait: Wait) -> str:
    name = quote(wait.name, safe="")  # the name of a batch is a URI
    return f"{prefix}/waits/{wait.execution_id}/{wait.waits_for}-{name}/"


def _parse(body: bytes) -> Heartbeat:
    content: dict[str, Any] = json.loads(body)
    return Heartbeat(**{name: content[name] for name in Heartbeat.__dataclass_fields__ if name in content})
