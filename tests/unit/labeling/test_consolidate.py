"""What several workers mark becomes what they agree on, and how far they agree is told right."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import krippendorff
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


@st.composite
def free_marks(draw: st.DrawFn) -> list[list[Segment]]:
    """Segments of two to four workers anywhere, on eighths of a second, overlapping as they like."""
    one = st.builds(
        lambda label, start, length: Segment("t", label, start / 8, (start + length) / 8),
        st.sampled_from("ABC"),
        st.integers(0, 60),
        st.integers(1, 40),
    )
    lists = draw(st.lists(st.lists(one, max_size=5), min_size=2, max_size=4))
    return [sorted({each[1:4]: each for each in found}.values(), key=lambda s: s[2:4]) for found in lists]


@settings(max_examples=100, deadline=None)
@given(free_marks(), st.sampled_from([None, 5.0, 20.0]))
def test_alpha_is_that_of_the_krippendorff_package(
    workers: list[list[Segment]], duration: float | None
) -> None:
    """From the frames themselves, looked at one by one, computed by others: to six places."""
    frame = 0.25
    last = max((s.end for each in workers for s in each), default=0.0) if duration is None else duration
    sums: Any = defaultdict(float)
    add_frames(sums, workers, duration, frame)
    data: list[list[float]] = []
    for segments in workers:
        row = []
        for centre in itertools.takewhile(lambda at: at < last, itertools.count(frame / 2, frame)):
            covering = [each for each in segments if each.start <= centre < each.end]
            row.append(float("ABC".index(covering[-1].label) + 1) if covering else 0.0)
        data.append(row)
    if len({value for row in data for value in row}) < 2:
        assert alpha(sums) is None
        return
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert alpha(sums) == pytest.approx(expected, abs=1e-6)


def test_alpha_of_a_day_takes_no_memory() -> None:
    """Frames of a millisecond over a week: counted by stretches."""
    sums: Any = defaultdict(float)
    week = 7 * 86_400.0
    add_frames(sums, [[Segment("t", "A", 0.0, 1.0)], [Segment("t", "A", 0.0, 2.0)]], week, 0.001)
    assert sums["", ""] == 2 * (week * 1000 - 2000)
    assert sums["A", "A"] == 2 * 1000
    assert sums["A", ""] == sums["", "A"] == 1000


@settings(max_examples=100, deadline=None)
@given(free_marks())
def test_agreed_moments_are_in_order_whatever_overlaps(workers: list[list[Segment]]) -> None:
    """Also where tracks allow overlaps, so that what compares and writes them may rely on it."""
    given_ = [Answer(f"w{n}", {"t": segments}, {}) for n, segments in enumerate(workers)]
    moments, divided, used = consolidate(given_, Consolidation())
    assert used + sum(len(each.members) for each in divided) == sum(map(len, workers))
    assert [m[2:4] for m in moments] == sorted(m[2:4] for m in moments)


@settings(max_examples=100, deadline=None)
@given(free_marks())
def test_figures_are_those_of_a_plain_count(workers: list[list[Segment]]) -> None:
    """F1 and boundary errors over all pairs of workers, and of each worker against what was agreed."""
    given_ = [Answer(f"w{n}", {"t": segments}, {}) for n, segments in enumerate(workers)]
    moments, _, _ = consolidate(given_, Consolidation())
    agreement = Agreement(Measure((0.5, 0.75)))
    agreement.add(given_, moments, None)
    figures = agreement.figures()
    every: list[tuple[Any, list[tuple[Any, Any]]]] = [
        (figures["tracks"]["t"], list(itertools.combinations(workers, 2)))
    ]
    every += [(figures["workers"][f"w{n}"], [(each, moments)]) for n, each in enumerate(workers)]
    for found, compared in every:
        size = sum(len(left) + len(right) for left, right in compared)
        near = [pair for left, right in compared for pair in plain_matches(left, right, 0.5)]
        for threshold in (0.5, 0.75):
            count = sum(overlap >= threshold for overlap, _, _ in near)
            expected = round(2 * count / size, 6) if size else None
            assert found["f1"][f"{threshold:g}"] == expected
        errors = [abs(a[2] - b[2]) for _, a, b in near], [abs(a[3] - b[3]) for _, a, b in near]
        for key, distances in zip(("start_error_seconds", "end_error_seconds"), errors, strict=True):
            mean = sum(distances) / len(distances) if distances else None
            assert found[key] == pytest.approx(mean, abs=1e-6)


def plain_matches(left: Any, right: Any, least: float) -> list[tuple[float, Any, Any]]:
    """Pairs of one label by falling overlap, each segment once, by looking at all of them."""
    pairs = sorted(
        (-(min(a[3], b[3]) - max(a[2], b[2])) / (max(a[3], b[3]) - min(a[2], b[2])), i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if a[1] == b[1]
    )
    found, used = [], set[tuple[str, int]]()
    for overlap, i, j in pairs:
        if -overlap >= least and not {("l", i), ("r", j)} & used:
            used |= {("l", i), ("r", j)}
            found.append((-overlap, left[i], right[j]))
    return found


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


@settings(max_examples=100, deadline=None)
@given(marks())
def test_matches_are_those_of_every_pair_looked_at(workers: list[list[Segment]]) -> None:
    """Against a plain loop over all pairs, by falling overlap."""
    left, right = workers[0], workers[1]
    assert matches(left, right, 0.5) == plain_matches(left, right, 0.5)


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
