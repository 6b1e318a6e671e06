"""One pipeline file from its data to a checked configuration, with every problem on the way.

    data -> model -> parameters -> values in the place of references -> rules across keys

A rule runs when the keys it reads are sound, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from config.document import Document, KeyPath, dotted, with_values
from config.errors import Problem
from config.explain import Explainer, explain, faults_by_path
from config.kinds import KINDS, Kind
from config.models.common import ParameterValue, PipelineConfig
from config.parameter_values import ValueFault, check, shown
from config.references import references
from config.rules.parameters import PARAMETER_RULES
from config.rules.rule import Finding, Surroundings, findings, placed_findings
from config.suggest import did_you_mean, listing, quoted
from config.validation import Validated, validate


@dataclass(frozen=True)
class CheckedPipeline:
    """What is known about one file; ``config`` when it fits its model."""

    document: Document
    config: PipelineConfig | None
    values: PipelineConfig | None  # with defaults in the place of references; what could be saved
    broken: frozenset[KeyPath]
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        """The pipeline's name, or the file's while there is none."""
        return self._said("name") or PurePosixPath(self.document.file).stem

    @property
    def is_identified(self) -> bool:
        """Whether name and kind are sound."""
        return self.values is not None and not {("name",), ("kind",)} & self.broken

    @property
    def kind(self) -> str:
        """The kind that the file claims to be of, or nothing."""
        return self._said("kind")

    def _said(self, key: str) -> str:
        said = self.document.data.get(key) if isinstance(self.document.data, dict) else None
        return said if isinstance(said, str) else ""


def check_pipeline(document: Document, around: Surroundings | None) -> CheckedPipeline:
    """Checks one file; ``around`` is None when the environment itself is broken."""
    kind, problem = _kind(document)
    if kind is None:
        return CheckedPipeline(document, None, None, frozenset({()}), (problem,) if problem else ())
    model = kind.model
    written = validate(model, document.data)
    problems = explain(document, model, written.faults)
    problems += problems_of(document, findings(PARAMETER_RULES, written.partial, written.broken))
    bound = _Bound.of(kind, document.data, written)
    problems += problems_of(document, bound.misfits(document))
    problems += problems_of(document, findings(kind.rules.values, bound.values.partial, bound.broken))
    if around is not None:
        found = placed_findings(kind.rules.placed, bound.values.partial, around, bound.broken)
        problems += problems_of(document, found)
    return CheckedPipeline(document, written.config, bound.values.partial, bound.broken, tuple(problems))


def problems_of(document: Document, found: Iterable[Finding]) -> list[Problem]:
    """Findings with their places in the file."""
    return [
        document.problem(each.path, each.message, each.hint, at_key=each.at_key, within=each.within)
        for each in found
    ]


def value_findings(
    config: PipelineConfig, values: Mapping[str, ParameterValue]
) -> Iterator[tuple[str | None, Finding]]:
    """(parameter, finding) of everything that does not fit when ``values`` stand for the references.

    The parameter is the one whose value stands at the finding's place, if it is one's.
    """
    kind = KINDS[str(getattr(config, "kind", ""))]
    data = config.model_dump(exclude_unset=True)
    places = dict(references(config))
    document = Document(config.name, data, {}, {}, {}, {})
    outcome = validate(kind.model, with_values(data, {path: values[name] for path, name in places.items()}))
    for path, finding in _fault_findings(document, kind, outcome, places, values):
        yield places[path], finding
    for finding in findings(kind.rules.values, outcome.partial, outcome.broken):
        yield places.get(finding.path), finding


def _kind(document: Document) -> tuple[Kind | None, Problem | None]:
    """The row of the file's kind, or what is wrong with it."""
    if not isinstance(document.data, dict):
        what = "a list" if isinstance(document.data, list) else quoted(str(document.data))
        return None, document.problem(
            (), f"found {what}, a mapping is needed", "write version: 1 to begin with"
        )
    name = document.data.get("kind")
    if isinstance(name, str) and name in KINDS:
        return KINDS[name], None
    if name is None:
        return None, document.problem(("kind",), f"is missing; allowed: {listing(KINDS)}")
    message = f"found {shown(name)}; allowed: {listing(KINDS)}"
    return None, document.problem(("kind",), message, did_you_mean(str(name), KINDS))


