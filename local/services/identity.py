"""sts:GetCallerIdentity: who a key of this stand-in belongs to."""

from __future__ import annotations

from typing import Any

from local.api import Call, Operations
from local.stand_in import StandIn


def operations(stand_in: StandIn) -> Operations:
    def get_caller_identity(call: Call) -> dict[str, Any]:
        identities, key = stand_in.identities, call.access_key
        return {"UserId": identities.id_of(key), "Account": call.account, "Arn": identities.arn_of(key)}

    return {("sts", "GetCallerIdentity"): get_caller_identity}
