"""How many threads a model is worth."""

from __future__ import annotations

import os
from typing import Any

WORTH_THREADS = 10_000_000  # parameters


def use_threads(model: Any) -> None:
    """One thread for a small model, all processors for others.

    Measured on two cores: two threads are a third faster on an idle machine, and eleven times slower when
    another process wants one of the cores, because OpenMP's threads spin while they wait for each other.
    """
    import torch

    torch.set_num_threads(1 if model.num_parameters() < WORTH_THREADS else os.cpu_count() or 1)
