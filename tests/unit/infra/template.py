"""Reads a CloudFormation template: YAML with the short forms of its functions, conditions decided."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
    "EnvironmentName": "dev",
}
# What brings every policy about that a template knows.
RICH = {
    "KmsKeyArn": "KmsKeyArn",
    "DataSourceArns": "DataSourceArns",
    "InVpc": "true",
}
NOTHING = object()


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


def deployed(name: str, **parameters: str) -> dict[str, dict[str, Any]]:
    """The resources (type, properties) that the template makes with these parameters."""
    given = _given(name, parameters)
    return {
        logical_id: {"Type": each["Type"], "Properties": resolved(each["Properties"], name, given)}
        for logical_id, each in template(name)["Resources"].items()
        if "Condition" not in each or holds(name, {"Condition": each["Condition"]}, given)
    }


def _given(name: str, parameters: dict[str, str]) -> dict[str, str]:
    defaults = {key: str(each.get("Default", key)) for key, each in template(name)["Parameters"].items()}
    return {**defaults, **{key: value for key, value in VALUES.items() if key in defaults}, **parameters}


def holds(name: str, condition: Any, given: dict[str, str]) -> bool:
    """Whether a condition is true."""
    [(function, value)] = condition.items()
    if function == "Condition":
        return holds(name, template(name)["Conditions"][value], given)
    if function == "Fn::Equals":
        one, other = (resolved(each, name, given) for each in value)
        return bool(one == other)
    decided = [holds(name, each, given) for each in value]
    return {"Fn::Not": not decided[0], "Fn::And": all(decided), "Fn::Or": any(decided)}[function]


def resolved(value: Any, name: str = "base", given: dict[str, str] | None = None) -> Any:
    """The value with what is known put in place; a reference to a role's ARN becomes its logical id."""
    given = _given(name, {}) if given is None else given
    if isinstance(value, list):
        return [each for each in (resolved(each, name, given) for each in value) if each is not NOTHING]
    if not isinstance(value, dict):
        return value
    function = next(iter(value), "")
    if len(value) == 1 and function in FUNCTIONS:
        return FUNCTIONS[function](value[function], name, given)
    found = {key: resolved(each, name, given) for key, each in value.items()}
    return {key: each for key, each in found.items() if each is not NOTHING}


def _ref(argument: str, _: str, given: dict[str, str]) -> Any:
    return NOTHING if argument == "AWS::NoValue" else {**given, **VALUES}.get(argument, argument)


def _if(argument: list[Any], name: str, given: dict[str, str]) -> Any:
    condition, yes, no = argument
    return resolved(yes if holds(name, {"Condition": condition}, given) else no, name, given)


def _join(argument: list[Any], name: str, given: dict[str, str]) -> str:
    return str(argument[0]).join(as_list(resolved(argument[1], name, given)))


def _sub(argument: str, _: str, given: dict[str, str]) -> str:
    known = {**given, **VALUES}
    return re.sub(r"\$\{([\w:.]+)\}", lambda match: known.get(match[1], match[1]), argument)


FUNCTIONS: dict[str, Callable[[Any, str, dict[str, str]], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": lambda argument, *_: argument,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::Sub": _sub,
}


class Statement(NamedTuple):
    role: str
    actions: list[str]
    resources: list[str]
    condition: dict[str, Any]


def statements(**parameters: str) -> Iterator[Statement]:
    """Every statement that allows something, once for each role that has it."""
    for name, each in deployed("base", **{**RICH, **parameters}).items():
        properties = each["Properties"]
        if each["Type"] == "AWS::IAM::Role":
            for policy in properties["Policies"]:
                yield from _statements(name, policy["PolicyDocument"])
        elif each["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                yield from _statements(role, properties["PolicyDocument"])


def granted_to(policy: str, **parameters: str) -> list[Statement]:
    """The statements of one of the policies of people."""
    document = deployed("access", **parameters)[policy]["Properties"]["PolicyDocument"]
    return list(_statements(policy, document))


def _statements(holder: str, document: dict[str, Any]) -> Iterator[Statement]:
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        yield Statement(
            holder,
            as_list(statement["Action"]),
            as_list(statement["Resource"]),
            statement.get("Condition", {}),
        )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
