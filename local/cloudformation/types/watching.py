"""AWS::Logs::LogGroup and AWS::CloudWatch::Alarm."""

# ruff: noqa: ARG002  (every type has the same verbs, not every verb needs all it is given)

from __future__ import annotations

from local.cloudformation.resource import Api, Made, Properties, check_known, refuse_change


class LogGroup:
    name_property = "LogGroupName"
    attributes = frozenset({"Arn"})
    _known = frozenset({"LogGroupName", "RetentionInDays", "KmsKeyId", "Tags"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        tags = {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags", [])}
        api(
            "logs",
            "CreateLogGroup",
            {"logGroupName": name, "kmsKeyId": properties.get("KmsKeyId"), "tags": tags},
        )
        self._retain(api, name, {}, properties)
        return Made(name, {"Arn": api.arn("logs", f"log-group:{name}:*")})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, self._known)
        refuse_change(old, new, "LogGroupName")
        self._retain(api, made.physical_id, old, new)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("logs", "DeleteLogGroup", {"logGroupName": made.physical_id})

    def _retain(self, api: Api, name: str, old: Properties, new: Properties) -> None:
        days = new.get("RetentionInDays")
        if days is not None:
            api("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days})
        elif "RetentionInDays" in old:
            api("logs", "DeleteRetentionPolicy", {"logGroupName": name})


class Alarm:
    name_property = "AlarmName"
    attributes = frozenset({"Arn"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        api("cloudwatch", "PutMetricAlarm", {**properties, "AlarmName": name})
        return Made(name, {"Arn": api.arn("cloudwatch", f"alarm:{name}")})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        refuse_change(old, new, "AlarmName")
        return self.create(api, made.physical_id, new)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api("cloudwatch", "DeleteAlarms", {"AlarmNames": [made.physical_id]})
