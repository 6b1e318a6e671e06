"""The drawn rows, in the order of the data: those whose seeded hash is smallest."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from pathlib import Path

from xxhash import xxh3_64_intdigest

from steps.preprocess.rows import EvaluationRow
from steps.runtime.errors import StepError
from steps.runtime.outputs import json_line, text_file


def write(
    path: Path,
    rows: Iterable[EvaluationRow],
    wanted: int | None,
    seed: int,
    written: Callable[[EvaluationRow], None],
) -> int:
    """Writes every row, or `wanted` of them drawn with the seed; returns how many there were."""
    chosen = rows if wanted is None else draw(rows, wanted, seed)
    count = 0
    with text_file(path) as file:
        for count, row in enumerate(chosen, start=1):  # noqa: B007 - the last count is the result
            file.write(json_line(row.document()))
            written(row)
    return count


def draw(rows: Iterable[EvaluationRow], wanted: int, seed: int) -> list[EvaluationRow]:
    """At most `wanted` rows; which ones depends on their ids and the seed alone."""
    places = ((xxh3_64_intdigest(row.id.encode(), seed), number, row) for number, row in enumerate(rows))
    smallest = heapq.nsmallest(wanted, places, key=lambda place: place[:2])
    return [row for _, _, row in sorted(smallest, key=lambda place: place[1])]


def judge(count: int, wanted: int | None, source: str) -> None:
    """Fails where there are no rows, or fewer than the YAML counts on."""
    if not count:
        raise StepError(f"the evaluation set is empty: {source} has no usable rows")
    if wanted is not None and count < wanted:
        raise StepError(
            f"not enough rows: {wanted} are wanted, the evaluation set ({source}) has {count}",
            hint=f"lower data.rows to {count}, or set it to null for every row",
        )
