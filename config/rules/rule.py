"""What a rule is: one function about one fact, the keys it reads, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from config.document import KeyPath, Place, overlaps
from config.models.environment import Environment
from config.models.types import ParameterRef

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """Something wrong at a path, and what to do about it."""

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False
    within: Place | None = None  # where in a text of several lines


Findings = Iterable[Finding]


@dataclass(frozen=True)
class Rule:
    """A check of a configuration in itself. ``reads``: dotted paths that must be sound for it to run."""

    check: Callable[[Any], Findings]
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings:
    """Where a configuration is used: its environment, and the repository whose files it names."""

    environment: Environment
    root: Path


@dataclass(frozen=True)
class PlacedRule:
    """A check of a configuration against the environment and the repository it is used in."""

    check: Callable[[Any, Surroundings], Findings]
    reads: tuple[str, ...]


@dataclass(frozen=True)
class KindRules:
    """All rules of one kind of file."""

    values: tuple[Rule, ...] = ()
    placed: tuple[PlacedRule, ...] = ()


def findings(rules: Iterable[Rule], config: Any, broken: frozenset[KeyPath]) -> Iterator[Finding]:
    """What the rules find whose keys are sound."""
    for rule in rules:
        if readable(rule.reads, broken):
            yield from rule.check(config)


def placed_findings(
    rules: Iterable[PlacedRule], config: Any, around: Surroundings, broken: frozenset[KeyPath]
) -> Iterator[Finding]:
    """What the rules find whose keys are sound."""
    for rule in rules:
        if readable(rule.reads, broken):
            yield from rule.check(config, around)


def plain(value: ParameterRef | T) -> T:
    """A value where rules are checked: values stand in the place of parameters by then."""
    if isinstance(value, ParameterRef):
        raise TypeError(f"parameter {value.parameter} has no value yet")
    return value


def readable(reads: Iterable[str], broken: frozenset[KeyPath]) -> bool:
    """Whether nothing that is read is broken."""
    return not any(overlaps(tuple(path.split(".")), each) for path in reads for each in broken)
