"""The quotas of Bedrock that the stand-in holds its callers to: settable, listed by Service Quotas.

Defaults: us-east-1 in 2026, page "Amazon Bedrock endpoints and quotas" of the AWS General Reference.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local.api import ApiError

# How the service calls them in the message of a throttled call.
SPOKEN: Mapping[str, str] = {
    "sensitive_information": "sensitive information policy",
    "word": "word policy",
    "content": "content policy",
    "topic": "topic policy",
    "contextual_grounding": "contextual grounding policy",
}


@dataclass(frozen=True)
class Quotas:
    """Text units: 1,000 characters each, begun ones counted."""

    apply_requests_per_second: float = 100
    text_units_per_second: Mapping[str, float] = field(
        default_factory=lambda: {
            "sensitive_information": 1000,
            "word": 500,
            "content": 200,
            "topic": 50,
            "contextual_grounding": 106,
        }
    )
    text_units_per_request: Mapping[str, int] = field(
        default_factory=lambda: {
            "sensitive_information": 1000,
            "word": 1000,
            "content": 1000,
            "topic": 200,
            "contextual_grounding": 106,
        }
    )
    guardrails: int = 100
    versions_per_guardrail: int = 20
    jobs_per_model: int = 100
    records_per_job: int = 100_000
    records_per_file: int = 100_000
    minimum_records_per_job: int = 100
    bytes_per_file: int = 1_000_000_000
    bytes_per_job: int = 5_000_000_000


class Throttle:
    """Requests, and text units of each policy, of one second: a bucket each that refills steadily.

    A refused request takes nothing from any bucket. The burst is one second's worth.
    """

    def __init__(self, quotas: Quotas, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = {"requests": float(quotas.apply_requests_per_second)}
        self._rates |= {name: float(rate) for name, rate in quotas.text_units_per_second.items()}
        self._left = dict(self._rates)
        self._clock = clock
        self._at = clock()
        self._lock = threading.Lock()

    def take(self, units: Mapping[str, int], *, request_id: str, account: str) -> None:
        """ApiError (ThrottlingException), in the words of the service, where a bucket has not enough."""
        with self._lock:
            self._refill()
            if self._left["requests"] < 1:
                raise _throttled(
                    f"ApplyGuardrail requestId: {request_id} got throttled for the accountId: {account}"
                )
            for name, amount in units.items():
                # What is more than a second's worth waits for a full bucket and leaves it in debt.
                if self._left[name] < min(amount, self._rates[name]):
                    raise _throttled(
                        "Too many requests sent to ApplyGuardrail: On-demand ApplyGuardrail "
                        f"{SPOKEN[name]} text units per second limit exceeded"
                    )
            self._left["requests"] -= 1
            for name, amount in units.items():
                self._left[name] -= amount

    def _refill(self) -> None:
        now = self._clock()
        for name, rate in self._rates.items():
            self._left[name] = min(rate, self._left[name] + (now - self._at) * rate)
        self._at = now


def _throttled(message: str) -> ApiError:
    return ApiError("ThrottlingException", message, 429)


def listed(quotas: Quotas) -> list[tuple[str, str, float]]:
    """(code, name, value) as Service Quotas lists them. Two codes are AWS's; the others are made up here."""
    rates, sizes = quotas.text_units_per_second, quotas.text_units_per_request
    found = [
        ("L-9072D6F0", "On-demand ApplyGuardrail requests per second", quotas.apply_requests_per_second),
        (
            "L-CFCAAB0E",
            "On-demand ApplyGuardrail Sensitive information filter policy text units per second",
            rates["sensitive_information"],
        ),
        (
            "L-00000001",
            "On-demand ApplyGuardrail Word filter policy text units per second",
            rates["word"],
        ),
        (
            "L-00000002",
            "On-demand ApplyGuardrail Content filter policy text units per second (Classic)",
            rates["content"],
        ),
        (
            "L-00000003",
            "On-demand ApplyGuardrail Denied topic policy text units per second (Classic)",
            rates["topic"],
        ),
        (
            "L-00000004",
            "On-demand ApplyGuardrail contextual grounding policy text units per second",
            rates["contextual_grounding"],
        ),
        (
            "L-00000005",
            "Sensitive information filter policy size limit in text units",
            sizes["sensitive_information"],
        ),
        ("L-00000006", "Guardrails per account", quotas.guardrails),
        ("L-00000007", "Versions per guardrail", quotas.versions_per_guardrail),
    ]
    return [(code, name, float(value)) for code, name, value in found]
