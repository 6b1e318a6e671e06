"""Rules about parameters as they are declared and referred to, the same for every kind of pipeline."""

from __future__ import annotations

from typing import Final

from config.models.pipeline import Parameter, PipelineConfig
from config.parameter_values import ValueFault, check, pattern_fault
from config.platform_parameters import RESERVED
from config.references import references
from config.rules.rule import Finding, Findings, Rule
from config.suggest import did_you_mean, listing, nearest


def names_are_free(config: PipelineConfig) -> Findings:
    """A name that the platform fills in cannot be declared."""
    for name in config.parameters:
        if name in RESERVED:
            message = f'"{name}" is filled in by the platform and cannot be declared'
            yield Finding(("parameters", name), message, "choose another name", at_key=True)


def bounds_make_sense(config: PipelineConfig) -> Findings:
    """minimum and maximum belong to numbers, pattern to texts, and the bounds are in order."""
    for name, parameter in config.parameters.items():
        yield from _misplaced_bounds(("parameters", name), parameter)
        low, high = parameter.minimum, parameter.maximum
        if low is not None and high is not None and low > high:
            yield Finding(("parameters", name, "minimum"), f"{low} is more than the maximum {high}")


def _misplaced_bounds(path: tuple[str, ...], parameter: Parameter) -> Findings:
    number = parameter.type in ("Integer", "Float")
    for key in ("minimum", "maximum"):
        if getattr(parameter, key) is not None and not number:
            yield Finding(
                (*path, key), f"a {parameter.type} has no {key}; Integer and Float have", at_key=True
            )
    if parameter.pattern is None:
        return
    if parameter.type != "String":
        yield Finding((*path, "pattern"), f"{parameter.type} has no pattern; String has", at_key=True)
    if fault := pattern_fault(parameter.pattern):
        yield Finding((*path, "pattern"), f"is not a regular expression: {fault}")


def values_fit(config: PipelineConfig) -> Findings:
    """The default and every allowed value are of the type, in the range, and fit the pattern."""
    for name, parameter in config.parameters.items():
        if _makes_sense(parameter):
            yield from _unfit(("parameters", name), parameter)


def _unfit(path: tuple[str, ...], parameter: Parameter) -> Findings:
    free = parameter.model_copy(update={"allowed": None})
    try:
        check(parameter, parameter.default)
    except ValueFault as fault:
        yield Finding((*path, "default"), fault.message, fault.hint)
    for index, value in enumerate(parameter.allowed or ()):
        try:
            check(free, value)
        except ValueFault as fault:
            yield Finding((*path, "allowed", index), fault.message, fault.hint)


def _makes_sense(parameter: Parameter) -> bool:
    if (
        parameter.minimum is not None
        and parameter.maximum is not None
        and parameter.minimum > parameter.maximum
    ):
        return False
    return pattern_fault(parameter.pattern or "") is None


def references_are_declared(config: PipelineConfig) -> Findings:
    """``{parameter: Name}`` names a declared parameter."""
    for path, name in references(config):
        if name not in config.parameters:
            known = listing(config.parameters)
            message = f'no parameter "{name}" is declared; declared: {known}'
            yield Finding((*path, "parameter"), message, did_you_mean(name, config.parameters))


def declared_are_used(config: PipelineConfig) -> Findings:
    """A declared parameter that nothing refers to would be overridden without effect."""
    used = {name for _, name in references(config)}
    meant = {nearest(name, config.parameters) for name in used - set(config.parameters)}
    for name in config.parameters:
        if name not in used | meant | set(RESERVED):
            hint = f"write {{parameter: {name}}} where its value belongs, or remove it"
            yield Finding(("parameters", name), "is declared and never used", hint, at_key=True)


# Everything that may hold a reference: these are read whole.
_EVERYWHERE: Final = (
    "parameters",
    "data",
    "model",
    "endpoint",
    "evaluation",
    "gates",
    "registry",
    "prompt",
    "batch",
    "guardrail",
    "apply",
)

PARAMETER_RULES: Final = (
    Rule(names_are_free, ()),
    Rule(bounds_make_sense, ("parameters",)),
    Rule(values_fit, ("parameters",)),
    Rule(references_are_declared, ("parameters",)),
    Rule(declared_are_used, _EVERYWHERE),
)
