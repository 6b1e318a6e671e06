"""AWS's own policies, each when it is first asked for: all of them would be a thousand in every snapshot."""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.utilities.utils import get_partition

from local.api import Call, Operations
from local.stand_in import StandIn

_OPERATIONS = ("AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy", "GetPolicy", "GetPolicyVersion")


def operations(stand_in: StandIn) -> Operations:  # noqa: ARG001  (the same for every service)
    return {("iam", operation): _with_aws_policies for operation in _OPERATIONS}


def _with_aws_policies(call: Call) -> dict[str, Any]:
    arn = str(call.parameters["PolicyArn"])
    name = arn.rpartition("/")[2]
    backend: Any = iam_backends[call.account][get_partition(call.region)]
    if ":iam::aws:policy/" in arn and arn not in backend.managed_policies and name in _data():
        policy = AWSManagedPolicy.from_data(name, call.account, call.region, _data()[name])
        backend.managed_policies[policy.arn] = policy
    return call.moto()


@functools.cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(aws_managed_policies_data)
    return data
