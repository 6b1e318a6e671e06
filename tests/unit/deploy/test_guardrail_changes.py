"""In what a guardrail differs: entry by entry, by what CreateGuardrail was told."""

from __future__ import annotations

import json
from typing import Any

from definition.comparison import Detail
from deploy.actions import GuardrailSpec, UpdateGuardrail
from deploy.planning.guardrail_changes import guardrail_details
from deploy.session import Aws
from tests.unit.deploy.fakes import ACCOUNT, REGION

# As GetGuardrail answers: no "Config" in names, and defaults that nobody sent.
FOUND: dict[str, Any] = {
    "name": "local-calls",
    "status": "READY",
    "blockedInputMessaging": "No.",
    "blockedOutputsMessaging": "No.",
    "sensitiveInformationPolicy": {
        "piiEntities": [
            {"type": "EMAIL", "action": "ANONYMIZE", "inputAction": "ANONYMIZE", "inputEnabled": True},
            {"type": "NAME", "action": "BLOCK", "inputAction": "BLOCK", "inputEnabled": True},
        ],
        "regexes": [],
    },
    "contentPolicy": {
        "filters": [{"type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH"}],
        "tier": {"tierName": "CLASSIC"},
    },
}


class Bedrock:
    """One guardrail."""

    def get_guardrail(self, *, guardrailIdentifier: str) -> dict[str, Any]:
        assert guardrailIdentifier == "id0"
        return FOUND


def told(**settings: Any) -> tuple[Detail, ...]:
    """What is said of a guardrail with these settings."""
    wanted = {
        "blockedInputMessaging": "No.",
        "blockedOutputsMessaging": "No.",
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfig": [
                {"type": "EMAIL", "action": "ANONYMIZE"},
                {"type": "NAME", "action": "BLOCK"},
            ]
        },
        "contentPolicyConfig": {
            "filtersConfig": [{"type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH"}]
        },
        **settings,
    }
    spec = GuardrailSpec("local-calls", "digest", "", json.dumps(wanted), ())
    aws = Aws(ACCOUNT, REGION, make=lambda service: Bedrock())
    return guardrail_details(aws, UpdateGuardrail(spec, "id0"))


def test_defaults_that_the_service_adds_are_no_difference() -> None:
    """What was not sent does not count."""
    assert told() == ()


def test_entries_are_told_by_what_they_are_of() -> None:
    """One that comes, one that goes, one whose action changes, and a message."""
    pii = [{"type": "EMAIL", "action": "BLOCK"}, {"type": "PHONE", "action": "ANONYMIZE"}]
    found = told(sensitiveInformationPolicyConfig={"piiEntitiesConfig": pii}, blockedInputMessaging="Never.")
    policy = "sensitiveInformationPolicy.piiEntities"
    assert found == (
        Detail("blockedInputMessaging", "No. -> Never."),
        Detail(f"{policy}.EMAIL.action", "ANONYMIZE -> BLOCK"),
        Detail(f"{policy}.NAME", '{"action": "BLOCK", "type": "NAME"} -> nothing'),
        Detail(f"{policy}.PHONE", 'nothing -> {"action": "ANONYMIZE", "type": "PHONE"}'),
    )
