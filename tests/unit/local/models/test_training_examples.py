"""Rows as token ids: cut to the context, batched by length."""

from __future__ import annotations

import random
from typing import Any

import pytest

from local.training.dataset import Row
from local.training.examples import Example, batches, check_truncation, encode
from local.training.job import FineTuningError

END = 0


class Letters:
    """A tokenizer with one token a letter; a text may be made to end with the end token."""

    eos_token_id = END

    def __init__(self, *, ends_texts: bool = False) -> None:
        self._ends = [END] if ends_texts else []

    def __call__(self, texts: list[str], *, add_special_tokens: bool = True, **_: Any) -> dict[str, Any]:
        ends = self._ends if add_special_tokens else []
        return {"input_ids": [[*map(ord, text), *ends] for text in texts]}


def ids(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def test_an_answer_ends_with_the_end_token_and_begins_as_a_word() -> None:
    """Behind a line's end the word needs no space."""
    made = encode([Row("ab", "c"), Row("ab\n", "c")], Letters(), context_tokens=10)
    assert made == [Example(ids("ab"), [*ids(" c"), END]), Example(ids("ab\n"), [*ids("c"), END])]


def test_the_end_token_that_a_tokenizer_adds_to_prompts_is_taken_off() -> None:
    """Otherwise the model would learn to go on behind the end."""
    assert encode([Row("ab", "c")], Letters(ends_texts=True), context_tokens=10)[0].prompt == ids("ab")


def test_what_is_longer_than_the_context_is_cut_and_counted() -> None:
    """The answer keeps its place: at most half of the context is cut off it."""
    made = encode([Row("abcdefgh", "xy"), Row("ab", "x")], Letters(), context_tokens=8)
    assert made[0] == Example(ids("abcd"), [*ids(" xy"), END], truncated=True)
    assert not made[1].truncated
    assert check_truncation(made) == 1


def test_more_than_sixty_percent_cut_rows_fail() -> None:
    """As in Autopilot."""
    cut, whole = Example([1], [0], truncated=True), Example([1], [0])
    assert check_truncation([cut] * 6 + [whole] * 4) == 6
    with pytest.raises(FineTuningError, match=r"7 of 10 rows are longer .* more than 60% fail the job"):
        check_truncation([cut] * 7 + [whole] * 3)


def test_batches_hold_every_example_once_and_rows_of_like_length() -> None:
    """Shuffled they come in another order each time; without chance the order is that of the lengths."""
    examples = [Example([1] * length, [0]) for length in random.Random(3).sample(range(1, 400), 200)]
    chance = random.Random(5)
    first, second = list(batches(examples, 8, shuffle=chance)), list(batches(examples, 8, shuffle=chance))
    for found in (first, second):
        assert sorted(e.length for batch in found for e in batch) == sorted(e.length for e in examples)
    assert first != second
    widths = [max(e.length for e in batch) - min(e.length for e in batch) for batch in first]
    assert sum(widths) / len(widths) < 60
    lengths = [e.length for batch in batches(examples, 8) for e in batch]
    assert lengths == sorted(lengths)
