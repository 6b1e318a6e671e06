"""One row's way: rendered, measured, refused with a reason, or offered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.prepare.examine import REASONS, Examiner
from steps.prepare.figures import percentiles
from steps.prepare.sample import EVERYTHING
from steps.prepare.scan import printable
from steps.prepare.settings import Rules
from steps.runtime.rows.blocks import Unreadable
from steps.runtime.rows.template import compile_template


@dataclass(frozen=True)
class Given:
    """A block of rows that a test wrote down."""

    values: Sequence[Any]
    file: str = "given"

    def rows(self) -> Iterator[Any]:
        return iter(self.values)


def examiner(**changes: Any) -> Examiner:
    columns = {"question": "q", "answer": "a"}
    values: dict[str, Any] = {
        "columns": columns,
        "prompt": compile_template("Q: {question}", "data.prompt", columns),
        "output": compile_template("{answer}", "data.output", columns),
        "group_by": None,
        "seed": 42,
        "context_tokens": 100,
        "tokenizer": None,
    }
    return Examiner(Rules(**{**values, **changes}), wanted=100, per_unit=100)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"q": "x"}, "missing"),
        ({"q": None, "a": "x"}, "missing"),
        ({"q": float("nan"), "a": "x"}, "missing"),
        ({"q": " \u2003\n", "a": "x"}, "empty"),
        ({"q": "", "a": "x"}, "empty"),
        ({"q": ["x"], "a": "x"}, "not_text"),
        ({"q": "x\0y", "a": "x"}, "invalid_text"),
        ({"q": "x\udcffy", "a": "x"}, "invalid_text"),
        ({"q": "word " * 500, "a": "x"}, "over_context"),
        (Unreadable("unreadable", "broken"), "unreadable"),
    ],
)
def test_an_unusable_row_has_its_reason(row: Any, reason: str) -> None:
    """Each kind of unusable row is refused for what it is; the row after it is used."""
    found = examiner().examine(Given([row, {"q": "good", "a": "yes"}]), EVERYTHING)
    assert [(item.index, item.reason) for item in found.rejected] == [(0, reason)]
    assert [(row.position, row.input, row.output) for row in found.candidates] == [(1, "Q: good", "yes")]
    assert (found.read, found.lines) == (2, 2)
    assert reason in REASONS


@settings(deadline=None)
@given(
    rows=st.lists(
        st.none()
        | st.fixed_dictionaries({}, optional={"q": st.text() | st.integers() | st.none(), "a": st.text()}),
        max_size=20,
    )
)
def test_every_row_is_used_or_refused(rows: list[Any]) -> None:
    """Nothing gets lost: usable and refused rows add up, lone surrogates and all."""
    found = examiner().examine(Given(rows), EVERYTHING)
    assert found.read == sum(row is not None for row in rows)
    assert found.read == len(found.keys) + len(found.rejected)
    assert all(printable(item.row).encode() is not None for item in found.rejected)


def test_equal_rows_have_equal_places() -> None:
    """Case, spacing and Unicode form make no other row; another answer does."""
    rows = [
        {"q": "Où est l'or ?", "a": "Ici"},
        {"q": "OÙ  EST l'or ?", "a": "ici"},
        {"q": "Où est l'or ?", "a": "là"},
    ]
    found = examiner().examine(Given(rows), EVERYTHING)
    first, second, third = (int(key) for key in found.keys)
    assert first == second != third
    assert len({row.question for row in found.candidates}) == 1


def test_groups_decide_where_rows_go() -> None:
    """With a group column, rows of one group share a unit, though their questions differ."""
    rows = [
        {"q": "one", "a": "x", "g": 7},
        {"q": "two", "a": "x", "g": "7"},
        {"q": "three", "a": "x", "g": 8},
    ]
    found = examiner(group_by="g").examine(Given(rows), EVERYTHING)
    by_group = {row.input: row.unit for row in found.candidates}
    assert by_group["Q: one"] == by_group["Q: two"] != by_group["Q: three"]
    assert {row.group for row in found.candidates} == {"7", "8"}


def test_rows_beyond_the_threshold_are_counted_only() -> None:
    """A row that can no longer be drawn is measured and counted, but does not travel."""
    found = examiner().examine(Given([{"q": "one", "a": "x"}]), -1)
    assert (len(found.keys), found.candidates, found.dropped) == (1, [], 1)


def test_percentiles_come_from_counts() -> None:
    """Mean, ranks and maximum of values 1 to 100; nothing for no values."""
    import numpy as np

    counts: Any = np.ones(101, dtype=np.int64)
    counts[0] = 0
    assert percentiles(counts) == {"mean": 50.5, "p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
    assert percentiles(np.zeros(5, dtype=np.int64)) == {}
