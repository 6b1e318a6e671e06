"""What an execution is started with: declared parameters, those of the platform, and the values given.

Which value wins is written in config/load.py, which has laid the environment's values over the file's
defaults. The platform's own parameters (candidate, commit) are filled in by whoever starts, and ``-p`` wins
over them too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.binding import value_findings
from config.document import Document, dotted
from config.errors import ConfigurationError, ParameterError, Problem
from config.models.guardrails import GuardrailsConfig
from config.models.inference import InferenceConfig
from config.models.labeling import LABELING_JOB, LabelingConfig
from config.models.pipeline import Parameter, ParameterValue, PipelineConfig
from config.models.training import LABELING, TrainingConfig
from config.parameter_values import ValueFault, check, parse
from config.platform_parameters import (
    CANDIDATE,
    EVERYWHERE,
    GUARDRAIL,
    JOB_OUTPUT,
    LABELED,
    UNKNOWN,
    PlatformParameter,
)
from config.reading import read_file
from config.suggest import did_you_mean, listing, quoted


@dataclass(frozen=True)
class ParameterFile:
    """A ``--params`` file: one mapping of names to values."""

    document: Document

    @property
    def values(self) -> Mapping[str, Any]:
        """What it gives."""
        return dict(self.document.data)


@dataclass(frozen=True)
class Layer:
    """Values that nobody typed, as texts, and where they come from: a candidate, an earlier execution."""

    source: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Resolved:
    """The value of every parameter of a pipeline, and where each comes from; "" is the pipeline's default."""

    values: Mapping[str, ParameterValue]
    sources: Mapping[str, str]


def read_parameter_file(path: Path) -> ParameterFile:
    """Reads a ``--params`` file; raises ConfigurationError."""
    document, problems = read_file(path, str(path))
    if document is not None and not isinstance(document.data, dict):
        problems.append(
            document.problem((), "a mapping of parameter names to values is needed", "EpochCount: 3")
        )
    if document is None or problems:
        raise ConfigurationError(problems)
    return ParameterFile(document)


