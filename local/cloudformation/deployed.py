"""One resource of a stack, whichever way it was made, with the same four verbs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from local.cloudformation.catalog import TYPES
from local.cloudformation.resource import Api, Made, ReplacementNeededError


class DeployedResource(CloudFormationModel):  # type: ignore[misc]
    """A resource of our own types, as moto's stacks keep it: Ref and GetAtt read from here."""

    def __init__(self, logical_id: str, kind: str, made: Made) -> None:
        self.logical_resource_id = logical_id
        self.cf_resource_type = kind
        self.made = made

    @property
    def physical_resource_id(self) -> str:
        return self.made.physical_id

    @staticmethod
    def cloudformation_type() -> str:
        return "StandIn::Deployed::Resource"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        return True  # local/cloudformation/template.py has checked the attributes

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.made.attributes[attribute_name]


class Hands:
    """Creates, changes and deletes resources: our types by API calls, the others by moto's classes."""

    def __init__(self, api: Api, resource_map: Any, stack_name: str, stack_id: str) -> None:
        self._api = api
        self._map = resource_map
        self._stack_name = stack_name
        self._stack_id = stack_id

    def create(self, logical_id: str, resource: Mapping[str, Any]) -> Any:
        kind = TYPES.get(resource["Type"])
        if kind is None:
            return self._create_by_moto(logical_id, resource)
        properties = resource.get("Properties", {})
        name = properties.get(kind.name_property) or self._generated_name(logical_id, resource["Type"])
        return DeployedResource(logical_id, resource["Type"], kind.create(self._api, str(name), properties))

    def update(self, existing: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> Any:
        kind = TYPES.get(new["Type"])
        if kind is None:
            return self._update_by_moto(existing, new)
        old_properties, properties = old.get("Properties", {}), new.get("Properties", {})
        try:
            made = kind.update(self._api, existing.made, old_properties, properties)
        except ReplacementNeededError:
            named = kind.name_property and properties.get(kind.name_property)
            if named and named == old_properties.get(kind.name_property):
                raise ValueError(
                    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                    f"Rename {named} and update the stack again."
                ) from None
            raise
        return DeployedResource(existing.logical_resource_id, new["Type"], made)

    def delete(self, existing: Any, resource: Mapping[str, Any]) -> None:
        kind = TYPES.get(resource["Type"])
        if kind is None:
            self._map._delete_resource(existing, copy.deepcopy(dict(resource)))
        else:
            kind.delete(self._api, existing.made, resource.get("Properties", {}))

    def _create_by_moto(self, logical_id: str, resource: Mapping[str, Any]) -> Any:
        cleaned = copy.deepcopy(dict(resource))
        made = parsing.parse_and_create_resource(
            logical_id, cleaned, self._map, self._api.account, self._api.region
        )
        if not hasattr(made, "physical_resource_id"):
            made.physical_resource_id = self._generated_name(logical_id, resource["Type"])
        return made

    def _update_by_moto(self, existing: Any, resource: Mapping[str, Any]) -> Any:
        made = parsing.parse_and_update_resource(
            existing.logical_resource_id,
            copy.deepcopy(dict(resource)),
            self._map,
            self._api.account,
            self._api.region,
        )
        if made is None:
            raise ReplacementNeededError
        return made

    def _generated_name(self, logical_id: str, kind: str) -> str:
        name: str = parsing.generate_resource_name(kind, self._stack_name, logical_id)
        return name[:64] if kind != "AWS::S3::Bucket" else name
