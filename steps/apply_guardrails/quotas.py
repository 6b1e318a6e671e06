"""The account's quotas of ApplyGuardrail, from Service Quotas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steps.runtime.errors import StepError
from steps.runtime.guardrail.calls import REQUESTS

SERVICE = "bedrock"
# Codes of two quotas and words in the names of all (Amazon Bedrock endpoints and quotas). Classic tier: a
# Standard-tier quota is never lower.
_CODES = {"L-9072D6F0": REQUESTS, "L-CFCAAB0E": "sensitive_information"}
_WORDS = {
    "word filter": "word",
    "content filter": "content",
    "denied topic": "topic",
    "contextual grounding": "contextual_grounding",
    "sensitive information": "sensitive_information",
}
_RATE = "applyguardrail"


def read_quotas(client: Any) -> Mapping[str, float]:
    """Requests and text units a second by policy; StepError where the account does not tell them."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, float] = {}
    try:
        for page in client.get_paginator("list_service_quotas").paginate(ServiceCode=SERVICE):
            for quota in page.get("Quotas", ()):
                name = _name(str(quota.get("QuotaCode", "")), str(quota.get("QuotaName", "")).lower())
                if name is not None:
                    found[name] = min(float(quota["Value"]), found.get(name, float("inf")))
    except (ClientError, BotoCoreError) as error:
        raise StepError(
            f"the quotas of ApplyGuardrail cannot be read: {type(error).__name__}",
            hint="allow the job's role servicequotas:ListServiceQuotas, or write apply.requests_per_second",
        ) from error
    if REQUESTS not in found:
        raise StepError(
            "Service Quotas names no quota of ApplyGuardrail requests for this account and region",
            hint="write apply.requests_per_second and apply.text_units_per_second",
        )
    return found


def _name(code: str, name: str) -> str | None:
    if code in _CODES:
        return _CODES[code]
    if _RATE not in name.replace(" ", "") or "second" not in name:
        return None
    if "request" in name and "unit" not in name:
        return REQUESTS
    return next((policy for words, policy in _WORDS.items() if words in name), None)
