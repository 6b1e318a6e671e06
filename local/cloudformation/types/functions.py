"""AWS::Lambda::Function, Version, Alias, Permission, EventSourceMapping and EventInvokeConfig."""

# ruff: noqa: ARG002  (every type has the same verbs, not every verb needs all it is given)

from __future__ import annotations

import io
import zipfile
from typing import Any

from moto.utilities.utils import load_resource_as_str

from local.cloudformation.resource import (
    Api,
    Made,
    Properties,
    ReplacementNeededError,
    check_known,
    picked,
    refuse_change,
)

_SETTINGS = (
    "Description",
    "Environment",
    "Handler",
    "Layers",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "VpcConfig",
    "TracingConfig",
    "DeadLetterConfig",
    "EphemeralStorage",
    "LoggingConfig",
    "KMSKeyArn",
    "KmsKeyArn",
)


class Function:
    name_property = "FunctionName"
    attributes = frozenset({"Arn"})
    _known = frozenset(
        {"FunctionName", "Code", "PackageType", "Architectures", "ReservedConcurrentExecutions", "Tags"}
        | set(_SETTINGS)
    )

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        request = {"FunctionName": name, "Code": _code(properties["Code"]), **_settings(properties)}
        tags = {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags", [])}
        more = picked(properties, "PackageType", "Architectures")
        answer = api("lambda", "CreateFunction", {**request, **more, "Tags": tags})
        self._reserve(api, name, {}, properties)
        return Made(name, {"Arn": answer["FunctionArn"]})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, self._known)
        refuse_change(old, new, "FunctionName", "PackageType")
        name = made.physical_id
        if _settings(old) != _settings(new):
            api("lambda", "UpdateFunctionConfiguration", {"FunctionName": name, **_settings(new)})
        if old["Code"] != new["Code"]:
            api("lambda", "UpdateFunctionCode", {"FunctionName": name, **_code(new["Code"])})
        self._reserve(api, name, old, new)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("lambda", "DeleteFunction", {"FunctionName": made.physical_id})

    def _reserve(self, api: Api, name: str, old: Properties, new: Properties) -> None:
        before, after = (p.get("ReservedConcurrentExecutions") for p in (old, new))
        if after is not None and after != before:
            request = {"FunctionName": name, "ReservedConcurrentExecutions": after}
            api("lambda", "PutFunctionConcurrency", request)
        elif after is None and before is not None:
            api("lambda", "DeleteFunctionConcurrency", {"FunctionName": name})


def _settings(properties: Properties) -> dict[str, Any]:
    given = picked(properties, *_SETTINGS)
    if "KmsKeyArn" in given:
        given["KMSKeyArn"] = given.pop("KmsKeyArn")
    return given


def _code(code: dict[str, Any]) -> dict[str, Any]:
    """ZipFile is source text in a template: it becomes index.py, with AWS's helper module beside it."""
    if "ZipFile" not in code:
        return picked(code, "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("index.py", code["ZipFile"])
        bundle.writestr("cfnresponse.py", load_resource_as_str("awslambda/resources/cfnresponse.py.txt"))
    return {"ZipFile": buffer.getvalue()}


class Version:
    """A published version: never changed; a template names a new one to publish again."""

    name_property = ""
    attributes = frozenset({"Version", "FunctionArn"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, frozenset({"FunctionName", "Description", "CodeSha256"}))
        answer = api("lambda", "PublishVersion", dict(properties))
        version = str(answer["Version"])
        arn = answer["FunctionArn"]
        return Made(arn, {"Version": version, "FunctionArn": arn})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        raise ReplacementNeededError

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        request = {"FunctionName": properties["FunctionName"], "Qualifier": made.attributes["Version"]}
        api("lambda", "DeleteFunction", request)


class Alias:
    name_property = ""
    attributes = frozenset({"AliasArn"})
    _known = frozenset({"FunctionName", "FunctionVersion", "Name", "Description", "RoutingConfig"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        arn = api("lambda", "CreateAlias", dict(properties))["AliasArn"]
        return Made(arn, {"AliasArn": arn})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, self._known)
        refuse_change(old, new, "FunctionName", "Name")
        api("lambda", "UpdateAlias", dict(new))
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("lambda", "DeleteAlias", picked(properties, "FunctionName", "Name"))


class Permission:
    name_property = ""
    attributes = frozenset({"Id"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        known = {"FunctionName", "Action", "Principal", "SourceArn", "SourceAccount", "PrincipalOrgID"}
        check_known(properties, frozenset(known))
        function = _unqualified(properties["FunctionName"])
        request = {**properties, **function, "StatementId": name}
        api("lambda", "AddPermission", request)
        return Made(name, {"Id": name})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        self.delete(api, made, old)
        return self.create(api, made.physical_id, new)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        function = _unqualified(properties["FunctionName"])
        api("lambda", "RemovePermission", {**function, "StatementId": made.physical_id})


def _unqualified(function: str) -> dict[str, str]:
    """A function with a version or alias, as the API takes it."""
    if function.startswith("arn:"):
        parts = function.split(":")
        return {"FunctionName": parts[6], **({"Qualifier": parts[7]} if len(parts) > 7 else {})}
    name, _, qualifier = function.partition(":")
    return {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}


class EventSourceMapping:
    name_property = ""
    attributes = frozenset({"Id", "EventSourceMappingArn"})
    _known = frozenset(
        {"FunctionName", "EventSourceArn", "BatchSize", "Enabled", "MaximumBatchingWindowInSeconds"}
        | {"FunctionResponseTypes", "ScalingConfig", "FilterCriteria"}
    )

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        uuid = str(api("lambda", "CreateEventSourceMapping", dict(properties))["UUID"])
        arn = api.arn("lambda", f"event-source-mapping:{uuid}")
        return Made(uuid, {"Id": uuid, "EventSourceMappingArn": arn})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, self._known)
        refuse_change(old, new, "EventSourceArn")
        changed = {name: value for name, value in new.items() if name != "EventSourceArn"}
        api("lambda", "UpdateEventSourceMapping", {"UUID": made.physical_id, **changed})
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("lambda", "DeleteEventSourceMapping", {"UUID": made.physical_id})


class EventInvokeConfig:
    name_property = ""
    attributes: frozenset[str] = frozenset()
    _known = frozenset(
        {"FunctionName", "Qualifier", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"}
    )

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        api("lambda", "PutFunctionEventInvokeConfig", dict(properties))
        return Made(name)

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        refuse_change(old, new, "FunctionName", "Qualifier")
        return self.create(api, made.physical_id, new)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("lambda", "DeleteFunctionEventInvokeConfig", picked(properties, "FunctionName", "Qualifier"))
