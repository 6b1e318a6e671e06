"""Every record that went in, and what became of it: an array of hashes and a byte for each, no texts.

    records in = passed + masked + blocked + failed + set aside

Results of two attempts at one record may both be there; the first one counts. A success stands above a
failure, whichever came first. A record of which nothing is known has failed: `no_output`.
"""

from __future__ import annotations

import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from xxhash import xxh3_64_intdigest

from steps.runtime.errors import StepError

NO_OUTPUT = "no_output"
_OPEN = 0


class BooksError(StepError):
    """The books do not balance: something is lost, or came from elsewhere."""


def key(identity: str) -> int:
    """An id as the books know it."""
    return xxh3_64_intdigest(identity.encode("utf-8", "surrogatepass"))


def ids(path: Path) -> Iterable[str]:
    """The ids of a file of lines with an `id`."""
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)["id"]


@dataclass
class Books:
    """`state` of a record: 0 open, 1 a success, 2 and more the reason of a failure."""

    keys: Any
    state: Any
    reasons: list[str] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    duplicates: int = 0

    @classmethod
    def of(cls, identities: Iterable[str]) -> Books:
        """Opens the books for these records."""
        found = array.array("Q", (key(identity) for identity in identities))
        keys = np.sort(np.frombuffer(found, dtype=np.uint64)) if found else np.empty(0, dtype=np.uint64)
        if len(keys) > 1 and bool((keys[1:] == keys[:-1]).any()):
            raise BooksError("the records that were asked for hold an id twice")
        return cls(keys, np.zeros(len(keys), dtype=np.uint8))

    def places(self, identities: Sequence[str]) -> list[int]:
        """Where the records stand; -1 for one that was never asked for."""
        if not len(self.keys):
            return [-1] * len(identities)
        wanted = np.array([key(identity) for identity in identities], dtype=np.uint64)
        places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return [int(place) for place in np.where(self.keys[places] == wanted, places, -1)]

    def succeed(self, identities: Sequence[str], actions: Sequence[str]) -> list[bool]:
        """Enters results; True for those that count."""
        counted = []
        for place, action in zip(self.places(identities), actions, strict=True):
            counts = place >= 0 and self.state[place] != 1
            if place < 0:
                self.unknown += 1
            elif not counts:
                self.duplicates += 1
            else:
                self.state[place] = 1
                self.actions[action] += 1
            counted.append(counts)
        return counted

    def fail(self, identities: Sequence[str], reasons: Sequence[str]) -> None:
        """Enters failures; they count where there is no success."""
        for place, reason in zip(self.places(identities), reasons, strict=True):
            if place < 0:
                self.unknown += 1
            elif self.state[place] == _OPEN:
                self.state[place] = self._code(reason)

    def reason(self, identity: str) -> str | None:
        """Why a record failed; None where it did not."""
        state = int(self.state[self.places([identity])[0]])
        if state == 1:
            return None
        return NO_OUTPUT if state == _OPEN else self.reasons[state - 2]

    def _code(self, reason: str) -> int:
        if reason not in self.reasons:
            # Reasons are kinds; should there ever be more than a byte can tell apart, the rest is one.
            self.reasons.append(reason if len(self.reasons) < 250 else "other")
        return min(self.reasons.index(reason) if reason in self.reasons else 250, 250) + 2

    def check(self, *, set_aside: int, written: Counter[str]) -> None:
        """Raises unless what was written accounts for every record exactly once."""
        if self.unknown:
            raise BooksError(
                f"{self.unknown} results are of records that were never asked for",
                hint="another job wrote below this execution's batch output; start a new execution",
            )
        records_in = len(self.keys) + set_aside
        accounted = sum(written.values())
        if accounted != records_in or written["set_aside"] != set_aside:
            parts = ", ".join(f"{count} {name}" for name, count in sorted(written.items()))
            raise BooksError(f"the books do not balance: {records_in} records in, {accounted} out ({parts})")
