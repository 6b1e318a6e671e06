"""What AWS would refuse, found offline. Each rule is one function; all problems are reported at once.

``check`` works on any definition as plain JSON, ``check_start`` on the values for one execution of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

from definition.checks import arguments, parameters, references, start, steps, structure
from definition.errors import DefinitionError, Problem, StartError
from definition.outline import Outline, outline

Rule: TypeAlias = Callable[[Outline], Iterator[Problem]]

RULES: Final[tuple[Rule, ...]] = (
    structure.top_members,
    structure.step_shapes,
    structure.step_names,
    structure.step_members,
    structure.depends_on,
    structure.conditions_inside,
    structure.counts,
    structure.size,
    parameters.parameters,
    references.functions,
    references.references,
    references.property_files,
    references.json_get_producers,
    references.circles,
    steps.flat_arguments,
    steps.declared_outputs,
    steps.addresses,
    steps.fail_messages,
    steps.conditions,
    steps.retry_policies,
    steps.caches,
    steps.registrations,
    arguments.arguments,
)


def check(definition: Any, *, region: str | None = None) -> tuple[Problem, ...]:
    """Everything that the service would refuse; empty for a good definition.

    ``definition`` is parsed JSON. With ``region``, functions must be there too.
    """
    if not isinstance(definition, Mapping):
        return (Problem(None, "", "the definition must be a JSON object"),)
    laid_out = outline(definition)
    found = chain.from_iterable(rule(laid_out) for rule in RULES)
    regional = steps.function_regions(laid_out, region) if region is not None else ()
    return _unique(chain(found, regional))


def check_start(definition: Mapping[str, Any], parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
    """What would fail with these values: at the start, or in a step as a value over its limit.

    Values may be typed or texts, as the API takes them. Only problems of the values are meant: check the
    definition first.
    """
    laid_out = outline(definition)
    return _unique(
        chain(start.start_values(laid_out, parameters), start.arguments_at_start(laid_out, parameters))
    )


def require(definition: Any, name: str, *, region: str | None = None) -> None:
    """Raise DefinitionError with everything wrong in the definition of the pipeline ``name``."""
    problems = check(definition, region=region)
    if problems:
        raise DefinitionError(name, problems)


def require_start(definition: Mapping[str, Any], name: str, parameters: Mapping[str, Any]) -> None:
    """Raise StartError with everything wrong in the values for one execution."""
    problems = check_start(definition, parameters)
    if problems:
        raise StartError(name, problems)


def _unique(problems: Iterator[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))


__all__ = [
    "RULES",
    "DefinitionError",
    "Problem",
    "StartError",
    "check",
    "check_start",
    "require",
    "require_start",
]
