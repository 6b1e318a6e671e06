"""The draw: the same rows in any order of arrival, sets that share nothing, every duplicate found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steps.prepare.duplicates import Duplicates
from steps.prepare.sample import Candidate, Candidates, capacity, choose
from steps.prepare.settings import SETS, Budgets, sampled
from steps.runtime.errors import SettingsError

ROWS = st.lists(
    st.builds(
        lambda unit, key, question: (unit, key, question),
        st.integers(0, 12),
        st.integers(0, 40),
        st.integers(0, 15),
    ),
    max_size=60,
).map(
    lambda found: [
        Candidate(unit, key, position, question, f"i{key}", "o", str(unit))
        for position, (unit, key, question) in enumerate(found)
    ]
)


@settings(deadline=None)
@given(
    rows=ROWS, wanted=st.integers(1, 20), per_unit=st.integers(1, 6), pieces=st.integers(1, 7), data=st.data()
)
def test_the_kept_rows_do_not_depend_on_the_order(
    rows: list[Candidate], wanted: int, per_unit: int, pieces: int, data: st.DataObject
) -> None:
    """Offered in any order and in pieces, the same rows stay: those that sorting everything would give."""
    shuffled = data.draw(st.permutations(rows))
    whole, parts = Candidates(wanted, per_unit), Candidates(wanted, per_unit)
    whole.offer(rows)
    for start in range(0, len(shuffled), pieces):
        inner = Candidates(wanted, per_unit, parts.threshold)
        inner.offer(shuffled[start : start + pieces])
        parts.offer(inner.rows())
    assert parts.rows() == whole.rows()


@settings(deadline=None, max_examples=200)
@given(rows=ROWS, budgets=st.builds(Budgets, st.integers(1, 12), st.integers(0, 6), st.integers(0, 6)))
def test_sets_share_no_question_and_no_unit(rows: list[Candidate], budgets: Budgets) -> None:
    """Whatever is chosen has the wanted sizes and nothing in common; no question is evaluated twice."""
    kept = Candidates(1000, 1000)
    kept.offer(rows)
    chosen = choose(kept.rows(), budgets)
    if chosen is None:
        return
    assert [len(chosen[name]) for name in SETS] == [budgets.of(name) for name in SETS]
    for one in SETS:
        for other in set(SETS) - {one}:
            assert not {row.unit for row in chosen[one]} & {row.unit for row in chosen[other]}
            assert not {row.question for row in chosen[one]} & {row.question for row in chosen[other]}
    evaluated = [row.question for row in chosen["evaluation"]]
    assert len(evaluated) == len(set(evaluated))


def test_a_huge_group_is_trained_on_rather_than_evaluated() -> None:
    """Where only one side can hold the largest group, the sets are still filled."""
    rows = [Candidate(1, key, key, key, "i", "o", "huge") for key in range(100)]
    rows += [Candidate(unit, 0, 0, 1000 + unit, "i", "o", str(unit)) for unit in range(2, 12)]
    chosen = choose(sorted(rows), Budgets(training=50, validation=4, evaluation=6))
    assert chosen is not None
    assert {row.group for row in chosen["training"]} == {"huge"}


def test_dropped_rows_are_counted() -> None:
    """What the bounds let go is known, so that a draw that came out short can be told from short data."""
    kept = Candidates(wanted=3, per_unit=2)
    kept.offer(Candidate(unit, 0, unit, unit, "i", "o", "") for unit in range(10))
    assert [row.unit for row in kept.rows()] == [0, 1, 2]
    assert kept.dropped == 7
    assert capacity(Budgets(100, 10, 10), 1)[0] > capacity(Budgets(100, 10, 10), 0)[0] >= 120


@settings(max_examples=40, deadline=None)
@given(keys=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=80), size=st.integers(1, 30))
def test_every_row_that_came_before_is_found(
    tmp_path_factory: pytest.TempPathFactory, keys: list[int], size: int
) -> None:
    """Each repeated row is paired with the first of its kind, whatever the blocks."""
    with Duplicates(tmp_path_factory.mktemp("keys")) as duplicates:
        for start in range(0, len(keys), size):
            part = keys[start : start + size]
            numbers: Any = np.arange(start, start + len(part), dtype=np.uint64)
            duplicates.add(np.array(part, dtype=np.uint64), numbers)
        found = sorted(duplicates.found())
    assert found == [(row, keys.index(key)) for row, key in enumerate(keys) if keys.index(key) < row]


def test_no_rows_have_no_duplicates(tmp_path: Path) -> None:
    """An empty data set is no special case."""
    with Duplicates(tmp_path) as duplicates:
        assert list(duplicates.found()) == []


@given(
    budgets=st.builds(Budgets, st.integers(1, 10_000), st.integers(0, 500), st.integers(0, 500)),
    rows=st.integers(0, 12_000),
)
@example(budgets=Budgets(training=1, validation=1, evaluation=4), rows=3)
def test_a_sample_has_its_rows_and_every_set_its_share(budgets: Budgets, rows: int) -> None:
    """So many rows in all, at least one of each set that is wanted, none of one that is not."""
    wanted = [name for name in SETS if budgets.of(name)]
    if 0 < rows < len(wanted):
        return
    found = sampled(budgets, rows)
    assert [name for name in SETS if found.of(name)] == wanted
    assert found.total == (min(rows, budgets.total) if rows else budgets.total)
    assert all(found.of(name) <= max(1, budgets.of(name)) for name in SETS if name != "training")


def test_a_sample_that_cannot_fill_the_sets_is_refused() -> None:
    """Two rows are no training, validation and evaluation."""
    with pytest.raises(SettingsError, match="a sample of 2 rows cannot fill 3 sets") as caught:
        sampled(Budgets(100, 10, 10), 2)
    assert caught.value.hint == "take 3 rows at least: --sample 30"
