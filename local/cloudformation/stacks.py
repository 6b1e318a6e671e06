"""Stacks as CloudFormation runs them, in place of moto's: statuses, rollback, exports, protected deletes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError

from local.cloudformation.catalog import PRETENDED, TYPES
from local.cloudformation.deployment import Deployment, ResourceFailedError
from local.cloudformation.resource import Api
from local.cloudformation.template import TemplateError, check, check_parameters

_CREATED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class _Before:
    """What an update falls back to."""

    template: Any
    parameters: Mapping[str, Any]
    status: str


class Stacks:
    """The operations on stacks; `api_for` gives the services of an account and region."""

    def __init__(self, api_for: Callable[[str, str], Api], checkpoint: Callable[[], None]) -> None:
        self._api_for = api_for
        self._checkpoint = checkpoint
        self._lock = threading.RLock()

    def create(
        self,
        backend: Any,
        name: str,
        template: Any,
        parameters: Mapping[str, Any],
        *,
        stack_id: str | None = None,
        **rest: Any,
    ) -> Any:
        with self._lock:
            if any(stack.name == name for stack in backend.stacks.values()):
                raise AlreadyExistsException(f"Stack [{name}] already exists")
            _check(models.Stack.parse_template(template), parameters)
            stack_id = stack_id or models.generate_stack_id(name, backend.region_name, backend.account_id)
            stack = models.Stack(
                stack_id=stack_id,
                name=name,
                template=template,
                parameters=dict(parameters),
                account_id=backend.account_id,
                region_name=backend.region_name,
                cross_stack_resources=backend.exports,
                **rest,
            )
            backend.stacks[stack_id] = stack
            self.create_resources(backend, stack)
            return stack

    def create_resources(self, backend: Any, stack: Any) -> None:
        _turn(stack, "CREATE_IN_PROGRESS", "User Initiated")
        deployment = self._deployment(stack)
        try:
            deployment.deploy(stack.template_dict["Resources"])
            _publish_exports(backend, stack)
        except ResourceFailedError as error:
            reason = f"The following resource(s) failed to create: [{error.logical_id}]."
            _turn(stack, "ROLLBACK_IN_PROGRESS", f"{reason} Rollback requested by user.")
            failed = deployment.delete_all()
            why = f"{reason} {error.logical_id}: {error.reason}"
            _turn(stack, "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", why)
            return
        stack.description = stack.template_dict.get("Description")
        _turn(stack, "CREATE_COMPLETE")

    def update(
        self,
        stack: Any,
        template: Any,
        role_arn: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        with self._lock:
            if stack.status not in _CREATED:
                raise ValidationError(
                    message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
                )
            given = dict(stack.parameters if parameters is None else parameters)
            _check(models.Stack.parse_template(template), given)
            before = _Before(stack.template, stack.parameters, stack.status)
            stack.status = "UPDATE_IN_PROGRESS"
            self._carry(stack, before, template, given, new_tags=tags)
            stack.role_arn = role_arn or stack.role_arn

    def delete(self, backend: Any, stack: Any) -> None:
        with self._lock:
            if stack.enable_termination_protection:
                message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                raise ValidationError(message=message)
            _turn(stack, "DELETE_IN_PROGRESS", "User Initiated")
            used = _imported_by(backend, stack)
            failed = [] if used else self._deployment(stack).delete_all()
            if used or failed:
                reason = used or f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
                _turn(stack, "DELETE_FAILED", reason)
                return
            for name in [n for n, e in backend.exports.items() if e.exporting_stack_id == stack.stack_id]:
                del backend.exports[name]
            _turn(stack, "DELETE_COMPLETE")
            backend.stacks.pop(stack.stack_id, None)
            backend.deleted_stacks[stack.stack_id] = stack

    def tidy(self, account: str) -> None:
        """After a start: what was under way when the last process ended is rolled back or can be repeated."""
        for backend in list(models.cloudformation_backends[account].values()):
            for stack in list(backend.stacks.values()):
                if not stack.status.endswith("_IN_PROGRESS") or stack.status == "REVIEW_IN_PROGRESS":
                    continue
                reason = f"The stand-in ended during {stack.status}"
                if stack.status.startswith("UPDATE"):
                    _turn(stack, "UPDATE_ROLLBACK_COMPLETE", f"{reason}; update again to go on")
                elif stack.status.startswith("DELETE"):
                    _turn(stack, "DELETE_FAILED", f"{reason}; delete again to go on")
                else:
                    self._deployment(stack).delete_all()
                    _turn(stack, "ROLLBACK_COMPLETE", reason)

    def _carry(
        self, stack: Any, before: _Before, template: Any, parameters: Mapping[str, Any], new_tags: Any
    ) -> None:
        backend = models.cloudformation_backends[stack.account_id][stack.region_name]
        events = len(stack.events)
        stack._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
        try:
            _load(stack, template, parameters)
            changed = self._deployment(stack).deploy(stack.template_dict["Resources"])
            _publish_exports(backend, stack)
        except ResourceFailedError as error:
            self._go_back(stack, before, error)
            return
        if not changed and template == before.template and new_tags in (None, stack.tags):
            del stack.events[events:]
            stack.status = before.status
            raise ValidationError(message="No updates are to be performed.")
        if new_tags is not None:
            stack.tags = new_tags
        _turn(stack, "UPDATE_COMPLETE")

    def _go_back(self, stack: Any, before: _Before, error: ResourceFailedError) -> None:
        reason = f"The following resource(s) failed to update: [{error.logical_id}]. {error.reason}"
        _turn(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        try:
            _load(stack, before.template, before.parameters)
            self._deployment(stack).deploy(stack.template_dict["Resources"])
        except ResourceFailedError as second:
            _turn(stack, "UPDATE_ROLLBACK_FAILED", f"{reason} Then {second.logical_id}: {second.reason}")
            return
        _turn(stack, "UPDATE_ROLLBACK_COMPLETE", reason)

    def _deployment(self, stack: Any) -> Deployment:
        api = self._api_for(stack.account_id, stack.region_name)
        return Deployment(stack, api, self._checkpoint)


def is_known_type(name: str) -> bool:
    if name in TYPES or name in parsing.NULL_MODELS or name.startswith("Custom::"):
        return True
    return name not in PRETENDED and name in parsing.get_model_map()


def _check(template: Any, parameters: Mapping[str, Any]) -> None:
    try:
        check(template, is_known_type)
        check_parameters(template, parameters)
    except TemplateError as error:
        raise ValidationError(message=str(error)) from error


def _turn(stack: Any, status: str, reason: str | None = None) -> None:
    stack.status = status
    stack.status_reason = reason
    stack._add_stack_event(status, resource_status_reason=reason)


def _load(stack: Any, template: Any, parameters: Mapping[str, Any]) -> None:
    """Makes the resource map speak of another template and other parameters; nothing is deployed."""
    stack.template = template
    stack._parse_template()
    stack.parameters = dict(parameters)
    resource_map = stack.resource_map
    resource_map._template = stack.template_dict
    resource_map._resource_json_map = stack.template_dict["Resources"]
    resource_map.input_parameters = stack.parameters
    resource_map.resolved_parameters = {}
    resource_map.load_mapping()
    resource_map.load_parameters()
    resource_map.load_conditions()
    stack.output_map = stack._create_output_map()
    stack.description = stack.template_dict.get("Description")


def _publish_exports(backend: Any, stack: Any) -> None:
    stack.output_map = stack._create_output_map()
    exports = {export.name: export for export in stack.exports}
    for name in exports:
        other = backend.exports.get(name)
        if other is not None and other.exporting_stack_id != stack.stack_id:
            raise ResourceFailedError(
                "Outputs", f"Export with name {name} is already exported by another stack"
            )
    for name in [n for n, e in backend.exports.items() if e.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]
    backend.exports.update(exports)


def _imported_by(backend: Any, stack: Any) -> str | None:
    """Why the stack cannot go: another stack imports what it exports."""
    own = {name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id}
    for other in backend.stacks.values():
        if other.stack_id == stack.stack_id or not own:
            continue
        for imported in _imports(other.template_dict):
            name = parsing.clean_json(imported, other.resource_map)
            if name in own:
                return f"Export {name} cannot be deleted as it is in use by {other.name}"
    return None


def _imports(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        own = [value["Fn::ImportValue"]] if "Fn::ImportValue" in value else []
        return own + [found for item in value.values() for found in _imports(item)]
    if isinstance(value, list):
        return [found for item in value for found in _imports(item)]
    return []