@dataclass(frozen=True)
class _Bound:
    """A file whose references are bound to the parameters' defaults."""

    kind: Kind
    data: Any
    written: Validated[PipelineConfig]
    places: Mapping[KeyPath, str]  # of references that could be bound
    values: Validated[PipelineConfig]
    broken: frozenset[KeyPath]

    @classmethod
    def of(cls, kind: Kind, data: Any, written: Validated[PipelineConfig]) -> _Bound:
        """Binds every reference whose parameter has a default that its own declaration allows."""
        defaults = dict(_sound_defaults(written.partial))
        places = dict(references(written.partial))
        known = {path: name for path, name in places.items() if name in defaults}
        values = validate(
            kind.model, with_values(data, {path: defaults[name] for path, name in known.items()})
        )
        unbound = frozenset(path for path in places if path not in known)
        return cls(kind, data, written, known, values, written.broken | values.broken | unbound)

    def misfits(self, document: Document) -> Iterator[Finding]:
        """Defaults and allowed values that do not fit where the parameter is used."""
        parameters = self.written.partial.parameters
        defaults = {name: parameters[name].default for name in self.places.values()}
        for path, finding in _fault_findings(document, self.kind, self.values, self.places, defaults):
            name = self.places[path]
            message = f'the default of parameter "{name}" does not fit here: {finding.message}'
            yield Finding(path, message, f"{name} is declared as {parameters[name].type}")
        for path, name in self.places.items():
            if path in self.values.broken:
                continue
            for index, value in enumerate(parameters[name].allowed or ()):
                if value != parameters[name].default:
                    yield from self._misfit(document, path, ("parameters", name, "allowed", index), value)

    def _misfit(
        self, document: Document, path: KeyPath, entry: KeyPath, value: ParameterValue
    ) -> Iterator[Finding]:
        """What is wrong with one allowed value at the place it would stand."""
        name = self.places[path]
        outcome = validate(self.kind.model, with_values(self.data, {path: value}))
        wrong = [
            each for _, each in _fault_findings(document, self.kind, outcome, {path: name}, {name: value})
        ]
        if not wrong and not self.values.faults:
            broken = self.broken - {path}
            wrong = [each for each in self._findings_with(path, value, broken) if each.path == path]
        for finding in wrong:
            message = f"{shown(value)} does not fit where {name} is used, {dotted(path)}: {finding.message}"
            yield Finding(entry, message, finding.hint)

    def _findings_with(
        self, path: KeyPath, value: ParameterValue, broken: frozenset[KeyPath]
    ) -> Iterator[Finding]:
        defaults = {each: self.written.partial.parameters[name].default for each, name in self.places.items()}
        outcome = validate(self.kind.model, with_values(self.data, {**defaults, path: value}))
        yield from findings(self.kind.rules.values, outcome.partial, broken | outcome.broken)


def _sound_defaults(config: PipelineConfig) -> Iterator[tuple[str, ParameterValue]]:
    for name, parameter in getattr(config, "parameters", {}).items():
        if {"type", "default"} <= parameter.__dict__.keys():
            try:
                yield name, check(parameter, parameter.default)
            except ValueFault:
                continue


def _fault_findings(
    document: Document,
    kind: Kind,
    outcome: Validated[PipelineConfig],
    places: Mapping[KeyPath, str],
    values: Mapping[str, ParameterValue],
) -> Iterator[tuple[KeyPath, Finding]]:
    """Faults at the places of references, in words."""
    explainer = Explainer(document, kind.model)
    for path, faults in faults_by_path(outcome.faults).items():
        if path in places:
            message, hint = explainer.value(path, faults, values[places[path]])
            yield path, Finding(path, message, hint)
