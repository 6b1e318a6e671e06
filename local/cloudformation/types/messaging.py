"""AWS::SQS::Queue and QueuePolicy, AWS::SNS::TopicPolicy, AWS::Events::Rule."""

# ruff: noqa: ARG002  (every type has the same verbs, not every verb needs all it is given)

from __future__ import annotations

import json
from typing import Any

from local.api import ApiError
from local.cloudformation.resource import Api, Made, Properties, check_known, picked, refuse_change
from local.cloudformation.types.iam import document

_QUEUE_ATTRIBUTES = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "VisibilityTimeout",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
)


class Queue:
    name_property = "QueueName"
    attributes = frozenset({"Arn", "QueueName", "QueueUrl"})
    _known = frozenset({"QueueName", "Tags", *_QUEUE_ATTRIBUTES})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        self._refuse_existing(api, name)
        request = {"QueueName": name, "Attributes": _written(properties), "tags": _tags(properties)}
        api("sqs", "CreateQueue", request)
        url = f"https://sqs.{api.region}.amazonaws.com/{api.account}/{name}"
        return Made(url, {"Arn": api.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, self._known)
        refuse_change(old, new, "QueueName", "FifoQueue")
        attributes = {name: value for name, value in _written(new).items() if name != "FifoQueue"}
        if attributes:
            api("sqs", "SetQueueAttributes", {"QueueUrl": made.physical_id, "Attributes": attributes})
        if old.get("Tags") != new.get("Tags"):
            gone = sorted(_tags(old))
            if gone:
                api("sqs", "UntagQueue", {"QueueUrl": made.physical_id, "TagKeys": gone})
            if _tags(new):
                api("sqs", "TagQueue", {"QueueUrl": made.physical_id, "Tags": _tags(new)})
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("sqs", "DeleteQueue", {"QueueUrl": made.physical_id})

    def _refuse_existing(self, api: Api, name: str) -> None:
        try:
            api("sqs", "GetQueueUrl", {"QueueName": name})
        except ApiError:
            return
        raise ApiError("AlreadyExists", f"a queue named {name} already exists")


def _written(properties: Properties) -> dict[str, str]:
    given = picked(properties, *_QUEUE_ATTRIBUTES)
    return {name: _text(value) for name, value in given.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags", [])}


class QueuePolicy:
    name_property = ""
    attributes: frozenset[str] = frozenset()

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, frozenset({"Queues", "PolicyDocument"}))
        self._set(api, properties["Queues"], document(properties["PolicyDocument"]))
        return Made(name)

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        gone = [url for url in old["Queues"] if url not in new["Queues"]]
        self._set(api, gone, "")
        return self.create(api, made.physical_id, new)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self._set(api, properties["Queues"], "")

    def _set(self, api: Api, urls: list[str], policy: str) -> None:
        for url in urls:
            api("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": policy}})


class TopicPolicy:
    name_property = ""
    attributes: frozenset[str] = frozenset()

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, frozenset({"Topics", "PolicyDocument"}))
        for arn in properties["Topics"]:
            policy = document(properties["PolicyDocument"])
            request = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
            api("sns", "SetTopicAttributes", request)
        return Made(name)

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        refuse_change(old, new, "Topics")
        return self.create(api, made.physical_id, new)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        """A topic's policy goes with its topic; SNS has no call to remove it."""


class Rule:
    name_property = "Name"
    attributes = frozenset({"Arn"})
    _known = frozenset(
        {"Name", "Description", "EventBusName", "EventPattern", "ScheduleExpression", "State", "RoleArn"}
        | {"Targets", "Tags"}
    )

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        self._put(api, name, properties)
        bus = properties.get("EventBusName", "default")
        path = f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}"
        return Made(name, {"Arn": api.arn("events", path)})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, self._known)
        refuse_change(old, new, "Name", "EventBusName")
        kept = {target["Id"] for target in new.get("Targets", [])}
        self._remove_targets(api, made, [t for t in old.get("Targets", []) if t["Id"] not in kept])
        self._put(api, made.physical_id, new)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self._remove_targets(api, made, properties.get("Targets", []))
        api("events", "DeleteRule", {"Name": made.physical_id, **picked(properties, "EventBusName")})

    def _put(self, api: Api, name: str, properties: Properties) -> None:
        request = picked(
            properties, "Description", "EventBusName", "ScheduleExpression", "State", "RoleArn", "Tags"
        )
        if "EventPattern" in properties:
            request["EventPattern"] = document(properties["EventPattern"])
        api("events", "PutRule", {"Name": name, **request})
        targets = [_target(target) for target in properties.get("Targets", [])]
        if targets:
            bus = picked(properties, "EventBusName")
            api("events", "PutTargets", {"Rule": name, "Targets": targets, **bus})

    def _remove_targets(self, api: Api, made: Made, targets: list[Any]) -> None:
        if targets:
            ids = [target["Id"] for target in targets]
            api("events", "RemoveTargets", {"Rule": made.physical_id, "Ids": ids})


def _target(target: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in target.items() if value is not None}
