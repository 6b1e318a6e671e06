"""Model packages: created as a version of a group (or with a name of their own), updated by merging, deleted.

Beside the API reference: Developer Guide, page model-registry-approve, for the approval statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from local.api import ApiError
from local.engine.operations.pages import moment, present
from local.engine.ports import Document, Documents
from local.registry import cards
from local.registry.groups import Groups
from local.resources import Resources, as_described

KIND = "model-package"
TOKENS = "model-package-token"
MOST_PROPERTIES = 50  # API shape CustomerMetadataMap
EVENT = "SageMaker Model Package State Change"
# What UpdateModelPackage replaces, and how an event calls it (page automating-sagemaker-with-eventbridge).
REPLACED: Mapping[str, str | None] = {
    "ModelApprovalStatus": "ModelApprovalStatus",
    "ApprovalDescription": "ApprovalDescription",
    "InferenceSpecification": "InferenceSpecification",
    "SourceUri": "sourceUri",
    "ModelLifeCycle": "ModelLifeCycle",
    "ModelCard": None,
    "ModelPackageRegistrationType": None,
}
_IN_EVENTS = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "MetadataProperties",
    "ModelMetrics",
    "ModelLifeCycle",
)


class EventBus(Protocol):
    """local/events.py"""

    def emit(self, source: str, detail_type: str, detail: Document, resources: list[str]) -> None: ...


def missing(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f"ModelPackage {arn} does not exist.")


def taken(_name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f"Model Package already exists: {arn}")


class Packages:
    """Every method may be called from any thread."""

    def __init__(self, resources: Resources, groups: Groups, documents: Documents, events: EventBus) -> None:
        self.resources = resources
        self._groups = groups
        self._documents = documents
        self._events = events

    def create(self, asked: Document) -> str:
        """The ARN. The same ClientToken with the same request gives the same package."""
        cards.check(asked)
        token = asked.get("ClientToken")
        request = {name: value for name, value in asked.items() if name != "ClientToken"}
        earlier = None if token is None else self._documents.get(TOKENS, token)
        if earlier is not None and self.resources.find(earlier["arn"]) is not None:  # not deleted since
            if earlier["request"] != request:
                raise ApiError("ConflictException", f"ClientToken '{token}' was used with another request.")
            return str(earlier["arn"])
        package = self._new_version(request) if request.get("ModelPackageGroupName") else self._new(request)
        if token is not None:
            self._documents.put(TOKENS, token, {"request": request, "arn": package["arn"]})
        self._announce(package, [])
        return str(package["arn"])

    def _new_version(self, request: Document) -> Document:
        if request.get("ModelPackageName"):
            raise _refused("ModelPackageName and ModelPackageGroupName cannot be given together.")
        if request.get("Tags"):
            raise _refused(
                "Tags are not allowed with ModelPackageGroupName: a version has the tags of its group."
            )
        group, version = self._groups.next_version(request["ModelPackageGroupName"])
        request = {"ModelApprovalStatus": "PendingManualApproval", **request, "ModelPackageGroupName": group}
        return self.resources.add(f"{group}/{version}", request, version=version, changed=False)

    def _new(self, request: Document) -> Document:
        name = request.get("ModelPackageName")
        if not name:
            raise _refused("Either ModelPackageGroupName or ModelPackageName must be given.")
        return self.resources.add(name, request, version=None, changed=False)

    def update(self, asked: Document) -> str:
        """Members that are not given stay as they are."""
        cards.check(asked)
        fields: list[str] = []

        def change(package: Document) -> Document:
            fields[:] = changed_fields(package["request"], asked)
            return {**package, "request": merged(package["request"], asked), "changed": True}

        self.resources.get(asked["ModelPackageArn"])
        package = self.resources.change(self.resources.key(asked["ModelPackageArn"]), change)
        self._announce(package, fields)
        return str(package["arn"])

    def delete(self, name_or_arn: str) -> None:
        self.resources.delete(name_or_arn)

    def of_group(self, group: str) -> list[Document]:
        return [
            package
            for package in self.resources.all()
            if package["request"].get("ModelPackageGroupName") == group
        ]

    def _announce(self, package: Document, fields: list[str]) -> None:
        described = description(package)
        detail = {name: described[name] for name in _IN_EVENTS if name in described}
        detail |= {"CreationTime": _text(package["created"]), "LastModifiedTime": _text(package["modified"])}
        detail |= {"UpdatedModelPackageFields": fields} if fields else {}
        self._events.emit("aws.sagemaker", EVENT, detail, [package["arn"]])


def merged(request: Document, asked: Document) -> Document:
    """The package's request after UpdateModelPackage."""
    new = {**request, **{name: asked[name] for name in REPLACED if asked.get(name) is not None}}
    gone = set(asked.get("CustomerMetadataPropertiesToRemove") or ())
    kept = {
        key: value
        for key, value in (request.get("CustomerMetadataProperties") or {}).items()
        if key not in gone
    }
    properties = {**kept, **(asked.get("CustomerMetadataProperties") or {})}
    if len(properties) > MOST_PROPERTIES:
        raise _refused(
            f"CustomerMetadataProperties would have {len(properties)} keys; {MOST_PROPERTIES} are allowed."
        )
    added = asked.get("AdditionalInferenceSpecificationsToAdd") or []
    specifications = [*(request.get("AdditionalInferenceSpecifications") or []), *added]
    new |= {
        "CustomerMetadataProperties": properties or None,
        "AdditionalInferenceSpecifications": specifications or None,
    }
    return {name: value for name, value in new.items() if value is not None}


def changed_fields(request: Document, asked: Document) -> list[str]:
    """UpdatedModelPackageFields of the event: what really became different."""
    fields = [
        called
        for name, called in REPLACED.items()
        if called is not None and asked.get(name) is not None and asked[name] != request.get(name)
    ]
    before = request.get("CustomerMetadataProperties")
    if (merged(request, asked).get("CustomerMetadataProperties") or None) != (before or None):
        fields.append("CustomerMetadataProperties")
    return fields


def description(package: Document) -> dict[str, Any]:
    """DescribeModelPackage's answer. A version has no name of its own, only its group's and a number."""
    answer = {
        **as_described("DescribeModelPackage", package["request"]),
        **_state(package),
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": package["request"].get("CertifyForMarketplace", False),
        "LastModifiedTime": moment(package["modified"]) if package["changed"] else None,
    }
    return present(answer)


def summary(package: Document) -> dict[str, Any]:
    """An element of ListModelPackages' answer."""
    request = package["request"]
    members = (
        "ModelPackageName",
        "ModelPackageGroupName",
        "ModelPackageDescription",
        "ModelApprovalStatus",
        "ModelLifeCycle",
        "ModelPackageRegistrationType",
    )
    return present({**{name: request.get(name) for name in members}, **_state(package)})


def _state(package: Document) -> dict[str, Any]:
    return {
        "ModelPackageVersion": package["version"],
        "ModelPackageArn": package["arn"],
        "CreationTime": moment(package["created"]),
        "ModelPackageStatus": "Completed",
    }


def containers(package: Document) -> list[dict[str, Any]]:
    """The containers that a model made of the package has."""
    found: list[dict[str, Any]] = (package["request"].get("InferenceSpecification") or {}).get(
        "Containers"
    ) or []
    return found


def _refused(reason: str) -> ApiError:
    return ApiError("ValidationException", reason)


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
