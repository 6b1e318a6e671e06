"""One pipeline file from its data to a checked configuration, with every problem on the way.

    data -> model -> parameters -> values in the place of references -> rules across keys

A rule runs when the keys it reads are sound, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from config.binding import Bound
from config.document import Document, KeyPath
from config.errors import Problem
from config.explain import explain
from config.kinds import KINDS, Kind
from config.models.pipeline import PipelineConfig
from config.parameter_values import shown
from config.rules.parameters import PARAMETER_RULES
from config.rules.rule import Finding, Surroundings, findings, placed_findings
from config.suggest import did_you_mean, listing, quoted
from config.validation import validate


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
    bound = Bound.of(kind, document.data, written)
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
