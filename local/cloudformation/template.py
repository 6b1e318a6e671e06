"""Reading a template: what refers to what, in which order, and what is refused before anything is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from local.cloudformation.catalog import TYPES

Template = Mapping[str, Any]
_SUBSTITUTION = re.compile(r"\$\{([^!][^}]*)\}")


class TemplateError(Exception):
    """A template or parameters that CloudFormation refuses with a ValidationError."""


def references(value: Any) -> Iterator[tuple[str, str | None]]:
    """(name, attribute) of every Ref, GetAtt and substitution below a value; names may be parameters."""
    if isinstance(value, Mapping):
        if isinstance(value.get("Ref"), str) and len(value) == 1:
            yield value["Ref"], None
        elif "Fn::GetAtt" in value and isinstance(value["Fn::GetAtt"], list):
            name, *rest = value["Fn::GetAtt"]
            yield name, ".".join(map(str, rest))
        elif "Fn::Sub" in value:
            yield from _substitutions(value["Fn::Sub"])
        else:
            for item in value.values():
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def _substitutions(value: Any) -> Iterator[tuple[str, str | None]]:
    text, own = (value[0], value[1]) if isinstance(value, list) else (value, {})
    yield from references(own)
    for found in _SUBSTITUTION.findall(str(text)):
        name, _, attribute = found.strip().partition(".")
        if name not in own:
            yield name, attribute or None


def dependency_order(resources: Mapping[str, Any]) -> list[str]:
    """Names of resources, each after those it needs; TemplateError where they need each other."""
    needs = {name: sorted(_needs(resource, resources)) for name, resource in resources.items()}
    ordered: list[str] = []
    state: dict[str, str] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if state.get(name) == "done":
            return
        if state.get(name) == "open":
            circle = path[path.index(name) :]
            raise TemplateError(f"Circular dependency between resources: [{', '.join(circle)}]")
        state[name] = "open"
        for needed in needs[name]:
            visit(needed, (*path, name))
        state[name] = "done"
        ordered.append(name)

    for name in resources:
        visit(name, ())
    return ordered


def _needs(resource: Mapping[str, Any], resources: Mapping[str, Any]) -> set[str]:
    stated = resource.get("DependsOn", [])
    names = {stated} if isinstance(stated, str) else set(stated)
    names |= {name for name, _ in references(resource.get("Properties", {}))}
    return names & set(resources)


def check(template: Template, is_known_type: Callable[[str], bool]) -> None:
    """Raises TemplateError with everything of a kind that is wrong."""
    resources = template.get("Resources") or {}
    if not resources:
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    unknown = sorted(
        {str(r.get("Type")) for r in resources.values() if not is_known_type(str(r.get("Type")))}
    )
    if unknown:
        raise TemplateError(f"the stand-in does not deploy resources of type {', '.join(unknown)}")
    _check_references(template, resources)
    dependency_order(resources)


def _check_references(template: Template, resources: Mapping[str, Any]) -> None:
    known = set(resources) | set(template.get("Parameters") or {})
    for place, part in (("Resources", resources), ("Outputs", template.get("Outputs") or {})):
        found = list(references(part))
        stated = [name for r in resources.values() for name in _stated(r)] if place == "Resources" else []
        missing = sorted(
            {n for n, _ in found if n not in known and not n.startswith("AWS::")} | {*stated} - known
        )
        if missing:
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
                f"in the {place} block of the template"
            )
        for name, attribute in found:
            _check_attribute(name, attribute, resources)
    conditions = {r["Condition"] for r in resources.values() if "Condition" in r}
    undefined = sorted(conditions - set(template.get("Conditions") or {}))
    if undefined:
        raise TemplateError(f"Template format error: Unresolved condition dependency {undefined[0]}")


def _stated(resource: Mapping[str, Any]) -> Iterable[str]:
    stated = resource.get("DependsOn", [])
    return [stated] if isinstance(stated, str) else stated


def _check_attribute(name: str, attribute: str | None, resources: Mapping[str, Any]) -> None:
    kind = TYPES.get(resources.get(name, {}).get("Type", ""))
    if attribute is not None and kind is not None and attribute not in kind.attributes:
        raise TemplateError(
            f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
        )


def check_parameters(template: Template, given: Mapping[str, Any]) -> None:
    """Names, allowed values, patterns and lengths, as CloudFormation checks them."""
    declared = template.get("Parameters") or {}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = sorted(name for name, p in declared.items() if name not in given and "Default" not in p)
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    for name, parameter in declared.items():
        _check_value(name, parameter, str(given.get(name, parameter.get("Default", ""))))


def _check_value(name: str, parameter: Mapping[str, Any], value: str) -> None:
    allowed = [str(item) for item in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        raise TemplateError(f"Parameter '{name}' must be one of AllowedValues")
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        said = parameter.get("ConstraintDescription", f"Parameter {name} failed to satisfy constraint")
        raise TemplateError(f"Parameter '{name}' must match pattern {pattern}: {said}")
    if len(value) < int(parameter.get("MinLength", 0)):
        raise TemplateError(f"Parameter '{name}' must contain at least {parameter['MinLength']} characters")
    if "MaxLength" in parameter and len(value) > int(parameter["MaxLength"]):
        raise TemplateError(f"Parameter '{name}' must contain at most {parameter['MaxLength']} characters")
