"""A pipeline definition as frozen values: parsed from the JSON that SageMaker takes, nothing resolved yet.

Steps inside the branches of a Condition stand in the same table as the others and know their branch.
The grammar: https://docs.aws.amazon.com/sagemaker/latest/dg/define-pipeline.html, with what the SageMaker
Python SDK emits beyond it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Scalar = str | int | float | bool

PARAMETER_TYPES: Mapping[str, type] = {"String": str, "Integer": int, "Float": float, "Boolean": bool}
TRIGGERS = ("Completed", "Failed", "Stopped", "Any")
_BRANCHES = (("IfSteps", True), ("ElseSteps", False))


class DefinitionError(Exception):
    """A definition that is not one; the text says where and what."""


@dataclass(frozen=True)
class ParameterSpec:
    """A declared parameter; `default` is None where a value must be given."""

    name: str
    type: str
    default: Scalar | None = None
    choices: tuple[Scalar, ...] = ()


@dataclass(frozen=True)
class Dependency:
    """`Completed` = the other step succeeded; the other triggers are SageMaker's run conditions."""

    step: str
    trigger: str = "Completed"


@dataclass(frozen=True)
class Branch:
    condition: str
    outcome: bool


@dataclass(frozen=True)
class StepSpec:
    """One step; `settings` is the whole JSON object of the step, `arguments` its Arguments."""

    name: str
    type: str
    arguments: Mapping[str, Any]
    depends_on: tuple[Dependency, ...] = ()
    branch: Branch | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def output_types(self) -> dict[str, str]:
        """Declared outputs of a Lambda or Callback step: name -> String, Integer, Float or Boolean."""
        declared = self.settings.get("OutputParameters") or ()
        return {output["OutputName"]: output.get("OutputType", "String") for output in declared}

    @property
    def property_files(self) -> dict[str, tuple[str, str]]:
        """Property file name -> (name of the output it lies in, path below that output)."""
        declared = self.settings.get("PropertyFiles") or ()
        return {f["PropertyFileName"]: (f["OutputName"], f["FilePath"]) for f in declared}


@dataclass(frozen=True)
class Definition:
    parameters: Mapping[str, ParameterSpec]
    steps: Mapping[str, StepSpec]
    experiment: Mapping[str, Any] | None = None


def parse_json(text: str) -> Any:
    """DefinitionError where the text is not JSON; NaN and Infinity, which Python reads too, are not."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise DefinitionError(f"The pipeline definition is not JSON: {error}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def parse_definition(text: str) -> Definition:
    """JSON text -> Definition; DefinitionError where it is not JSON or not a definition.

    Deeper than that, shapes are not looked at: `definition.checks` does that, before a definition is kept.
    """
    document = parse_json(text)
    if not isinstance(document, dict) or not isinstance(document.get("Steps"), list):
        raise DefinitionError("The pipeline definition needs a list named 'Steps'.")
    if document.get("Version") != "2020-12-01":
        raise DefinitionError(f"The definition's Version is {document.get('Version')!r}, not '2020-12-01'.")
    if not document["Steps"]:
        raise DefinitionError("The pipeline definition has no steps.")
    return Definition(
        parameters=_parameters(document.get("Parameters") or []),
        steps=_unique(document["Steps"]),
        experiment=document.get("PipelineExperimentConfig"),
    )


def _parameters(declared: list[Any]) -> dict[str, ParameterSpec]:
    found: dict[str, ParameterSpec] = {}
    for entry in declared:
        spec = _parameter(entry)
        if spec.name in found:
            raise DefinitionError(f"Parameter '{spec.name}' is declared twice.")
        found[spec.name] = spec
    return found


def _parameter(entry: Any) -> ParameterSpec:
    if not isinstance(entry, dict) or not isinstance(entry.get("Name"), str):
        raise DefinitionError(f"A parameter needs a Name: {entry!r}")
    if entry.get("Type") not in PARAMETER_TYPES:
        raise DefinitionError(
            f"Parameter '{entry['Name']}' has the type {entry.get('Type')!r}, not one of "
            f"{', '.join(PARAMETER_TYPES)}."
        )
    choices = tuple(entry.get("EnumValues") or ())
    return ParameterSpec(entry["Name"], entry["Type"], _default(entry, choices), choices)


def _default(entry: dict[str, Any], choices: tuple[Scalar, ...]) -> Scalar | None:
    default: Scalar | None = entry.get("DefaultValue")
    if default is None:
        return None
    if entry["Type"] == "Float" and type(default) is int:
        default = float(default)
    if type(default) is not PARAMETER_TYPES[entry["Type"]]:
        raise DefinitionError(
            f"The default of parameter '{entry['Name']}', {default!r}, is no {entry['Type']}."
        )
    if choices and default not in choices:
        raise DefinitionError(
            f"The default of parameter '{entry['Name']}', {default!r}, is not among its "
            f"EnumValues {', '.join(map(str, choices))}."
        )
    return default


def _unique(entries: list[Any]) -> dict[str, StepSpec]:
    found: dict[str, StepSpec] = {}
    for spec in _steps(entries, branch=None):
        if spec.name in found:
            raise DefinitionError(f"Step name '{spec.name}' is used twice; step names must be unique.")
        found[spec.name] = spec
    return found


def _steps(entries: list[Any], *, branch: Branch | None) -> Iterator[StepSpec]:
    for entry in entries:
        spec = _step(entry, branch)
        yield spec
        if spec.type != "Condition":
            continue
        if branch is not None:
            raise DefinitionError(f"Step '{spec.name}': a Condition step inside a branch is not supported.")
        for member, outcome in _BRANCHES:
            yield from _steps(spec.arguments.get(member) or [], branch=Branch(spec.name, outcome))


def _step(entry: Any, branch: Branch | None) -> StepSpec:
    if not isinstance(entry, dict) or not isinstance(entry.get("Name"), str):
        raise DefinitionError(f"A step needs a Name: {json.dumps(entry)[:200]}")
    name = entry["Name"]
    if not isinstance(entry.get("Type"), str):
        raise DefinitionError(f"Step '{name}' needs a Type.")
    arguments = entry.get("Arguments") or {}
    if not isinstance(arguments, dict):
        raise DefinitionError(f"The Arguments of step '{name}' are not an object.")
    depends_on = tuple(_dependency(name, each) for each in entry.get("DependsOn") or ())
    return StepSpec(name, entry["Type"], arguments, depends_on, branch, entry)


def _dependency(step: str, entry: Any) -> Dependency:
    if isinstance(entry, str):
        return Dependency(entry)
    if isinstance(entry, dict) and isinstance(entry.get("Step"), str):
        trigger = entry.get("Trigger", "Completed")
        if trigger in TRIGGERS:
            return Dependency(entry["Step"], trigger)
    raise DefinitionError(
        f"Step '{step}' has a DependsOn that is neither a step's name nor "
        f'{{"Step", "Trigger"}} with one of {", ".join(TRIGGERS)}: {entry!r}'
    )
