"""Parameters bound to values: the configuration as an execution would see it, and what does not fit then.

Values stand in the place of references, so that every range, choice and rule holds for them as if they had
been written into the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.document import Document, KeyPath, dotted, with_values
from config.explain import Explainer, faults_by_path
from config.kinds import KINDS, Kind
from config.models.pipeline import ParameterValue, PipelineConfig
from config.parameter_values import ValueFault, check, shown
from config.references import references
from config.rules.rule import Finding, findings
from config.validation import Validated, validate


@dataclass(frozen=True)
class Bound:
    """A file whose references are bound to the parameters' defaults."""

    kind: Kind
    data: Any
    written: Validated[PipelineConfig]
    places: Mapping[KeyPath, str]  # of references that could be bound
    values: Validated[PipelineConfig]
    broken: frozenset[KeyPath]

    @classmethod
    def of(cls, kind: Kind, data: Any, written: Validated[PipelineConfig]) -> Bound:
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
