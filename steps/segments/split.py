"""Which set an object belongs to: a function of its recording and the seed, and of nothing else.

So a recording is never on two sides, whatever the order, the number of instances, or what else there is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from xxhash import xxh3_64_intdigest

SETS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Shares of the recordings; the rest is for training."""

    validation: float
    test: float
    seed: int

    def of(self, recording: str) -> str:
        """train, validation or test."""
        place = xxh3_64_intdigest(named(recording), self.seed) / 2**64
        if place < self.test:
            return "test"
        return "validation" if place < self.test + self.validation else "train"


def named(recording: str) -> bytes:
    """One name of a recording, however it was typed: composed or not, with spaces around it."""
    return unicodedata.normalize("NFC", recording).strip().encode("utf-8", "surrogatepass")
