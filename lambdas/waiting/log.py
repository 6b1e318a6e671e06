"""One JSON line per event on stdout, which Lambda carries to CloudWatch Logs.

Callers pass names, statuses and reasons, never requests: a container's environment may hold secrets, and a
callback token lets its holder answer a step, so it is logged as a fingerprint only.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Protocol


class Log(Protocol):
    def __call__(self, event: str, /, **fields: Any) -> None: ...


def to_stdout(event: str, /, **fields: Any) -> None:
    """Prints the event; values that JSON does not know appear as text."""
    print(json.dumps({"event": event, **fields}, default=str, ensure_ascii=False), flush=True)


def fingerprint(token: str) -> str:
    """What stands for a callback token in logs and keys."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
