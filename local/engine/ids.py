"""Names of things an execution makes: ids, callback tokens, job names."""

from __future__ import annotations

import secrets
import string

_LOWER = string.ascii_lowercase + string.digits
_MIXED = string.ascii_letters + string.digits
MAX_NAME_LENGTH = 63


def execution_id() -> str:
    """12 lower-case letters and digits, as the service makes them."""
    return _random(_LOWER, 12)


def callback_token() -> str:
    """Exactly 10 letters and digits (API shape CallbackToken)."""
    return _random(_MIXED, 10)


def job_name(execution: str, step: str, *, prefix: str = "pipelines") -> str:
    """`pipelines-<execution id>-<step>-<10 characters>`, the step name cut so that it fits 63 characters."""
    suffix = _random(_MIXED, 10)
    room = MAX_NAME_LENGTH - len(execution) - len(suffix) - 3
    cut_prefix = prefix[: room - 1]
    middle = "".join(c if c.isascii() and c.isalnum() else "-" for c in step)[: room - len(cut_prefix)]
    return "-".join(part for part in (cut_prefix.strip("-"), execution, middle.strip("-"), suffix) if part)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
