"""Prompts that arrive together are answered together."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from local.serving.batching import Batcher


class Work:
    """Answers in capitals; the first batch waits until it is let go, so that others can gather behind it."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[str], str]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, prompts: Sequence[str], key: str) -> list[str]:
        self.batches.append((list(prompts), key))
        self.begun.set()
        assert self.go_on.wait(10)
        if key == "bad":
            raise ValueError("no answer")
        return [prompt.upper() for prompt in prompts]


@pytest.fixture
def work() -> Work:
    return Work()


def gathered(work: Work, batcher: Batcher[str, str, str], prompts: list[tuple[str, str]]) -> list[str]:
    """Submits the prompts while a first one keeps the model busy; their answers."""
    first = batcher.submit("first", "a")
    assert work.begun.wait(10)
    waiting = [batcher.submit(prompt, key) for prompt, key in prompts]
    work.go_on.set()
    assert first.result(10) == "FIRST"
    return [one.result(10) for one in waiting]


def test_what_waits_becomes_one_batch_in_order(work: Work) -> None:
    """Each caller gets the answer of its own prompt."""
    batcher: Batcher[str, str, str] = Batcher(work, window_seconds=0.05)
    assert gathered(work, batcher, [(f"p{n}", "a") for n in range(5)]) == ["P0", "P1", "P2", "P3", "P4"]
    assert work.batches == [(["first"], "a"), (["p0", "p1", "p2", "p3", "p4"], "a")]


def test_a_batch_is_no_larger_than_allowed(work: Work) -> None:
    """The rest is the next batch."""
    batcher: Batcher[str, str, str] = Batcher(work, window_seconds=0.05, largest=3)
    gathered(work, batcher, [(f"p{n}", "a") for n in range(4)])
    assert [len(prompts) for prompts, _ in work.batches] == [1, 3, 1]


def test_other_settings_are_another_batch(work: Work) -> None:
    """Two requests share a batch only when they are to be answered in the same way."""
    batcher: Batcher[str, str, str] = Batcher(work, window_seconds=0.05)
    gathered(work, batcher, [("p0", "a"), ("p1", "b"), ("p2", "a")])
    assert work.batches[1:] == [(["p0", "p2"], "a"), (["p1"], "b")]


def test_an_error_reaches_who_waits_and_stops_nothing_else(work: Work) -> None:
    """The thread serves the next batch."""
    batcher: Batcher[str, str, str] = Batcher(work)
    work.go_on.set()
    with pytest.raises(ValueError, match="no answer"):
        batcher.submit("p", "bad").result(10)
    assert batcher.submit("q", "good").result(10) == "Q"
