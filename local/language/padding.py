"""Prompts of different lengths as one batch, padded on the left: generation goes on from every row's end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def left_padded(rows: Sequence[Sequence[int]], pad: int) -> dict[str, Any]:
    """`input_ids` and `attention_mask`, as `generate` takes them."""
    import torch

    width = max(len(row) for row in rows)
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for at, row in enumerate(rows):
        ids[at, width - len(row) :] = torch.tensor(row)
        mask[at, width - len(row) :] = 1
    return {"input_ids": ids, "attention_mask": mask}
