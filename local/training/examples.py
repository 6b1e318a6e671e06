"""Rows as token ids: prompt and answer, cut to the context, in batches of rows of like length."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.training.dataset import Row
from local.training.job import FineTuningError

LARGEST_TRUNCATED_SHARE = 0.6  # above it Autopilot fails the job
IGNORED = -100  # what torch's cross entropy leaves out
# Batches are cut from so many batches' worth of shuffled rows, sorted by length: a sixth faster.
_POOL_OF_BATCHES = 16


@dataclass(frozen=True)
class Example:
    """Token ids of a prompt and of its answer with the end token."""

    prompt: list[int]
    answer: list[int]
    truncated: bool = False

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.answer)


def encode(rows: Sequence[Row], tokenizer: Any, *, context_tokens: int) -> list[Example]:
    """Prompt and answer apart, as generation will see them: it goes on from the prompt's last token."""
    prompts = tokenizer([row.input for row in rows], return_attention_mask=False)["input_ids"]
    answers = tokenizer(
        [_continued(row) for row in rows], return_attention_mask=False, add_special_tokens=False
    )["input_ids"]
    end = tokenizer.eos_token_id
    pairs = zip(prompts, answers, strict=True)
    return [_cut(_without_end(prompt, end), [*answer, end], context_tokens) for prompt, answer in pairs]


def check_truncation(examples: Sequence[Example]) -> int:
    """How many rows were cut; more than 60 % fail the job, as they do in Autopilot."""
    count = sum(example.truncated for example in examples)
    if count > LARGEST_TRUNCATED_SHARE * len(examples):
        raise FineTuningError(
            f"{count} of {len(examples)} rows are longer than the context of the base model and would be"
            f" truncated; more than {LARGEST_TRUNCATED_SHARE:.0%} fail the job."
        )
    return count


def _continued(row: Row) -> str:
    return row.output if row.input[-1:].isspace() else f" {row.output}"


def _without_end(prompt: list[int], end: int) -> list[int]:
    """Some tokenizers end every text with the end token: nothing would follow it."""
    return prompt[:-1] if prompt[-1:] == [end] else prompt


def _cut(prompt: list[int], answer: list[int], context_tokens: int) -> Example:
    """Both ends of a long prompt say what is asked; its head is kept, as Autopilot does."""
    kept_answer = answer[: context_tokens // 2]
    kept_prompt = prompt[: context_tokens - len(kept_answer)]
    cut = len(kept_prompt) < len(prompt) or len(kept_answer) < len(answer)
    return Example(kept_prompt, kept_answer, truncated=cut)


def batches(
    examples: Sequence[Example], size: int, *, shuffle: random.Random | None = None
) -> Iterator[list[Example]]:
    """Every example once. With a source of chance the order is new each time; without, sorted by length."""
    ordered = list(examples)
    pool = size * _POOL_OF_BATCHES if shuffle else len(ordered)
    if shuffle:
        shuffle.shuffle(ordered)
    cut: list[list[Example]] = []
    for start in range(0, len(ordered), max(pool, 1)):
        part = sorted(ordered[start : start + pool], key=lambda example: example.length)
        cut += [part[at : at + size] for at in range(0, len(part), size)]
    if shuffle:
        shuffle.shuffle(cut)
    yield from cut


def tensors(batch: Sequence[Example], pad: int) -> tuple[Any, Any]:
    """Ids padded on the right, and labels that count on the answers' tokens only.

    Padding behind a text needs no mask: a causal model never looks ahead.
    """
    import torch

    longest = max(example.length for example in batch)
    ids = torch.full((len(batch), longest), pad)
    labels = torch.full((len(batch), longest), IGNORED)
    for at, example in enumerate(batch):
        ids[at, : example.length] = torch.tensor(example.prompt + example.answer)
        labels[at, len(example.prompt) : example.length] = torch.tensor(example.answer)
    return ids, labels
