"""In what a guardrail's configuration differs from the one that is there, entry by entry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from definition.comparison import Detail
from definition.difference import ABSENT, differences
from definition.expressions import shown
from deploy.actions import UpdateGuardrail
from deploy.session import Aws

# What GetGuardrail says of an entry beside these are defaults that CreateGuardrail was not told.
_MEMBERS: Final = frozenset(
    {"type", "action", "name", "pattern", "description", "text", "definition", "examples"}
    | {"inputStrength", "outputStrength"}
)
_MESSAGES: Final = ("blockedInputMessaging", "blockedOutputsMessaging")


def guardrail_details(aws: Aws, action: UpdateGuardrail) -> tuple[Detail, ...]:
    """What is different; only reads."""
    found = aws.client("bedrock").get_guardrail(guardrailIdentifier=action.id)
    return tuple(_details(_policies(found), _policies(json.loads(action.guardrail.settings))))


def _details(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Detail]:
    for each in differences(old, new):
        before = "nothing" if each.before is ABSENT else shown(each.before)
        after = "nothing" if each.after is ABSENT else shown(each.after)
        yield Detail(".".join(each.path), f"{before} -> {after}")


def _policies(guardrail: Mapping[str, Any]) -> dict[str, Any]:
    """Messages, and entries by policy; CreateGuardrail ends names in Config, GetGuardrail does not."""
    found: dict[str, Any] = {name: guardrail.get(name, "") for name in _MESSAGES}
    for name, policy in guardrail.items():
        if not name.removesuffix("Config").endswith("Policy") or not isinstance(policy, Mapping):
            continue
        for member, entries in policy.items():
            if isinstance(entries, list) and entries:
                short = f"{name.removesuffix('Config')}.{member.removesuffix('Config')}"
                found[short] = [_entry(entry) for entry in entries]
    return found


def _entry(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return {key: value for key, value in entry.items() if key in _MEMBERS and value not in (None, "", [])}