def split_override(text: str) -> tuple[str, str]:
    """``Name=Value`` of the command line; raises ConfigurationError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        problem = Problem(f"-p {text}", 0, 0, "", "is not Name=Value", "write -p EpochCount=3, for example")
        raise ConfigurationError([problem])
    return name.strip(), value


def platform_parameters(config: PipelineConfig) -> tuple[PlatformParameter, ...]:
    """The parameters that the platform adds to a pipeline; those without a default must be given at start.

    What only a candidate's evaluation set needs has a default when the data comes from elsewhere.
    """
    if isinstance(config, TrainingConfig) and config.data.source == LABELING:
        return (*LABELED, *EVERYWHERE)
    if isinstance(config, LabelingConfig) and config.data.source == LABELING_JOB:
        return (*JOB_OUTPUT, *EVERYWHERE)
    if isinstance(config, GuardrailsConfig):
        return (*GUARDRAIL, *EVERYWHERE)
    if not isinstance(config, InferenceConfig):
        return EVERYWHERE
    if config.data.source == "candidate":
        return (*CANDIDATE, *EVERYWHERE)
    freed = tuple(
        PlatformParameter(each.name, each.description, UNKNOWN) if each.name == "EvaluationData" else each
        for each in CANDIDATE
    )
    return (*freed, *EVERYWHERE)


def resolve(
    config: PipelineConfig,
    overrides: Mapping[str, str] = {},  # a Mapping is not written to
    *,
    file: ParameterFile | None = None,
    layers: Sequence[Layer] = (),
    beside: Sequence[PipelineConfig] = (),
) -> Resolved:
    """The value of every parameter of ``config``, platform's included; raises ParameterError with all faults.

    ``overrides`` are those of the command line; of ``layers`` the last that has a value wins. With
    ``beside``, pipelines that are started by the same command, a name that only they have is no mistake here.
    """
    resolution = _Resolution(config)
    for layer in layers:
        for name, text in layer.values.items():
            origin = f"{layer.source}: {name}={_cut(text)}" if layer.source else ""
            resolution.give(name, text, origin, (), None)
            resolution.sources[name] = layer.source
    elsewhere = {name for other in beside for name in _parameters(other)}
    if file is not None:
        for name, value in file.values.items():
            resolution.give(name, value, "", elsewhere, file.document)
            resolution.sources[name] = file.document.file
    for name, text in overrides.items():
        resolution.give(name, text, f"-p {name}={_cut(text)}", elsewhere, None)
        resolution.sources[name] = "-p"
    resolution.finish()
    sources = {name: resolution.sources.get(name, "") for name in resolution.values}
    return Resolved(resolution.values, sources)


@dataclass
class _Resolution:
    """Values as they are given, one source after the other, and what is wrong with them."""

    config: PipelineConfig
    values: dict[str, ParameterValue] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    origins: dict[str, tuple[str, Document | None]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def give(self, name: str, value: Any, origin: str, elsewhere: Any, document: Document | None) -> None:
        known = _parameters(self.config)
        if name not in known:
            if name not in elsewhere:
                message = f'"{self.config.name}" has no parameter "{name}"; it has: {listing(known)}'
                self._problem(name, message, did_you_mean(name, known), origin, document)
            return
        try:
            typed = parse(known[name], value) if document is None else check(known[name], value)
        except ValueFault as fault:
            self._problem(name, fault.message, fault.hint, origin, document)
            return
        self.values[name] = typed
        self.origins[name] = (origin, document)

    def finish(self) -> None:
        """Fills in defaults, checks what depends on several values, and raises when something is wrong."""
        self.values = {**dict(self._defaults()), **self.values}
        known = _parameters(self.config)
        self.values = {name: self.values[name] for name in known if name in self.values}
        if not self.problems:
            self._check_together()
        self._check_given()
        if self.problems:
            raise ParameterError(self.config.name, self.problems)

    def _defaults(self) -> Iterator[tuple[str, ParameterValue]]:
        for name, parameter in self.config.parameters.items():
            yield name, parameter.default
        for added in platform_parameters(self.config):
            if added.default is not None:
                yield added.name, _as_declared(added).default

    def _check_given(self) -> None:
        missing = [each.name for each in platform_parameters(self.config) if each.name not in self.values]
        if missing:
            message = f"{listing(missing)} {'has' if len(missing) == 1 else 'have'} no value"
            hint = _where_from(self.config)
            self.problems.append(Problem(self.config.name, 0, 0, "", message, hint))

    def _check_together(self) -> None:
        declared = {name: self.values[name] for name in self.config.parameters}
        for name, finding in value_findings(self.config, declared):
            origin, document = self.origins.get(name or "", ("", None))
            self._problem(name or dotted(finding.path), finding.message, finding.hint, origin, document)

    def _problem(
        self, name: str, message: str, hint: str | None, origin: str, document: Document | None
    ) -> None:
        if document is not None:
            self.problems.append(document.problem((name,), message, hint))
        elif origin:
            self.problems.append(Problem(origin, 0, 0, "", message, hint))
        else:
            self.problems.append(Problem(self.config.name, 0, 0, name, message, hint))


def _where_from(config: PipelineConfig) -> str:
    """How the platform's parameters of a pipeline get their values."""
    if isinstance(config, LabelingConfig):
        return "take them from a labeling job: --from-job latest"
    kind = "labeling" if isinstance(config, TrainingConfig) else "training"
    return f"take them from a {kind} execution: --from-{kind} latest"


def _parameters(config: PipelineConfig) -> Mapping[str, Parameter]:
    """Every parameter of a pipeline by name, in the order of its definition."""
    added = {each.name: _as_declared(each) for each in platform_parameters(config)}
    return {**config.parameters, **added}


def _as_declared(added: PlatformParameter) -> Parameter:
    if added.type == "Integer":
        default = int(added.default or 0)
        return Parameter(type="Integer", default=default, minimum=0, description=added.description)
    return Parameter(type="String", default=added.default or "", description=added.description)


def _cut(text: str) -> str:
    return quoted(text)[1:-1]
