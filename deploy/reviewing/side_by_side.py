"""Two packages on the same rows: differences with intervals, rows won and lost, and the worst of them.

Results are read twice, as they stream in: once for the scores, eight bytes a row and metric, and once for
the texts of the few rows that are shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from deploy import objects
from deploy.errors import DENIED, code_of, is_missing
from deploy.reviewing import evaluations
from deploy.reviewing.evaluations import Read
from deploy.reviewing.registry import Package
from deploy.session import Aws
from steps.comparison.comparable import other_data, other_rows
from steps.comparison.paired import Difference, differences
from steps.comparison.results import Kind, ResultsError, Scores, read_scores

SHOWN_ROWS = 20
LONGEST_TEXT = 4000  # characters of one text of a row; results.jsonl has it whole
BINS = 10


@dataclass(frozen=True)
class Row:
    """A row as people look at it; the old model's part is empty where there is none."""

    id: str
    input: str
    target: str
    output: str | None
    score: float
    old_output: str | None = None
    old_score: float | None = None
    group: str = ""


@dataclass(frozen=True)
class Own:
    """What the results of one package say by themselves: rows by score in ten bins, and the worst rows.

    `problem` says why there is nothing.
    """

    distributions: Mapping[str, Sequence[int]] = field(default_factory=dict)
    worst: Sequence[Row] = ()
    problem: str = ""
    scores: Scores | None = field(default=None, repr=False)
    manifest: Read = field(default_factory=Read, repr=False)


@dataclass(frozen=True)
class SideBySide:
    """Against an older package. `problem` says why the two cannot be compared; then there is nothing else.

    `won`, `lost` and `same` count rows by `primary`, the metric that `regressions` are sorted by.
    """

    old: Package
    primary: str = ""
    problem: str = ""
    differences: Mapping[str, Difference] = field(default_factory=dict)
    means: Mapping[str, float] = field(default_factory=dict)
    distributions: Mapping[str, Sequence[int]] = field(default_factory=dict)
    won: int = 0
    lost: int = 0
    same: int = 0
    regressions: Sequence[Row] = ()


def own(aws: Aws, package: Package, manifest: Read, kind: Kind, primary: str) -> Own:
    """The results of the package under review."""
    place = evaluations.places(package).results
    try:
        scores = read_scores(objects.lines(aws, place), kind) if place else None
    except (ClientError, ResultsError) as error:
        return Own(problem=_reason(error))
    if scores is None:
        return Own(problem="it names no results")
    if reason := other_rows(scores, scores, manifest.content):
        return Own(problem=reason)
    values = scores.values.get(primary)
    worst = sorted(range(len(scores)), key=lambda at: values[at])[:SHOWN_ROWS] if values else []
    shown = _texts(aws, place, worst)
    rows = [_row(shown[at], values[at]) for at in worst if values]
    return Own(_distributions(scores), rows, scores=scores, manifest=manifest)


def side_by_side(
    aws: Aws,
    package: Package,
    ours: Own,
    old: Package,
    *,
    kind: Kind,
    primary: str,
    seed: int,
) -> SideBySide:
    """The package under review against an older one."""
    try:
        new, before = _comparable(aws, package, ours, old, kind)
    except Incomparable as reason:
        return SideBySide(old, problem=str(reason))
    return _compared(aws, package, new, old, before, primary=primary, seed=seed)


class Incomparable(Exception):
    """Two packages whose rows cannot be held against each other; the text says why."""


def _comparable(aws: Aws, package: Package, ours: Own, old: Package, kind: Kind) -> tuple[Scores, Scores]:
    """Both packages' scores of the same rows; raises Incomparable."""
    if ours.scores is None:
        raise Incomparable(f"results of {package.name}: {ours.problem}")
    place = evaluations.places(old)
    before = evaluations.read(aws, place.manifest) if place.report else Read(problem="is not named")
    if before.problem:
        raise Incomparable(f"the evaluation manifest of {old.name} {before.problem}")
    if reason := other_data(ours.manifest.content, before.content):
        raise Incomparable(reason)
    try:
        scores = read_scores(objects.lines(aws, place.results), kind)
    except (ClientError, ResultsError) as error:
        raise Incomparable(f"results of {old.name}: {_reason(error)}") from error
    if reason := other_rows(ours.scores, scores, before.content):
        raise Incomparable(f"{old.name}: {reason}")
    return ours.scores, scores


def _compared(
    aws: Aws, package: Package, new: Scores, old: Package, before: Scores, *, primary: str, seed: int
) -> SideBySide:
    found = differences(new.values, before.values, seed=seed)
    pairs = list(zip(new.values.get(primary, ()), before.values.get(primary, ()), strict=False))
    changes = [one - other for one, other in pairs]
    lost = sorted((at for at, change in enumerate(changes) if change < 0), key=lambda at: changes[at])
    worst = lost[:SHOWN_ROWS]
    texts = _texts(aws, evaluations.places(package).results, worst)
    earlier = _texts(aws, evaluations.places(old).results, worst)
    won = sum(change > 0 for change in changes)
    return SideBySide(
        old=old,
        primary=primary,
        differences=found,
        means={name: sum(values) / len(values) for name, values in before.values.items() if values},
        distributions=_distributions(before),
        won=won,
        lost=len(lost),
        same=len(changes) - won - len(lost),
        regressions=[_row(texts[at], pairs[at][0], earlier[at], pairs[at][1]) for at in worst],
    )


def _texts(aws: Aws, uri: str, places: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """The rows at these places of a results file; it is left as soon as they are found."""
    if not places:
        return {}
    wanted, found = set(places), {}
    for at, line in enumerate(_rows(objects.lines(aws, uri))):
        if at in wanted:
            found[at] = json.loads(line)
        if at >= max(wanted):
            break
    return found


def _rows(lines: Iterable[bytes]) -> Iterator[bytes]:
    return (line for line in lines if line.strip())


def _row(
    row: Mapping[str, Any],
    score: float,
    before: Mapping[str, Any] | None = None,
    earlier: float | None = None,
) -> Row:
    return Row(
        id=str(row["id"]),
        input=_cut(row.get("model_input")) or "",
        target=_cut(row.get("target_output")) or "",
        output=_cut(row.get("model_output")),
        score=score,
        old_output=_cut(before.get("model_output")) if before else None,
        old_score=earlier,
        group=(_cut(row.get("group")) or "")[:100],
    )


def _cut(text: Any) -> str | None:
    """None for a row without an answer."""
    if text is None:
        return None
    said = str(text)
    return said if len(said) <= LONGEST_TEXT else f"{said[:LONGEST_TEXT]}\u2026"


def _distributions(scores: Scores) -> dict[str, list[int]]:
    """Rows by score in ten bins from 0 to 1, for every metric."""
    found = {}
    for name, values in scores.values.items():
        heights = [0] * BINS
        for value in values:
            heights[min(BINS - 1, max(0, int(value * BINS)))] += 1
        found[name] = heights
    return found


def _reason(error: ClientError | ResultsError) -> str:
    """Why results cannot be read; what says nothing about them (expired credentials) goes on."""
    if isinstance(error, ResultsError):
        return str(error)
    if not (is_missing(error) or code_of(error) in DENIED):
        raise error
    return "the file is missing" if is_missing(error) else f"the file cannot be read ({code_of(error)})"
