"""What a resource type of a template is here: calls of the service's own API that make and delete it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.model import Shape

from local.protocol import operation_model

Properties = Mapping[str, Any]
Call = Callable[..., dict[str, Any]]  # (service, operation, parameters, region=...)


class ReplacementNeededError(Exception):
    """A change that the service cannot make in place: a new resource takes the old one's."""


class UnknownPropertyError(Exception):
    """A property that would be dropped silently."""


@dataclass(frozen=True)
class Made:
    """A resource that exists: what Ref and GetAtt give."""

    physical_id: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Api:
    """The services, as a resource type calls them; values are brought to the types of the operation."""

    call: Call
    account: str
    region: str
    partition: str

    def __call__(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        shape = operation_model(service, operation).input_shape
        given = {name: value for name, value in parameters.items() if value is not None}
        request = coerced(shape, given) if shape else given
        return self.call(service, operation, request, region=self.region)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"


class ResourceType(Protocol):
    """One type. `name_property` is where a template may name the resource ("" where it cannot)."""

    name_property: str
    attributes: frozenset[str]

    def create(self, api: Api, name: str, properties: Properties) -> Made: ...

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        """ReplacementNeededError where the service would replace the resource."""

    def delete(self, api: Api, made: Made, properties: Properties) -> None: ...


def check_known(properties: Properties, known: frozenset[str]) -> None:
    unknown = sorted(set(properties) - known)
    if unknown:
        raise UnknownPropertyError(f"the stand-in does not have {', '.join(unknown)} of this type")


def refuse_change(old: Properties, new: Properties, *names: str) -> None:
    """The properties that cannot change without a new resource."""
    if any(old.get(name) != new.get(name) for name in names):
        raise ReplacementNeededError


def picked(properties: Properties, *names: str) -> dict[str, Any]:
    return {name: properties[name] for name in names if name in properties}


def coerced(shape: Shape, value: Any) -> Any:
    """Template values as the operation's model types them: "30" is a number where one is wanted."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {
            name: coerced(members[name], item) if name in members else item for name, item in value.items()
        }
    if kind == "list" and isinstance(value, list):
        return [coerced(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, Mapping):
        return {str(name): coerced(shape.value, item) for name, item in value.items()}
    return _scalar(kind, value)


def _scalar(kind: str, value: Any) -> Any:
    if kind in ("integer", "long") and isinstance(value, str):
        return int(value)
    if kind in ("float", "double") and isinstance(value, str):
        return float(value)
    if kind == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    if kind == "string" and isinstance(value, bool):
        return str(value).lower()
    if kind == "string" and isinstance(value, (int, float)):
        return str(value)
    return value
