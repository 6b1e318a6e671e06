"""What is done by column gives what is done row by row: checks, consolidation, books, prompts."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.runtime.settings import Section
from steps.segments.agreement import _paired, matches
from steps.segments.books import Books
from steps.segments.checks import Checker, Rules, Track
from steps.segments.consolidate import Consolidation, _of_clusters, consolidate
from steps.segments.model import (
    NOTHING,
    Answer,
    Columns,
    Converted,
    Item,
    Marks,
    Moment,
    Segment,
    Whole,
    new_moment,
)
from steps.segments.writers.prompts import Rows, seconds
from tests.unit.labeling.jobs import segment

QUARTERS = st.integers(0, 40).map(lambda number: number / 4)
TIMES = QUARTERS | st.sampled_from([float("nan"), float("inf"), -0.0, -1.0, 1e9, 10.25, 10.26, 7, True, None])
ODD: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["A", "B", "", " ", "Z", "a\0", 3, None]),
        "start": TIMES,
        "end": TIMES,
        "text": st.sampled_from(["x", "", " ", "\0", None, 3]),
        "emotion": st.sampled_from(["", "h", None, "\0", 4]),
    },
    optional={"more": st.integers(0, 2)},
) | st.sampled_from([None, 3, "abc", {}])
RULES = st.builds(
    lambda labels, overlaps, text, minimum, unknown: Rules(
        {"t": Track(labels, overlaps, text)}, unknown, minimum
    ),
    st.sampled_from([None, frozenset("AB"), frozenset("A")]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.0, 0.25, 1.0]),
    st.booleans(),
)


@st.composite
def entries(draw: st.DrawFn) -> list[Any]:
    """Segments in turn, mostly one of them odd."""
    found: list[Any] = []
    clock = 0.0
    for _ in range(draw(st.integers(0, 5))):
        start = clock + draw(st.sampled_from([0.0, 0.25, 1.0]))
        clock = start + draw(st.sampled_from([0.25, 1.0, 2.5]))
        found.append(
            segment(start, clock, draw(st.sampled_from("AB")), draw(st.sampled_from(["x", "é", ""])))
        )
    if len(found) > 0 and draw(st.booleans()):
        found[draw(st.integers(0, len(found) - 1))] = draw(ODD)
    return found


class RowByRow(Checker):
    """Looks at every segment."""

    def _faultless(self, *_: Any) -> None:
        return None


@settings(max_examples=120, deadline=None)
@given(RULES, st.dictionaries(st.sampled_from("tu"), entries()), st.sampled_from([None, 1.0, 10.0, 1e5]))
def test_checks(rules: Rules, streams: dict[str, Any], duration: float | None) -> None:
    """The same segments, refusals and count; and nothing that a writer could not write."""
    tracks, refused, count = Checker(rules).check(streams, duration)
    slow = RowByRow(rules).check(streams, duration)
    assert [(name, list(found)) for name, found in tracks.items()] == list(slow[0].items())
    assert (repr(refused), count) == (repr(slow[1]), slow[2])
    kept = [each for found in tracks.values() for each in found]
    assert len(kept) + len(refused) == count
    last = 86_400.0 if duration is None else duration
    assert all(type(time) is float for each in kept for time in each[2:4])
    assert all(0 <= each.start < each.end <= last for each in kept)
    assert all(each.end - each.start >= rules.minimum_seconds for each in kept)
    assert not any("\0" in part for each in kept for part in (each.label, each.text, each.emotion))


@st.composite
def answers(draw: st.DrawFn) -> list[Answer]:
    """One to four workers around the same turns, kept by column or by row; words and fields differ."""
    turns, clock = [], 0.0
    for _ in range(draw(st.integers(1, 4))):
        start = clock + draw(st.sampled_from([0.0, 0.5]))
        clock = start + draw(st.sampled_from([1.0, 2.0]))
        turns.append((start, clock))
    fields = st.sampled_from(
        [NOTHING, NOTHING, {"a": 1}, {"a": 2}, {"b": "x"}, {"a": 1, "b": "x"}, {"l": [1]}]
    )
    found = []
    for number in range(draw(st.integers(1, 4))):
        marked: list[Segment] = []
        reached = 0.0
        for start, end in turns:
            left = max(reached, start + draw(st.sampled_from([0.0, 0.0, -0.1, 0.3])))
            reached = end + draw(st.sampled_from([0.0, 0.0, -0.2, 0.1]))
            if draw(st.integers(0, 14)):
                words = draw(st.sampled_from(["", "x", "yy"])), draw(st.sampled_from(["", "h", "s"]))
                marked.append(
                    Segment("t", draw(st.sampled_from("AAAB")), left, reached, *words, draw(fields))
                )
        by_column = len(marked) > 0 and draw(st.booleans())
        kept = Marks(tuple(zip(*marked, strict=True))) if by_column else marked
        found.append(Answer(f"w{number}", {"t": kept} if marked else {}, {}))
    return found


@settings(max_examples=120, deadline=None)
@given(answers(), st.sampled_from([0.3, 0.5, 0.7]), st.sampled_from([0.0, 0.5, 1.0]))
def test_consolidation_and_books(given_: list[Answer], iou: float, quorum: float) -> None:
    """The moments of clusters, in their order; and counts, lengths and votes of them one by one."""
    rule = Consolidation(iou, quorum)
    moments, divided, used = consolidate(given_, rule)
    slow = _of_clusters([each.tracks.get("t", ()) for each in given_], given_, rule)
    assert (list(moments), used) == (list(slow[0]), slow[2])
    assert sorted(map(repr, divided)) == sorted(map(repr, slow[1]))

    books = Books()
    books.add(Converted(Item(0), "train", len(given_), moments, {}, tuple(given_)))
    plain = books.plain()
    assert {(track, label): count for track, label, count, _ in plain["labels"]} == Counter(
        (each.track, each.label) for each in moments
    )
    for track, label, _, length in plain["labels"]:
        lengths = [each.end - each.start for each in moments if (each.track, each.label) == (track, label)]
        assert length == pytest.approx(sum(lengths))
    assert dict(plain["lengths"]) == Counter(int(each.end - each.start) for each in moments)
    assert {votes: count for votes, _, count in plain["supports"]} == Counter(each.votes for each in moments)


NAMES = ("text", "label", "start", "end", "seconds", "emotion", "track", "id", "x", "duration", "whole_q")
TEMPLATES = st.lists(
    st.sampled_from([f"{{{name}}}" for name in NAMES])
    | st.text("ab%{}s \n", max_size=4).map(lambda text: text.replace("{", "{{").replace("}", "}}")),
    min_size=1,
    max_size=5,
).map("".join)
MOMENTS = st.builds(
    lambda track, label, start, length, text: Moment(
        track, label, start, start + length, text, "", NOTHING, 1, 1.0
    ),
    st.sampled_from("tu"),
    st.text(max_size=3),
    st.floats(0, 100),
    st.floats(0.001, 50),
    st.text("%sé {}\n", max_size=4),
)


@settings(max_examples=120, deadline=None)
@given(TEMPLATES, TEMPLATES, st.lists(MOMENTS, max_size=4), st.sampled_from([None, "t", "v"]), st.booleans())
def test_prompts(prompt: str, output: str, moments: list[Moment], track: str | None, by_column: bool) -> None:
    """A template filled for each segment by itself, whatever signs of formats stand anywhere."""
    form = {"rows": "segment", "prompt": prompt, "output": output, "track": track}
    rows = Rows(Section(form, "s"), ("x",), ("prompt", "output"))
    kept: Any = Columns(new_moment, tuple(zip(*moments, strict=True))) if by_column and moments else moments
    item = Item(0, "o%s", "r", "s3://m/o", 3.5, {"x": "%d {x}"})
    converted = Converted(item, "train", 1, kept, {"q": Whole("rating", 3.0)}, ())
    expected = []
    for each in moments:
        if track in (None, each.track):
            times = {"start": each.start, "end": each.end, "seconds": each.end - each.start}
            values = {**each._asdict(), **{name: seconds(time) for name, time in times.items()}}
            values |= {"id": "o%s", "x": "%d {x}", "duration": "3.5", "whole_q": "3"}
            expected.append((prompt.format(**values), output.format(**values)))
    assert rows.tuples(converted) == [row for row in expected if all(map(str.strip, row))]


@settings(max_examples=120, deadline=None)
@given(answers(), st.sampled_from([0.3, 0.5, 0.7]))
def test_pairs(given_: list[Answer], least: float) -> None:
    """Segments compared by column are those that a look at every pair finds."""
    for left, right in itertools.combinations([each.tracks.get("t", ()) for each in given_], 2):
        paired = _paired(left, right, least)
        if paired is None:
            continue
        found = sorted(matches(left, right, least), key=lambda match: match[1].start)
        assert paired == (
            [overlap for overlap, _, _ in found],
            [abs(a.start - b.start) for _, a, b in found],
            [abs(a.end - b.end) for _, a, b in found],
        )
