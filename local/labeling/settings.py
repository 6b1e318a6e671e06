"""How labeling jobs of the stand-in get their answers where no people are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelingSettings:
    """`answers`: folder that stands for the workers; None: nobody answers, and a job waits until it is
    stopped or its tasks expire. `seconds_per_object`: how long the answers to one object take.
    """

    answers: str | None = None
    seconds_per_object: float = 0.0
