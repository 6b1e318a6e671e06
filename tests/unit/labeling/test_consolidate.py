"""What several workers mark becomes what they agree on, and how far they agree is told right."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.segments import whole
from steps.segments.agreement import Agreement, Measure, add_frames, alpha, matches
from steps.segments.consolidate import Consolidation, _matched, consolidate
from steps.segments.model import Answer, Moment, Segment, Whole


def answers(*lists: list[tuple[Any, ...]]) -> list[Answer]:
    """Answers of one track `t` from (label, start, end[, text])."""
    return [
        Answer(f"w{number}", {"t": [Segment("t", *each) for each in segments]}, {})
        for number, segments in enumerate(lists)
    ]


def test_boundaries_are_medians_and_labels_majorities() -> None:
    """Three workers; one is late, one hears another speaker, one wrote another text."""
    given_ = answers(
        [("A", 0.0, 4.0, "yes"), ("B", 4.0, 8.0)],
        [("A", 0.2, 4.4, "yes"), ("A", 4.2, 8.1)],
        [("A", 0.1, 3.9, "yeah"), ("B", 4.6, 8.2)],
    )
    moments, divided, used = consolidate(given_, Consolidation())
    assert moments == [
        Moment("t", "A", 0.1, 4.0, "yes", "", {}, 3, 1.0),
        Moment("t", "B", 4.2, 8.1, "", "", {}, 2, 2 / 3),
    ]
    assert (divided, used) == ([], 6)


def test_ties_and_lone_marks_are_kept_apart() -> None:
    """Two against two on a label is for a person; one of three is no quorum. Nothing gets lost."""
    tie = consolidate(answers([("A", 0.0, 1.0)], [("B", 0.0, 1.0)]), Consolidation())
    assert [(each.reason, each.detail, len(each.members)) for each in tie[1]] == [
        ("tie", '1 "A" against 1 "B"', 2)
    ]
    assert tie[0] == []
    lone = consolidate(answers([("A", 0.0, 1.0)], [], []), Consolidation())
    assert [each.reason for each in lone[1]] == ["no_quorum"]


@st.composite
def marks(draw: st.DrawFn) -> list[list[Segment]]:
    """Segments of two to four workers around the same turns, some missing, some split, none overlapping."""
    turns, clock = [], 0.0
    for _ in range(draw(st.integers(1, 6))):
        start = clock + draw(st.sampled_from([0.0, 0.5, 1.0]))
        clock = start + draw(st.sampled_from([1.0, 2.0, 4.0]))
        turns.append((start, clock))
    workers = []
    for _ in range(draw(st.integers(2, 4))):
        found, reached = [], 0.0
        for start, end in turns:
            if draw(st.integers(0, 9)) == 0:
                continue
            left = max(reached, start + draw(st.sampled_from([-0.3, -0.1, 0.0, 0.1, 0.6])))
            right = end + draw(st.sampled_from([-0.6, -0.1, 0.0, 0.2]))
            if right > left:
                found.append(Segment("t", draw(st.sampled_from("AAAB")), left, right))
                reached = right
        workers.append(found)
    return workers


@settings(max_examples=300, deadline=None)
@given(marks())
def test_the_short_way_gives_what_the_slow_way_gives(workers: list[list[Segment]]) -> None:
    """Every segment is in a moment or set aside; clusters are those of the slow way."""
    given_ = [Answer(f"w{n}", {"t": segments} if segments else {}, {}) for n, segments in enumerate(workers)]
    moments, divided, used = consolidate(given_, Consolidation())
    assert used + sum(len(each.members) for each in divided) == sum(map(len, workers))
    clusters = _matched([answer.tracks.get("t", []) for answer in given_], 0.5)
    assert all(len({worker for worker, _ in cluster}) == len(cluster) for cluster in clusters)
    assert len(clusters) == len(moments) + len(divided)
    assert all(each.start < each.end for each in moments)
    assert all(a.end <= b.start for a, b in itertools.pairwise(moments))


@settings(max_examples=100, deadline=None)
@given(marks())
def test_alpha_is_that_of_the_krippendorff_package(workers: list[list[Segment]]) -> None:
    """From the frames themselves, computed by others."""
    frame, last = 0.1, max((s.end for each in workers for s in each), default=0.0) + 0.5
    sums: Any = defaultdict(float)
    add_frames(sums, workers, last, frame)
    codes = {"A": 1.0, "B": 2.0}
    frames = round(last / frame)
    data = np.zeros((len(workers), frames))
    for row, segments in enumerate(workers):
        for number in range(frames):
            centre = (number + 0.5) * frame
            for segment in segments:
                if segment.start <= centre < segment.end:
                    data[row, number] = codes[segment.label]
    if len(np.unique(data)) < 2:
        assert alpha(sums) is None
        return
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert alpha(sums) == pytest.approx(expected, abs=0.02)


def test_alpha_equals_the_package_exactly_on_frames_without_borders_between() -> None:
    """Times on the frames' own borders: the same number to six places."""
    left = [Segment("t", "A", 0.0, 3.0), Segment("t", "B", 4.0, 9.0)]
    right = [Segment("t", "A", 0.0, 4.0), Segment("t", "A", 4.0, 6.0), Segment("t", "B", 6.0, 9.0)]
    third = [Segment("t", "A", 1.0, 3.0), Segment("t", "B", 3.0, 8.0)]
    sums: Any = defaultdict(float)
    add_frames(sums, [left, right, third], 10.0, 1.0)
    data = [[1, 1, 1, 0, 2, 2, 2, 2, 2, 0], [1, 1, 1, 1, 1, 1, 2, 2, 2, 0], [0, 1, 1, 2, 2, 2, 2, 2, 0, 0]]
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert alpha(sums) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(marks())
def test_matches_are_those_of_every_pair_looked_at(workers: list[list[Segment]]) -> None:
    """Against a plain loop over all pairs, by falling overlap."""
    left, right = workers[0], workers[1]
    pairs = sorted(
        (-(min(a.end, b.end) - max(a.start, b.start)) / (max(a.end, b.end) - min(a.start, b.start)), i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if a.label == b.label
    )
    expected, used = [], set[tuple[str, int]]()
    for overlap, i, j in pairs:
        if -overlap >= 0.5 and not {("l", i), ("r", j)} & used:
            used |= {("l", i), ("r", j)}
            expected.append((left[i], right[j]))
    assert [(a, b) for _, a, b in matches(left, right, 0.5)] == expected


def test_f1_and_boundary_errors_by_hand() -> None:
    """Two workers, two of three segments alike: 2*2/(3+2); starts 0.1 and 0.3 apart."""
    left = [Segment("t", "A", 0.0, 2.0), Segment("t", "B", 2.0, 4.0), Segment("t", "A", 5.0, 6.0)]
    right = [Segment("t", "A", 0.1, 2.0), Segment("t", "B", 2.3, 4.0)]
    agreement = Agreement(Measure((0.5, 0.9)))
    agreement.add([Answer("l", {"t": left}, {}), Answer("r", {"t": right}, {})], [], 6.0)
    figures = agreement.figures()["tracks"]["t"]
    assert figures["f1"] == {"0.5": 0.8, "0.9": 0.4}
    assert figures["start_error_seconds"] == pytest.approx(0.2)
    assert figures["end_error_seconds"] == 0.0


def test_whole_file_answers_are_agreed_by_their_kind() -> None:
    """Ratings by median, choices by majority, boxes one by one; a tie is kept for a person."""
    kinds = {"rate": "rating", "sex": "choice", "tie": "choice"}
    said: list[dict[str, Any]] = [
        {
            "rate": {"1": False, "4": True},
            "sex": {"f": True, "m": False},
            "noise": {"a": True, "b": False},
            "note": "x",
        },
        {
            "rate": {"5": True},
            "sex": {"f": True},
            "noise": {"a": True, "b": True},
            "note": "x",
            "tie": {"u": True},
        },
        {"rate": 2, "sex": {"m": True}, "noise": {"a": False, "b": False}, "note": "y", "tie": {"v": True}},
    ]
    found = [Answer(f"w{n}", {}, whole.read(fields, kinds)[0]) for n, fields in enumerate(said)]
    agreed, tied = whole.consolidate(found)
    assert {name: each.value for name, each in agreed.items()} == {
        "rate": 4.0,
        "sex": "f",
        "noise": ("a",),
        "note": "x",
    }
    assert agreed["sex"] == Whole("choice", "f", 2, 2 / 3)
    assert [name for name, _ in tied] == ["tie"]
    _, wrong, count = whole.read({"rate": {"1": True, "2": True}, "sex": 7}, kinds)
    assert ([name for name, _, _ in wrong], count) == (["rate", "sex"], 2)
