"""A definition's parameters and steps, laid flat; lenient, so that checks can speak about anything.

Steps inside branches of a Condition and bodies of a ForEach stand beside the others, each with its parent.
What is not shaped like a step is left out here and reported by ``checks/structure.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from definition.references import Place

BRANCHES: Final = ("IfSteps", "ElseSteps")
BODY: Final = "ForEachBody"


@dataclass(frozen=True)
class Step:
    """One step; ``parent`` and ``branch`` (IfSteps, ElseSteps, ForEachBody) where it is inside another."""

    name: str
    type: str
    content: Mapping[str, Any]
    place: Place
    parent: str | None = None
    branch: str | None = None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The step's own arguments, without the steps that stand inside it."""
        arguments = self.content.get("Arguments")
        if not isinstance(arguments, Mapping):
            return {}
        nested = (*BRANCHES, BODY) if self.type in ("Condition", "ForEach") else ()
        return {name: value for name, value in arguments.items() if name not in nested}

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Names in DependsOn, whatever their trigger."""
        entries = self.content.get("DependsOn")
        names = (_dependency(entry) for entry in entries) if isinstance(entries, list) else ()
        return tuple(name for name in names if name)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the declared outputs of a Lambda or Callback step."""
        return tuple(_names(self.content.get("OutputParameters"), "OutputName"))

    @property
    def property_files(self) -> Mapping[str, Mapping[str, Any]]:
        """Property files by name."""
        entries = self.content.get("PropertyFiles")
        listed = entries if isinstance(entries, list) else []
        return {
            entry["PropertyFileName"]: entry
            for entry in listed
            if isinstance(entry, Mapping) and isinstance(entry.get("PropertyFileName"), str)
        }


def _dependency(entry: Any) -> str | None:
    name = entry.get("Step") if isinstance(entry, Mapping) else entry
    return name if isinstance(name, str) else None


def _names(entries: Any, member: str) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and isinstance(entry.get(member), str):
            yield entry[member]


@dataclass(frozen=True)
class Outline:
    """The definition with its steps and parameters; of equal names the first one counts."""

    definition: Mapping[str, Any]
    steps: tuple[Step, ...]

    @property
    def by_name(self) -> Mapping[str, Step]:
        """Steps by name."""
        return {step.name: step for step in reversed(self.steps)}

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Declared parameters by name."""
        entries = self.definition.get("Parameters")
        listed = entries if isinstance(entries, list) else []
        return {
            entry["Name"]: entry
            for entry in reversed(listed)
            if isinstance(entry, Mapping) and isinstance(entry.get("Name"), str)
        }


def outline(definition: Mapping[str, Any]) -> Outline:
    """Lay ``definition`` flat, in the order of the text: a Condition before the steps of its branches."""
    return Outline(definition, tuple(_steps(definition.get("Steps"), ("Steps",), None, None)))


def _steps(entries: Any, place: Place, parent: str | None, branch: str | None) -> Iterator[Step]:
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if not is_step(entry):
            continue
        here = (*place, index)
        yield Step(entry["Name"], entry["Type"], entry, here, parent, branch)
        arguments = entry.get("Arguments")
        if isinstance(arguments, Mapping):
            for member in nested_members(entry["Type"]):
                yield from _steps(arguments.get(member), (*here, "Arguments", member), entry["Name"], member)


def is_step(entry: Any) -> bool:
    """Whether it has at least a name and a type."""
    return (
        isinstance(entry, Mapping)
        and isinstance(entry.get("Name"), str)
        and isinstance(entry.get("Type"), str)
    )


def nested_members(step_type: str) -> tuple[str, ...]:
    """The arguments of that type of step which hold steps."""
    return {"Condition": BRANCHES, "ForEach": (BODY,)}.get(step_type, ())
