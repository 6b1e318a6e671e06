"""Bucket policies: what a Deny statement for everybody says of changing an object is refused.

moto looks at action and resource alone, and takes a condition that it cannot judge for a refusal. Here the
conditions are judged that hold writers to something; Allow statements mean nothing: every key may do all.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote

from moto.core.request import Request
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

from local import protocol
from local.api import ApiError
from local.identities import Identities
from local.protocol import Route

_LOG = logging.getLogger("local.bucket_policies")
# The actions that an operation needs on its object; others are not looked at.
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "PutObject": ("s3:PutObject",),
    "CopyObject": ("s3:PutObject",),
    "CreateMultipartUpload": ("s3:PutObject",),
    "CompleteMultipartUpload": ("s3:PutObject",),
    "DeleteObject": ("s3:DeleteObject",),
    "DeleteObjects": ("s3:DeleteObject",),
    "PutObjectTagging": ("s3:PutObjectTagging",),
    "DeleteObjectTagging": ("s3:DeleteObjectTagging",),
}
_VARIABLE = re.compile(r"\$\{([\w:/-]+)(?:, *'([^']*)')?\}")
Context = Mapping[str, str]


class BucketPolicies:
    """Judges requests by the policies of moto's buckets."""

    def __init__(self, *, account: str, region: str, identities: Identities) -> None:
        self._account = account
        self._partition = get_partition(region)
        self._identities = identities
        _install()

    def check(self, request: Request, found: Route, access_key: str) -> None:
        """ApiError where a policy denies what the request does to an object."""
        actions = ACTIONS.get(found.operation, ())
        if found.service != "s3" or not actions:
            return
        bucket_name, _, key = request.raw_path.removeprefix("/").partition("/")
        bucket = s3_backends[self._account][self._partition].buckets.get(unquote(bucket_name))
        if bucket is None or not bucket.policy:
            return
        policy = json.loads(bucket.policy)
        context = self._context(request, found, access_key)
        for each in _named(request, found) if found.operation == "DeleteObjects" else [unquote(key)]:
            resource = f"arn:{self._partition}:s3:::{bucket.name}/{each}"
            for action in actions:
                if (sid := denied(policy, action, resource, context)) is not None:
                    raise ApiError(
                        "AccessDenied",
                        f"{self._identities.arn_of(access_key)} is not authorized to perform {action} on "
                        f"{resource} with an explicit deny in a resource-based policy ({sid})",
                        403,
                    )

    def _context(self, request: Request, found: Route, access_key: str) -> Context:
        """The condition keys of a request; those that it does not have are absent."""
        environ = request.environ
        known = {
            "aws:securetransport": "true",  # nothing but this machine hears it
            "aws:userid": self._identities.id_of(access_key),
            "aws:principalarn": self._identities.principal_of(access_key),
            "s3:if-none-match": environ.get("HTTP_IF_NONE_MATCH"),
        }
        tags = dict(parse_qsl(environ.get("HTTP_X_AMZ_TAGGING", ""), keep_blank_values=True))
        if found.operation == "PutObjectTagging":
            tags = {tag["Key"]: tag["Value"] for tag in _parsed(request, found)["Tagging"]["TagSet"]}
        known |= {f"s3:requestobjecttag/{name.lower()}": value for name, value in tags.items()}
        return {name: value for name, value in known.items() if value is not None}


def denied(policy: Mapping[str, Any], action: str, resource: str, context: Context) -> str | None:
    """The Sid of the first statement that denies it; None when none does."""
    for statement in _list(policy.get("Statement")):
        if (
            statement.get("Effect") == "Deny"
            and statement.get("Principal") in ("*", {"AWS": "*"})
            and _matches(action, statement.get("Action"))
            and _matches(resource, statement.get("Resource"))
            and _conditions_hold(statement.get("Condition", {}), context)
        ):
            return str(statement.get("Sid", "no Sid"))
    return None


def _conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    for operator, wanted in conditions.items():
        judge = OPERATORS.get(operator)
        if judge is None:
            _LOG.warning("a condition with %s is not judged: its statement does not apply", operator)
            return False
        for name, values in wanted.items():
            expected = [_filled(str(value).strip(), context) for value in _list(values)]
            if not judge(context.get(name.lower()), expected):
                return False
    return True


def _filled(value: str, context: Context) -> str:
    return _VARIABLE.sub(lambda found: context.get(found[1].lower(), found[2] or ""), value)


def _equal(found: str | None, expected: list[str]) -> bool:
    return found is not None and found in expected


def _like(found: str | None, expected: list[str]) -> bool:
    return found is not None and any(fnmatchcase(found, pattern) for pattern in expected)


def _bool(found: str | None, expected: list[str]) -> bool:
    return found is not None and found.lower() in [value.lower() for value in expected]


def _null(found: str | None, expected: list[str]) -> bool:
    return str(found is None).lower() in [value.lower() for value in expected]


OPERATORS: Mapping[str, Callable[[str | None, list[str]], bool]] = {
    "StringEquals": _equal,
    "StringNotEquals": lambda found, expected: not _equal(found, expected),
    "StringLike": _like,
    "StringNotLike": lambda found, expected: not _like(found, expected),
    "ArnEquals": _like,
    "ArnLike": _like,
    "ArnNotLike": lambda found, expected: not _like(found, expected),
    "Bool": _bool,
    "Null": _null,
}


def _matches(value: str, patterns: Any) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in _list(patterns))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _named(request: Request, found: Route) -> list[str]:
    return [entry["Key"] for entry in _parsed(request, found).get("Delete", {}).get("Objects", [])]


def _parsed(request: Request, found: Route) -> dict[str, Any]:
    parameters = protocol.parse(request, found)
    request.environ["wsgi.input"].seek(0)
    return parameters


def _install() -> None:
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL
