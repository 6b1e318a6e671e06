"""What CloudFormation does in its caller's name for a resource: the permissions that its types declare.

They come with cfn-lint, from the public registry of resource types. A type declares what any of its
properties may need; what ours have no use for is left out below, each with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint  # type: ignore[import-untyped]

from tests.unit.infra.template import template

FOLDER = Path(cfnlint.__file__).parent / "data" / "schemas" / "resources"
UNUSED = (
    # Other services, for properties that the templates do not set.
    r"(codedeploy|ec2|elasticfilesystem|s3files|s3tables|firehose|kms):.*",
    # Subscriptions and data protection of topics.
    r"sns:(Subscribe|Unsubscribe|PutDataProtectionPolicy|Publish)",
    # Concurrency, scaling, signing, layers and runtimes of functions.
    r"lambda:(Put|Delete)?.*(Concurrency|CodeSigning|LayerVersion|CapacityProvider|RuntimeAlias).*",
    r"lambda:(Get|Put)(RuntimeManagement|FunctionRecursion|FunctionScaling)Config",
    r"s3:GetObjectVersion",
    r"logs:.*(DataProtection|LogDelivery|ResourcePolic|IndexPolic|BearerToken|KmsKey|DeletionProtection).*",
    r"logs:DeleteRetentionPolicy|s3:REST\..*",
    # Buckets: everything but encryption, ownership, public access, CORS, versions, lifecycle, tags, policy.
    r"s3:\w*(Analytics|Inventory|Metrics|Notification|Replication|Website|Accelerate)\w*",
    r"s3:\w*(Logging|ObjectLock|Tiering|Acl|Abac|Metadata|TagsForResource|TagResource|UntagResource)\w*",
    r"s3:(DeleteObject|DeleteBucket\w*|ListBucket)",
    # Policies of ours are inline, and of roles.
    r"iam:\w*(User|Group)Policy|iam:(Attach|Detach)RolePolicy|iam:DeleteRolePermissionsBoundary",
    # A queue's URL is made of its name.
    r"sqs:GetQueueUrl",
    # Rules of ours hand no role on to their targets; for functions see below.
    r"iam:PassRole",
)
# By type: a topic that logs its deliveries hands a role on; ours does not.
UNUSED_BY = {"AWS::SNS::Topic": r"iam:.*"}


def needed_for(name: str) -> set[str]:
    """The actions that making, changing, reading and deleting the template's resources takes."""
    kinds = {each["Type"] for each in template(name)["Resources"].values()}
    declared = {action for kind in kinds for action in _declared(kind)}
    return {action for action in declared if not any(re.fullmatch(each, action) for each in UNUSED)}


def _declared(kind: str) -> Iterator[str]:
    for verb in ("create", "read", "update", "delete"):
        for action in schemas()[kind]["handlers"].get(verb, {}).get("permissions", []):
            if not re.fullmatch(UNUSED_BY.get(kind, ""), action):
                yield action


@cache
def schemas() -> dict[str, Any]:
    """The schemas of all types, by name."""
    found = (json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json"))
    return {schema["typeName"]: schema for schema in found if "typeName" in schema}
