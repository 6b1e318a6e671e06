"""sts:GetCallerIdentity: who a key of this stand-in belongs to."""

from __future__ import annotations

from typing import Any

from local.api import Call, Operations, StandIn


def operations(stand_in: StandIn) -> Operations:
    def get_caller_identity(call: Call) -> dict[str, Any]:
        arn = stand_in.identities.arn_of(call.access_key)
        return {"UserId": call.access_key, "Account": call.account, "Arn": arn}

    return {("sts", "GetCallerIdentity"): get_caller_identity}
