"""Greedy answers for many prompts at once: padded on the left, ended at the end token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from local.language.padding import left_padded
from local.training.examples import Example

_BATCH = 32


def answers(model: Any, tokenizer: Any, examples: Sequence[Example], *, most_tokens: int) -> list[str]:
    """The model's answer to each example's prompt, in their order."""
    ordered = sorted(range(len(examples)), key=lambda at: len(examples[at].prompt))
    texts = [""] * len(examples)
    for start in range(0, len(ordered), _BATCH):
        places = ordered[start : start + _BATCH]
        found = _batch(model, tokenizer, [examples[at].prompt for at in places], most_tokens)
        for at, text in zip(places, found, strict=True):
            texts[at] = text
    return texts


def _batch(model: Any, tokenizer: Any, prompts: list[list[int]], most_tokens: int) -> Iterator[str]:
    import torch

    inputs = left_padded(prompts, tokenizer.pad_token_id)
    model.eval()
    with torch.inference_mode():
        made = model.generate(
            **inputs, max_new_tokens=most_tokens, do_sample=False, pad_token_id=tokenizer.pad_token_id
        )
    for row in made[:, inputs["input_ids"].shape[1] :]:
        yield tokenizer.decode(row, skip_special_tokens=True).strip()
