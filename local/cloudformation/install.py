"""Puts our stacks in the place of moto's, for this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse

from local.cloudformation.catalog import PRETENDED, TYPES
from local.cloudformation.deployed import DeployedResource
from local.cloudformation.resource import Api
from local.cloudformation.stacks import Stacks

_WITH_OUTPUTS = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS")


def install(api_for: Callable[[str, str], Api], checkpoint: Callable[[], None]) -> Stacks:
    """`api_for(account, region)` gives the services that resource types call; `checkpoint` saves stacks."""
    stacks = Stacks(api_for, checkpoint)
    _install_parsing()
    _install_parameters()
    _install_stacks(stacks)
    return stacks


def _install_parsing() -> None:
    original_class = parsing.resource_class_from_type
    original_clean = parsing.clean_json

    def resource_class_from_type(resource_type: str) -> Any:
        if resource_type in TYPES:
            return DeployedResource
        found = None if resource_type in PRETENDED else original_class(resource_type)
        if found is None and resource_type not in parsing.NULL_MODELS:
            raise ValidationError(message=f"the stand-in does not deploy resources of type {resource_type}")
        return found

    def clean_json(value: Any, resources_map: Any) -> Any:
        """moto leaves None where a list element is AWS::NoValue."""
        cleaned = original_clean(value, resources_map)
        if isinstance(value, list):
            pairs = zip(value, cleaned, strict=True)
            return [item for raw, item in pairs if item is not None or not isinstance(raw, dict)]
        return cleaned

    parsing.resource_class_from_type = resource_class_from_type
    parsing.clean_json = clean_json


def _install_parameters() -> None:
    """A list parameter is a list to the template, defaults too, and text to who asks for its value."""
    original = parsing.ResourceMap.load_parameters

    def load_parameters(resource_map: Any) -> None:
        original(resource_map)
        for name, parameter in resource_map._template.get("Parameters", {}).items():
            kind = str(parameter.get("Type", ""))
            text = resource_map.input_parameters.get(name, parameter.get("Default"))
            if isinstance(text, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
                items = [item.strip() for item in text.split(",")] if text else []
                resource_map._parsed_resources[name] = items
                resource_map.resolved_parameters[name] = text

    parsing.ResourceMap.load_parameters = load_parameters


def _install_stacks(stacks: Stacks) -> None:
    def create_stack(backend: Any, name: str, template: Any, parameters: Any, *args: Any, **rest: Any) -> Any:
        names = ("notification_arns", "tags", "role_arn", "enable_termination_protection")
        return stacks.create(
            backend, name, template, parameters, **dict(zip(names, args, strict=False)), **rest
        )

    def delete_stack(backend: Any, name_or_stack_id: str) -> None:
        for stack in list(backend.stacks.values()):
            if name_or_stack_id in (stack.name, stack.stack_id):
                stacks.delete(backend, stack)

    def update(stack: Any, *args: Any, **kwargs: Any) -> None:
        stacks.update(stack, *args, **kwargs)

    def execute_change_set(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = _change_set(backend, change_set_name, stack_name)
        stack = backend.stacks[change_set.stack_id]
        if change_set.change_set_type == "CREATE":
            backend.stacks.pop(stack.stack_id)  # what waited for its review
            stacks.create(
                backend,
                stack.name,
                change_set.template,
                change_set.parameters,
                stack_id=stack.stack_id,
                tags=change_set.tags,
            )
        else:
            stacks.update(
                stack, change_set.template, parameters=change_set.parameters, tags=change_set.tags or None
            )
        change_set.execution_status = "EXECUTE_COMPLETE"

    def has_parameters(stack: Any, given: dict[str, Any]) -> bool:
        """The same values, stated or by default."""
        declared = stack.template_dict.get("Parameters") or {}
        defaults = {name: p["Default"] for name, p in declared.items() if "Default" in p}
        return {**defaults, **stack.parameters} == {**defaults, **given}

    def stack_resources(stack: Any) -> list[Any]:
        """Those that exist; asking moto's map for the others would make them."""
        names = getattr(stack.resource_map, "deployed", {})
        return [stack.resource_map._parsed_resources[name] for name in names]

    def outputs(stack: Any) -> Any:
        return original_outputs.fget(stack) if stack.status in _WITH_OUTPUTS else None

    original_outputs = models.Stack.outputs
    backend_class: Any = models.CloudFormationBackend
    backend_class.create_stack = create_stack
    backend_class.delete_stack = delete_stack
    backend_class.execute_change_set = execute_change_set
    # The service answers a change set without changes with a failed one, not with an error.
    CloudFormationResponse._validate_different_update = lambda *_arguments: None
    models.Stack.has_parameters = has_parameters
    models.Stack.update = update
    models.Stack.stack_resources = property(stack_resources)
    models.Stack.outputs = property(outputs)


def _change_set(backend: Any, name: str, stack_name: str | None) -> Any:
    for change_set in backend.change_sets.values():
        same_stack = stack_name in (None, change_set.stack_name, change_set.stack_id)
        if change_set.change_set_id == name or (change_set.change_set_name == name and same_stack):
            return change_set
    raise ValidationError(message=f"ChangeSet [{name}] does not exist")
