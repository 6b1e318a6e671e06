"""Reads a CloudFormation template: YAML with the short forms of its functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[3]
CODE_HASH = "0123456789ab"
VALUES = {
    "Prefix": "test",
    "BucketName": "test-bucket",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "Bucket.Arn": "arn:aws:s3:::test-bucket",
    "EnvironmentName": "dev",
}


class Loader(yaml.SafeLoader):
    """Knows !Ref, !GetAtt and the others."""


def _construct(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _construct)


def text(name: str) -> str:
    """The template as it is deployed: the codes' hashes in place."""
    return re.sub(r"@[a-z_]+@", CODE_HASH, (ROOT / "infra" / f"{name}.yaml").read_text())


@cache
def template(name: str) -> dict[str, Any]:
    """The parsed template."""
    loaded: dict[str, Any] = yaml.load(text(name), Loader)
    return loaded


def resources(name: str, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by logical id."""
    found = template(name)["Resources"].items()
    return {key: each["Properties"] for key, each in found if each["Type"] == kind}


def resolved(value: Any) -> Any:
    """The value with what is known put in place; a reference to a role's ARN becomes its logical id."""
    if isinstance(value, list):
        return [resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return VALUES.get(value["Ref"], value["Ref"])
    if "Fn::GetAtt" in value:
        return VALUES.get(value["Fn::GetAtt"], value["Fn::GetAtt"])
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:.]+)\}", lambda match: VALUES[match[1]], value["Fn::Sub"])
    return {key: resolved(each) for key, each in value.items()}


class Statement(NamedTuple):
    role: str
    actions: list[str]
    resources: list[str]
    condition: dict[str, Any]


def statements() -> Iterator[Statement]:
    """Every statement that allows something, once for each role that has it."""
    for role, properties in resources("base", "AWS::IAM::Role").items():
        for policy in properties["Policies"]:
            yield from _statements(role, policy["PolicyDocument"])
    for properties in resources("base", "AWS::IAM::Policy").values():
        for role in properties["Roles"]:
            yield from _statements(role["Ref"], properties["PolicyDocument"])


def _statements(role: str, document: dict[str, Any]) -> Iterator[Statement]:
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        yield Statement(
            role,
            as_list(statement["Action"]),
            as_list(resolved(statement["Resource"])),
            resolved(statement.get("Condition", {})),
        )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
