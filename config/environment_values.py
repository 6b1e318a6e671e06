"""An environment's own defaults of pipelines' parameters: checked, then laid over the declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.binding import value_findings
from config.document import KeyPath
from config.models.environment import Environment
from config.models.pipeline import ParameterValue, PipelineConfig
from config.parameter_values import ValueFault, check
from config.rules.rule import Finding
from config.suggest import did_you_mean, listing


def environment_findings(env: Environment, pipelines: Mapping[str, PipelineConfig]) -> Iterator[Finding]:
    """What is wrong under ``parameters`` of the environment; ``pipelines`` are all there are."""
    for name, values in env.parameters.items():
        if name not in pipelines:
            message = f'there is no pipeline "{name}"; there are: {listing(pipelines)}'
            yield Finding(("parameters", name), message, did_you_mean(name, pipelines), at_key=True)
            continue
        own = list(_unfit(pipelines[name], values))
        yield from own
        if not own:
            yield from _consequences(pipelines[name], values)


def with_environment(config: PipelineConfig, values: Mapping[str, ParameterValue]) -> PipelineConfig:
    """``config`` whose parameters have the environment's defaults."""
    if not values:
        return config
    laid = {
        name: parameter.model_copy(update={"default": check(parameter, values.get(name, parameter.default))})
        for name, parameter in config.parameters.items()
    }
    return config.model_copy(update={"parameters": laid})


def _unfit(config: PipelineConfig, values: Mapping[str, ParameterValue]) -> Iterator[Finding]:
    for name, value in values.items():
        path = ("parameters", config.name, name)
        if name not in config.parameters:
            message = f'"{config.name}" has no parameter "{name}"; it has: {listing(config.parameters)}'
            yield Finding(path, message, did_you_mean(name, config.parameters), at_key=True)
            continue
        try:
            check(config.parameters[name], value)
        except ValueFault as fault:
            yield Finding(path, fault.message, fault.hint)


def _consequences(config: PipelineConfig, values: Mapping[str, ParameterValue]) -> Iterator[Finding]:
    """Values that are fine alone, and do not fit the rest of the pipeline."""
    laid = with_environment(config, values)
    for name, finding in value_findings(laid, {name: each.default for name, each in laid.parameters.items()}):
        path: KeyPath = ("parameters", config.name)
        if name is not None and name in values:
            path = (*path, name)
        yield Finding(path, finding.message, finding.hint, at_key=name not in values)
