"""Service Quotas of Bedrock, as the stand-in enforces them; those of other services are moto's."""

from __future__ import annotations

from typing import Any

from local.api import ApiError, Call, Operations
from local.bedrock.quotas import listed
from local.engine.operations.pages import page
from local.engine.ports import partition
from local.stand_in import StandIn

SERVICE = "bedrock"


def operations(stand_in: StandIn) -> Operations:
    def quotas() -> list[dict[str, Any]]:
        return [_quota(stand_in, *each) for each in listed(stand_in.settings.bedrock.quotas)]

    def all_of(call: Call) -> dict[str, Any]:
        if call.parameters["ServiceCode"] != SERVICE:
            return call.moto()
        return page(quotas(), call.parameters, "Quotas", lambda quota: quota)

    def one(call: Call) -> dict[str, Any]:
        if call.parameters["ServiceCode"] != SERVICE:
            return call.moto()
        for quota in quotas():
            if quota["QuotaCode"] == call.parameters["QuotaCode"]:
                return {"Quota": quota}
        raise ApiError("NoSuchResourceException", "The request failed because the quota does not exist.", 400)

    return {
        ("service-quotas", "ListServiceQuotas"): all_of,
        ("service-quotas", "GetServiceQuota"): one,
    }


def _quota(stand_in: StandIn, code: str, name: str, value: float) -> dict[str, Any]:
    region, account = stand_in.region, stand_in.account
    return {
        "ServiceCode": SERVICE,
        "ServiceName": "Amazon Bedrock",
        "QuotaArn": f"arn:{partition(region)}:servicequotas:{region}:{account}:{SERVICE}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
