"""AWS::S3::Bucket with every property that the API has a call for, and AWS::S3::BucketPolicy."""

# ruff: noqa: ARG002  (every type has the same verbs, not every verb needs all it is given)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.cloudformation.resource import Api, Made, Properties, check_known, refuse_change
from local.cloudformation.types.iam import document


@dataclass(frozen=True)
class _Setting:
    """One property: the calls that set and remove it, and how its value is written there."""

    put: str
    member: str
    remove: str | None
    written: Callable[[Any], Any] = lambda value: value


def _encryption(value: Any) -> dict[str, Any]:
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault"),
            **({"BucketKeyEnabled": rule["BucketKeyEnabled"]} if "BucketKeyEnabled" in rule else {}),
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"Rules": rules}


def _cors(value: Any) -> dict[str, Any]:
    renamed = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}
    return {"CORSRules": [{renamed.get(n, n): v for n, v in rule.items()} for rule in value["CorsRules"]]}


def _lifecycle(value: Any) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        written["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        written["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if "NoncurrentVersionExpirationInDays" in rule:
        written["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            written[name] = rule[name]
    if "Transitions" in rule:
        days = [
            {"Days": t["TransitionInDays"], "StorageClass": t["StorageClass"]} for t in rule["Transitions"]
        ]
        written["Transitions"] = days
    known = {"Id", "Status", "Prefix", "ExpirationInDays", "NoncurrentVersionExpirationInDays", "Transitions"}
    check_known(rule, frozenset(known | {"NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}))
    return written


def _notification(value: Any) -> dict[str, Any]:
    """Only EventBridge: queues, topics and functions of a bucket would need their permissions checked."""
    check_known(value, frozenset({"EventBridgeConfiguration"}))
    return {"EventBridgeConfiguration": {}}


_SETTINGS = {
    "BucketEncryption": _Setting(
        "PutBucketEncryption", "ServerSideEncryptionConfiguration", "DeleteBucketEncryption", _encryption
    ),
    "VersioningConfiguration": _Setting("PutBucketVersioning", "VersioningConfiguration", None),
    "PublicAccessBlockConfiguration": _Setting(
        "PutPublicAccessBlock", "PublicAccessBlockConfiguration", "DeletePublicAccessBlock"
    ),
    "OwnershipControls": _Setting(
        "PutBucketOwnershipControls", "OwnershipControls", "DeleteBucketOwnershipControls"
    ),
    "CorsConfiguration": _Setting("PutBucketCors", "CORSConfiguration", "DeleteBucketCors", _cors),
    "LifecycleConfiguration": _Setting(
        "PutBucketLifecycleConfiguration", "LifecycleConfiguration", "DeleteBucketLifecycle", _lifecycle
    ),
    "NotificationConfiguration": _Setting(
        "PutBucketNotificationConfiguration", "NotificationConfiguration", None, _notification
    ),
    "Tags": _Setting("PutBucketTagging", "Tagging", "DeleteBucketTagging", lambda value: {"TagSet": value}),
}


class Bucket:
    name_property = "BucketName"
    attributes = frozenset({"Arn", "DomainName", "RegionalDomainName", "DualStackDomainName"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, frozenset({"BucketName", *_SETTINGS}))
        request: dict[str, Any] = {"Bucket": name}
        if api.region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": api.region}
        api("s3", "CreateBucket", request)
        self._set(api, name, {}, properties)
        hosts = {
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{api.region}.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{api.region}.amazonaws.com",
        }
        return Made(name, {"Arn": f"arn:{api.partition}:s3:::{name}", **hosts})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, frozenset({"BucketName", *_SETTINGS}))
        refuse_change(old, new, "BucketName")
        self._set(api, made.physical_id, old, new)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("s3", "DeleteBucket", {"Bucket": made.physical_id})

    def _set(self, api: Api, name: str, old: Properties, new: Properties) -> None:
        for property_name, setting in _SETTINGS.items():
            value = new.get(property_name)
            if value == old.get(property_name):
                continue
            if value is not None:
                api("s3", setting.put, {"Bucket": name, setting.member: setting.written(value)})
            elif setting.remove is not None:
                api("s3", setting.remove, {"Bucket": name})


class BucketPolicy:
    name_property = ""
    attributes: frozenset[str] = frozenset()

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, frozenset({"Bucket", "PolicyDocument"}))
        request = {"Bucket": properties["Bucket"], "Policy": document(properties["PolicyDocument"])}
        api("s3", "PutBucketPolicy", request)
        return Made(properties["Bucket"])

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        refuse_change(old, new, "Bucket")
        return self.create(api, made.physical_id, new)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("s3", "DeleteBucketPolicy", {"Bucket": made.physical_id})
