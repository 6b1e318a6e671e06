"""Draws the sets in one pass and bounded memory, the same rows whatever the order or number of processes.

Every row has a place in a random order that the seed fixes: the hash of its unit (its group, or its
question where rows are not grouped), then the hash of its own content. The rows with the smallest places
are a uniform sample of units, and whether a row belongs to it is known from the row alone, so that the
rest of a data set of any size can be dropped as it streams by.

The sets are then filled one after the other along that order. A unit whose rows went to one set gives none
to another, and no question is in two sets, nor twice in the evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from steps.prepare.settings import SETS, Budgets
from steps.runtime.errors import StepError

# A place beyond every hash.
EVERYTHING = 1 << 64
# The sets that must stay apart are filled smallest first; if that fails, largest first.
_ORDERS = (("evaluation", "validation", "training"), ("training", "validation", "evaluation"))


class Candidate(NamedTuple):
    """A usable row. `unit`, `key` and `question` are 64-bit hashes, `position` is its place in the data."""

    unit: int
    key: int
    position: int
    question: int
    input: str
    output: str
    group: str


class Candidates:
    """The `wanted` rows with the smallest places among those offered, at most `per_unit` of a unit.

    `per_unit` keeps one huge group from filling the memory; a set can use no more rows of a unit than it
    wants in all. Dropping by both rules while rows stream by leaves what sorting all rows would leave.
    """

    def __init__(self, wanted: int, per_unit: int, threshold: int = EVERYTHING) -> None:
        self._wanted, self._per_unit = wanted, per_unit
        self.threshold = threshold
        self.dropped = 0
        self._rows: list[Candidate] = []

    def offer(self, rows: Iterable[Candidate]) -> None:
        """Takes in rows, and drops those that can no longer be drawn."""
        before = len(self._rows)
        offered = 0
        for row in rows:
            offered += 1
            if row.unit <= self.threshold:
                self._rows.append(row)
        self.dropped += offered - (len(self._rows) - before)
        if len(self._rows) > 2 * self._wanted:
            self._prune()

    def rows(self) -> list[Candidate]:
        """The rows in their random order, each content once (the one that came first)."""
        self._prune()
        return self._rows

    def _prune(self) -> None:
        kept: list[Candidate] = []
        unit, key, of_unit = -1, -1, 0
        for row in sorted(self._rows):
            if row.unit == unit and row.key == key:
                continue
            of_unit = of_unit + 1 if row.unit == unit else 1
            unit, key = row.unit, row.key
            if of_unit <= self._per_unit:
                kept.append(row)
            else:
                self.dropped += 1
        if len(kept) > self._wanted:
            self.dropped += len(kept) - self._wanted
            kept = kept[: self._wanted]
            self.threshold = min(self.threshold, kept[-1].unit)
        self._rows = kept


def capacity(budgets: Budgets, growth: int) -> tuple[int, int]:
    """How many candidates to keep in all and of a unit; `growth` doubles the first when it was too few."""
    largest = max(budgets.training, budgets.validation, budgets.evaluation)
    return ((budgets.total * 11) // 10 + 512) << growth, largest << growth


def choose(candidates: Sequence[Candidate], budgets: Budgets) -> dict[str, list[Candidate]] | None:
    """The three sets, each in a random order of its rows; None where the candidates are too few."""
    for order in _ORDERS:
        chosen = _fill(candidates, budgets, order)
        if all(len(chosen[name]) == budgets.of(name) for name in SETS):
            return {name: sorted(chosen[name], key=lambda row: row.key) for name in SETS}
    return None


def _fill(
    candidates: Sequence[Candidate], budgets: Budgets, order: Sequence[str]
) -> dict[str, list[Candidate]]:
    chosen: dict[str, list[Candidate]] = {name: [] for name in SETS}
    taken: set[int] = set()  # questions of the sets that are full
    rows = iter(candidates)
    spent = -1  # the unit that the set before ended in
    for name in order:
        own: set[int] = set()
        wanted = budgets.of(name)
        while len(chosen[name]) < wanted and (row := next(rows, None)):
            twice = name == "evaluation" and row.question in own
            if row.unit == spent or row.question in taken or twice:
                continue
            chosen[name].append(row)
            own.add(row.question)
        if chosen[name]:
            spent = chosen[name][-1].unit
        taken |= own
    return chosen


def too_few(budgets: Budgets, *, usable: int, read: int, grouped: bool) -> StepError:
    """The error for a data set that cannot fill the sets."""
    wanted = ", ".join(f"{budgets.of(name)} {name}" for name in SETS if budgets.of(name))
    apart = "groups and questions" if grouped else "questions"
    return StepError(
        f"not enough rows: {budgets.total} are wanted ({wanted}), {usable} of {read} rows are usable"
        f" and distinct, and the sets may share no {apart}",
        hint="lower data.rows, or see rejected.jsonl and data_report.html for what was set aside",
    )
