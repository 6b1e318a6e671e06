"""The paired bootstrap against others' computations, and what may be compared at all."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from steps.comparison.comparable import other_data, other_rows
from steps.comparison.paired import FEWEST_ROWS, RESAMPLES, Difference, differences
from steps.comparison.results import ResultsError, read_scores

SCORES = st.lists(
    st.tuples(st.floats(0, 1, allow_subnormal=False), st.floats(0, 1, allow_subnormal=False)),
    min_size=1,
    max_size=60,
)


def paired(new: Any, old: Any, **more: Any) -> Difference:
    return differences({"f1": new}, {"f1": old}, **{"seed": 42, **more})["f1"]


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_interval_is_scipys(confidence: float) -> None:
    """The percentile interval of scipy.stats.bootstrap on the same scores, but for the draws of chance."""
    generator = np.random.default_rng(7)
    old = generator.beta(2, 2, 300)
    new = np.clip(old + generator.normal(0.03, 0.2, 300), 0, 1)
    ours = paired(new, old, confidence=confidence, resamples=20_000)
    theirs = stats.bootstrap(
        (new, old),
        lambda one, other, axis: np.mean(one - other, axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=20_000,
        confidence_level=confidence,
        rng=np.random.default_rng(1),
    ).confidence_interval
    spread = float(np.std(new - old) / np.sqrt(300))
    assert ours.low == pytest.approx(theirs.low, abs=0.15 * spread)
    assert ours.high == pytest.approx(theirs.high, abs=0.15 * spread)


def test_every_resample_is_that_of_a_plain_loop() -> None:
    """The same draws, one after the other, without a trick: equal to the last digits."""
    new, old = np.linspace(0, 1, 37) ** 2, np.linspace(0, 1, 37)
    generator = np.random.default_rng(3)
    means = []
    for _ in range(RESAMPLES):
        drawn = [int(each) for each in generator.integers(0, 37, 37)]
        means.append(sum(new[each] - old[each] for each in drawn) / 37)
    low, high = np.quantile(means, [0.025, 0.975])
    ours = paired(new, old, seed=3)
    assert [ours.low, ours.high] == pytest.approx([low, high], abs=1e-12)


def test_pairing_is_what_makes_small_differences_show() -> None:
    """A model that is a little better on every row is better, however much the rows differ."""
    old = np.random.default_rng(5).uniform(0, 0.9, 100)
    found = paired(old + 0.01, old)
    assert found.verdict() == "better"
    assert [found.low, found.high] == pytest.approx([0.01, 0.01])


@settings(max_examples=60, deadline=None)
@given(SCORES, st.integers(0, 2**32), st.integers(1, 5000))
def test_what_holds_for_any_scores(pairs: list[tuple[float, float]], seed: int, chunk: int) -> None:
    """Bounds in order and within what rows can give; swapped models give the mirror image; the size of the
    chunks changes nothing; equal models show no difference."""
    new, old = np.array(pairs).T
    found = paired(new, old, seed=seed, resamples=200)
    assert found.low <= found.high
    assert np.min(new - old) - 1e-9 <= found.low
    assert found.high <= np.max(new - old) + 1e-9
    assert found.mean == pytest.approx(float(np.mean(new) - np.mean(old)), abs=1e-9)
    swapped = paired(old, new, seed=seed, resamples=200)
    assert [swapped.low, swapped.high] == pytest.approx([-found.high, -found.low], abs=1e-9)
    chunked = paired(new, old, seed=seed, resamples=200, chunk=chunk)
    assert [chunked.low, chunked.high] == pytest.approx([found.low, found.high], abs=1e-12)
    same = paired(new, new, seed=seed, resamples=50)
    assert (same.mean, same.low, same.high, same.verdict()) == (0, 0, 0, "not enough evidence")


@settings(max_examples=40, deadline=None)
@given(SCORES, st.floats(0.5, 0.9))
def test_more_confidence_is_a_wider_interval(pairs: list[tuple[float, float]], confidence: float) -> None:
    """With the same draws the one lies within the other."""
    new, old = np.array(pairs).T
    narrow = paired(new, old, confidence=confidence, resamples=200)
    wide = paired(new, old, confidence=0.99, resamples=200)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (0.01, 0.05, 0.0, "better"),
        (0.0, 0.05, 0.0, "not enough evidence"),
        (0.01, 0.05, 0.01, "not enough evidence"),
        (0.01, 0.05, 0.005, "better"),
        (-0.05, -0.01, 0.0, "worse"),
        (-0.05, 0.05, 0.0, "not enough evidence"),
        (-0.01, 0.05, -0.02, "better"),
    ],
)
def test_the_verdict_is_about_the_whole_interval(
    low: float, high: float, margin: float, verdict: str
) -> None:
    """Better only where even the low bound is above the margin; a negative margin asks for "not worse"."""
    assert Difference((low + high) / 2, low, high, 300, 0.95).verdict(margin) == verdict


def test_few_rows_prove_nothing() -> None:
    """One row, or nineteen: not enough evidence, whatever they say."""
    for rows in (1, FEWEST_ROWS - 1):
        assert paired(np.ones(rows), np.zeros(rows)).verdict() == "not enough evidence"
    assert paired(np.ones(FEWEST_ROWS), np.zeros(FEWEST_ROWS)).verdict() == "better"


def test_metrics_that_one_lacks_are_left_out() -> None:
    """Only what both have can be compared; nothing from nothing."""
    assert list(differences({"f1": [1.0], "rouge1": [1.0]}, {"f1": [0.0]}, seed=1)) == ["f1"]
    assert differences({"f1": []}, {"f1": []}, seed=1) == {}
    assert differences({"f1": [1.0]}, {}, seed=1) == {}


def test_memory_stays_bounded() -> None:
    """100,000 rows by 2,000 resamples would be 1.6 GB of draws; chunks hold a hundredth of that."""
    import tracemalloc

    generator = np.random.default_rng(1)
    new, old = generator.random(100_000), generator.random(100_000)
    tracemalloc.start()
    paired(new, old, resamples=60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


def lines(*rows: Any) -> list[bytes]:
    return [json.dumps(row).encode() + b"\n" for row in rows]


def result(name: str, **scores: float) -> dict[str, Any]:
    return {"id": name, "scores": scores, "unicode_scores": dict.fromkeys(scores, 1.0)}


def test_scores_are_read_in_order_with_the_hash_of_the_file() -> None:
    """Either kind; blank lines are none."""
    body = [*lines(result("a", f1=0.5), result("b", f1=1)), b"\n"]
    found = read_scores(body, "scores")
    assert (found.ids, list(found.values["f1"]), len(found)) == (["a", "b"], [0.5, 1.0], 2)
    assert list(read_scores(body, "unicode_scores").values["f1"]) == [1.0, 1.0]
    assert found.sha256 == read_scores(body, "unicode_scores").sha256


@pytest.mark.parametrize(
    ("bad", "fact"),
    [
        (b"{\n", "line 2 is no result: JSONDecodeError"),
        (b"[]\n", "line 2 is no result: TypeError"),
        (b'{"id": "b"}\n', "line 2 is no result: KeyError: 'scores'"),
        (lines(result("b", rouge1=1))[0], "line 2 is no result: ValueError: its metrics are not those"),
        (lines({"id": "b", "scores": {"f1": None}})[0], "line 2 is no result: TypeError"),
        (b"\xff\xfe\n", "line 2 is no result: UnicodeDecodeError"),
    ],
)
def test_a_line_that_is_no_result_is_told(bad: bytes, fact: str) -> None:
    """With its number."""
    with pytest.raises(ResultsError, match=fact):
        read_scores([*lines(result("a", f1=0.5)), bad], "scores")


MANIFEST: dict[str, Any] = {
    "data": {"sha256": "a" * 64, "rows": 1200},
    "settings": {"task": "question_answering", "target_delimiter": "<OR>", "asking": {"concurrency": 8}},
}


@pytest.mark.parametrize(
    ("old", "reason"),
    [
        (MANIFEST, ""),
        ({**MANIFEST, "settings": {**MANIFEST["settings"], "asking": {"concurrency": 1}}}, ""),
        (
            {**MANIFEST, "data": {"sha256": "b" * 64, "rows": 300}},
            (
                "other evaluation data: 1,200 rows with hash aaaaaaaaaaaa, "
                "before 300 rows with hash bbbbbbbbbbbb"
            ),
        ),
        ({}, "its manifest does not say which rows were asked"),
        ({"data": [], "settings": 1}, "its manifest does not say which rows were asked"),
        (
            {**MANIFEST, "settings": {"task": "summarization", "target_delimiter": "<OR>"}},
            "scored in another way: task",
        ),
    ],
)
def test_only_the_same_rows_scored_the_same_way_are_compared(old: dict[str, Any], reason: str) -> None:
    """How the model was asked may differ."""
    assert other_data(MANIFEST, old) == reason


def test_results_must_be_those_of_the_manifest_and_of_the_same_rows() -> None:
    """Changed afterwards, or other ids: not comparable."""
    new = read_scores(lines(result("a", f1=1), result("b", f1=0)), "scores")
    old = read_scores(lines(result("a", f1=0), result("b", f1=0)), "scores")
    other = read_scores(lines(result("b", f1=0), result("a", f1=0)), "scores")
    assert other_rows(new, old, {"files": {"results.jsonl": old.sha256}}) == ""
    assert other_rows(new, old, {}) == ""
    assert "the manifest has another hash" in other_rows(new, old, {"files": {"results.jsonl": "0" * 64}})
    assert other_rows(new, other, {}) == "its results are of other rows (2 against 2)"
