"""Carrying a stack from one template to another: in dependency order, with events, and back when it fails."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import Event
from moto.utilities.utils import get_partition

from local.api import ApiError
from local.cloudformation.deployed import Hands
from local.cloudformation.resource import Api, ReplacementNeededError, UnknownPropertyError
from local.cloudformation.template import dependency_order

_LOG = logging.getLogger("local.cloudformation")


class ResourceFailedError(Exception):
    """A resource that could not be made as the template wants it."""

    def __init__(self, logical_id: str, reason: str) -> None:
        super().__init__(f"{logical_id}: {reason}")
        self.logical_id = logical_id
        self.reason = reason


class Deployment:
    """One stack's resources. What is deployed is kept, resolved, in `resource_map.deployed`."""

    def __init__(self, stack: Any, api: Api, checkpoint: Callable[[], None]) -> None:
        self._stack = stack
        self._checkpoint = checkpoint
        self._map = stack.resource_map
        self._hands = Hands(api, stack.resource_map, stack.name, stack.stack_id)
        self._map._parsed_resources["AWS::Partition"] = get_partition(api.region)
        if not hasattr(self._map, "deployed"):
            self._map.deployed = {}

    def deploy(self, resources: Mapping[str, Any]) -> bool:
        """Makes the stack's resources those; False when nothing had to change. ResourceFailedError."""
        left_over: list[tuple[str, Any, Mapping[str, Any]]] = []
        changed = False
        wanted = [name for name in dependency_order(resources) if self._is_wanted(resources[name])]
        for name in wanted:
            changed |= self._bring(name, resources[name], left_over)
        gone = [name for name in self._map.deployed if name not in wanted]
        for name in reversed(self._ordered(gone)):
            left_over.append((name, self._map._parsed_resources.pop(name), self._map.deployed.pop(name)))
        for name, existing, resource in left_over:
            self._delete(
                name, existing, resource, policy="DeletionPolicy" if name in gone else "UpdateReplacePolicy"
            )
        return changed or bool(left_over)

    def delete_all(self) -> list[str]:
        """Deletes what may be deleted, last first; returns the names that could not be."""
        failed = []
        for name in reversed(self._ordered(self._map.deployed)):
            existing, resource = self._map._parsed_resources[name], self._map.deployed[name]
            try:
                self._delete(name, existing, resource, policy="DeletionPolicy")
            except ResourceFailedError:
                failed.append(name)
                continue
            del self._map._parsed_resources[name], self._map.deployed[name]
        return failed

    def _is_wanted(self, resource: Mapping[str, Any]) -> bool:
        condition = resource.get("Condition")
        return condition is None or bool(self._map.lazy_condition_map[condition])

    def _ordered(self, names: Iterable[str]) -> list[str]:
        """As the template needs them; those it no longer has first, as they were made."""
        known = [name for name in self._map.deployed if name in set(names)]
        in_template = dependency_order(self._map._resource_json_map)
        return [name for name in known if name not in in_template] + [n for n in in_template if n in known]

    def _bring(self, name: str, declared: Mapping[str, Any], left_over: list[Any]) -> bool:
        resource = self._resolved(name, declared)
        old = self._map.deployed.get(name)
        if old is not None and _same(old, resource):
            return False
        verb = "CREATE" if old is None else "UPDATE"
        self._event(name, resource, f"{verb}_IN_PROGRESS")
        existing = self._map._parsed_resources.get(name)
        try:
            if old is None:
                made = self._hands.create(name, resource)
            elif old["Type"] != resource["Type"]:
                made = self._replaced(name, existing, old, resource, left_over)
            else:
                try:
                    made = self._hands.update(existing, old, resource)
                except ReplacementNeededError:
                    made = self._replaced(name, existing, old, resource, left_over)
        except Exception as error:  # moto's resource classes raise whatever goes wrong in them
            raise self._failed(name, resource, f"{verb}_FAILED", error) from error
        self._map._parsed_resources[name] = made
        self._map.deployed[name] = resource
        self._event(name, resource, f"{verb}_COMPLETE", physical_id=_physical_id(made))
        self._checkpoint()
        return True

    def _replaced(
        self, name: str, existing: Any, old: Mapping[str, Any], new: Mapping[str, Any], left_over: list[Any]
    ) -> Any:
        made = self._hands.create(name, new)
        left_over.append((name, existing, old))
        return made

    def _resolved(self, name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
        try:
            cleaned = parsing.clean_json(copy.deepcopy(dict(declared.get("Properties", {}))), self._map)
        except Exception as error:  # as above: whatever a function of the template stumbles over
            raise self._failed(name, declared, "CREATE_FAILED", error) from error
        policies = {n: declared[n] for n in ("DeletionPolicy", "UpdateReplacePolicy") if n in declared}
        return {"Type": declared["Type"], "Properties": cleaned, **policies}

    def _delete(self, name: str, existing: Any, resource: Mapping[str, Any], *, policy: str) -> None:
        if resource.get(policy) in ("Retain", "RetainExceptOnCreate"):
            self._event(name, resource, "DELETE_SKIPPED", physical_id=_physical_id(existing))
            return
        self._event(name, resource, "DELETE_IN_PROGRESS", physical_id=_physical_id(existing))
        try:
            self._hands.delete(existing, resource)
        except Exception as error:  # as above
            if "not exist" not in str(error).lower() and "not found" not in str(error).lower():
                raise self._failed(name, resource, "DELETE_FAILED", error) from error
        self._event(name, resource, "DELETE_COMPLETE", physical_id=_physical_id(existing))

    def _failed(
        self, name: str, resource: Mapping[str, Any], status: str, error: Exception
    ) -> ResourceFailedError:
        reason = _reason(error)
        expected = isinstance(error, ApiError | UnknownPropertyError | ValueError)
        _LOG.info("%s of %s: %s", name, self._stack.name, reason, exc_info=not expected)
        self._event(name, resource, status, reason=reason)
        return ResourceFailedError(name, reason)

    def _event(
        self,
        name: str,
        resource: Mapping[str, Any],
        status: str,
        *,
        reason: str | None = None,
        physical_id: str = "",
    ) -> None:
        event = Event(
            stack_id=self._stack.stack_id,
            stack_name=self._stack.name,
            logical_resource_id=name,
            physical_resource_id=physical_id,
            resource_type=resource["Type"],
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=json.dumps(resource.get("Properties", {}), default=str),
        )
        self._stack.events.append(event)


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return bool(old["Type"] == new["Type"] and old["Properties"] == new["Properties"])


def _physical_id(resource: Any) -> str:
    return str(getattr(resource, "physical_resource_id", ""))


def _reason(error: Exception) -> str:
    if isinstance(error, ApiError):
        return f"{error.message} ({error.code})"
    if isinstance(error, KeyError):
        return f"Property {error} is missing or unknown"
    message = getattr(error, "message", None) or getattr(error, "description", None) or str(error)
    return f"{message}" or type(error).__name__
