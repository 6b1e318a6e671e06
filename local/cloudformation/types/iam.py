"""AWS::IAM::Role, Policy and ManagedPolicy."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from local.cloudformation.resource import Api, Made, Properties, check_known, picked, refuse_change


def document(value: Any) -> str:
    """A policy as JSON text: templates write it as a structure, with dates that YAML makes of versions."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


class Role:
    name_property = "RoleName"
    attributes = frozenset({"Arn", "RoleId"})
    _known = frozenset(
        {"RoleName", "AssumeRolePolicyDocument", "Path", "Description", "MaxSessionDuration", "Policies"}
        | {"ManagedPolicyArns", "PermissionsBoundary", "Tags"}
    )

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        request = picked(
            properties, "Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags"
        )
        trust = document(properties["AssumeRolePolicyDocument"])
        answer = api("iam", "CreateRole", {**request, "RoleName": name, "AssumeRolePolicyDocument": trust})
        self._put_policies(api, name, {}, properties)
        role = answer["Role"]
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        check_known(new, self._known)
        refuse_change(old, new, "RoleName", "Path")
        name = made.physical_id
        trust = document(new["AssumeRolePolicyDocument"])
        api("iam", "UpdateAssumeRolePolicy", {"RoleName": name, "PolicyDocument": trust})
        settings = {"Description": new.get("Description", ""), **picked(new, "MaxSessionDuration")}
        api("iam", "UpdateRole", {"RoleName": name, **settings})
        self._put_policies(api, name, old, new)
        if old.get("Tags") != new.get("Tags"):
            gone = [tag["Key"] for tag in old.get("Tags", [])]
            api("iam", "UntagRole", {"RoleName": name, "TagKeys": gone})
            api("iam", "TagRole", {"RoleName": name, "Tags": new.get("Tags", [])})
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        self._put_policies(api, made.physical_id, properties, {})
        api("iam", "DeleteRole", {"RoleName": made.physical_id})

    def _put_policies(self, api: Api, name: str, old: Properties, new: Properties) -> None:
        inline = {policy["PolicyName"]: policy["PolicyDocument"] for policy in new.get("Policies", [])}
        for gone in {policy["PolicyName"] for policy in old.get("Policies", [])} - set(inline):
            api("iam", "DeleteRolePolicy", {"RoleName": name, "PolicyName": gone})
        for policy, text in inline.items():
            request = {"RoleName": name, "PolicyName": policy, "PolicyDocument": document(text)}
            api("iam", "PutRolePolicy", request)
        before, after = set(old.get("ManagedPolicyArns", [])), set(new.get("ManagedPolicyArns", []))
        for arn in sorted(before - after):
            api("iam", "DetachRolePolicy", {"RoleName": name, "PolicyArn": arn})
        for arn in sorted(after - before):
            api("iam", "AttachRolePolicy", {"RoleName": name, "PolicyArn": arn})


class Policy:
    """An inline policy of roles that the template names."""

    name_property = "PolicyName"
    attributes = frozenset({"Id"})
    _known = frozenset({"PolicyName", "PolicyDocument", "Roles"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        for role in properties.get("Roles", []):
            request = {"PolicyName": name, "PolicyDocument": document(properties["PolicyDocument"])}
            api("iam", "PutRolePolicy", {"RoleName": role, **request})
        return Made(name, {"Id": name})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        refuse_change(old, new, "PolicyName")
        for role in set(old.get("Roles", [])) - set(new.get("Roles", [])):
            api("iam", "DeleteRolePolicy", {"RoleName": role, "PolicyName": made.physical_id})
        return self.create(api, made.physical_id, new)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        for role in properties.get("Roles", []):
            api("iam", "DeleteRolePolicy", {"RoleName": role, "PolicyName": made.physical_id})


class ManagedPolicy:
    name_property = "ManagedPolicyName"
    attributes = frozenset({"PolicyArn"})
    _known = frozenset({"ManagedPolicyName", "PolicyDocument", "Description", "Path", "Roles"})

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._known)
        request = {"PolicyName": name, "PolicyDocument": document(properties["PolicyDocument"])}
        answer = api("iam", "CreatePolicy", {**request, **picked(properties, "Description", "Path")})
        arn = answer["Policy"]["Arn"]
        self._attach(api, arn, properties.get("Roles", []))
        return Made(arn, {"PolicyArn": arn})

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        refuse_change(old, new, "ManagedPolicyName", "Description", "Path")
        arn = made.physical_id
        before, after = set(old.get("Roles", [])), set(new.get("Roles", []))
        for role in sorted(before - after):
            api("iam", "DetachRolePolicy", {"RoleName": role, "PolicyArn": arn})
        self._attach(api, arn, sorted(after - before))
        if old["PolicyDocument"] != new["PolicyDocument"]:
            text = document(new["PolicyDocument"])
            request = {"PolicyArn": arn, "PolicyDocument": text, "SetAsDefault": True}
            self._forget_versions(api, arn)
            api("iam", "CreatePolicyVersion", request)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        arn = made.physical_id
        for role in properties.get("Roles", []):
            api("iam", "DetachRolePolicy", {"RoleName": role, "PolicyArn": arn})
        self._forget_versions(api, arn)
        api("iam", "DeletePolicy", {"PolicyArn": arn})

    def _attach(self, api: Api, arn: str, roles: Iterable[str]) -> None:
        for role in roles:
            api("iam", "AttachRolePolicy", {"RoleName": role, "PolicyArn": arn})

    def _forget_versions(self, api: Api, arn: str) -> None:
        """A policy keeps at most five versions; those that are not in force can go."""
        for version in api("iam", "ListPolicyVersions", {"PolicyArn": arn})["Versions"]:
            if not version["IsDefaultVersion"]:
                api("iam", "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": version["VersionId"]})
