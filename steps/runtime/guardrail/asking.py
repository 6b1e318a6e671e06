"""Records to outcomes: several in one call where that pays, one by one where a verdict must be told apart.

A packed answer counts when its action is NONE: then it is NONE for every record. After any intervention each
record is asked again by itself, because one verdict for several texts says neither whose it is nor, when it
is a block, what the other texts were.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from steps.runtime.guardrail.calls import UNIT_CHARACTERS, Caller, CallFailedError, TooMuchError, units
from steps.runtime.guardrail.pieces import SeamError, Span, join, masked_spans, split, whole
from steps.runtime.guardrail.tally import Tally
from steps.runtime.guardrail.verdict import Verdict

T = TypeVar("T")

# How fast the estimate of how many records are hit follows the data.
_MEMORY = 0.98


@dataclass(frozen=True)
class Outcome:
    """What came of one text. `text` is None exactly where it failed."""

    action: str  # passed, masked, blocked, failed
    text: str | None = field(repr=False)
    policies: tuple[str, ...] = ()
    entities: Counter[str] = field(default_factory=Counter)
    reason: str | None = None
    passing: bool = False  # a failure that another run may mend
    calls: int = 1  # made for it alone


@dataclass(frozen=True)
class Limits:
    """Of one request: text units in all, and records at most."""

    units: int
    records: int

    @property
    def longest(self) -> int:
        """Characters of one request."""
        return self.units * UNIT_CHARACTERS

    def calls(self, texts: Sequence[str]) -> int:
        """The most calls that the texts, packed together, can take."""
        single = sum(1 if len(text) <= self.longest else len(split(text, self.longest)) for text in texts)
        return single + (len(texts) > 1)


@dataclass
class PackSize:
    """How many records share a call: what costs least for the share of records that are hit just now.

    A pack of k costs 1/k calls a record, and, where a record of it is hit, one more for each; the text units
    likewise. So per record and with p hit: calls 1/k + h, units u * (1 + h), where h = 1 - (1 - p)^k. The
    quota that binds decides: `units_per_call` is how many units the quotas have for each request.
    """

    most: int
    units_per_call: float
    share: float = 0.0
    units: float = 1.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, hit: bool, text_units: int) -> None:
        """A record was passed, or masked or blocked."""
        with self._lock:
            self.share = _MEMORY * self.share + (1 - _MEMORY) * hit
            self.units = _MEMORY * self.units + (1 - _MEMORY) * text_units

    def best(self) -> int:
        """The size now."""
        return min(range(1, self.most + 1), key=self._cost) if self.most > 1 else 1

    def _cost(self, size: int) -> float:
        again = 0.0 if size == 1 else 1 - (1 - self.share) ** size
        # What is least bound counts a little, so that of equals the cheaper one is taken.
        calls, text_units = 1 / size + again, self.units * (1 + again) / self.units_per_call
        return max(calls, text_units) + 0.01 * (calls + text_units)


class Asker:
    """Asks for packs of texts."""

    def __init__(self, caller: Caller, limits: Limits, size: PackSize, tally: Tally) -> None:
        self._caller, self._limits, self._size, self._tally = caller, limits, size, tally

    def ask(self, texts: Sequence[str]) -> tuple[list[Outcome], int]:
        """One outcome per text, in their order; and how many calls it took at most."""
        if len(texts) > 1:
            try:
                verdict = self._caller.ask(texts)
            except CallFailedError as failed:
                if failed.passing:
                    return [_failed(failed)] * len(texts), 1
                self._tally.asked_again(len(texts), {})
            except TooMuchError:
                pass  # record by record, which takes less at once
            else:
                if verdict.action == "passed":
                    return [self._noted(text, _outcome(text, verdict)) for text in texts], 1
                self._tally.asked_again(len(texts), verdict.usage)
        outcomes = [self._noted(text, self._single(text)) for text in texts]
        made = sum(outcome.calls for outcome in outcomes) + (len(texts) > 1)
        return outcomes, max(made, self._limits.calls(texts))

    def _noted(self, text: str, outcome: Outcome) -> Outcome:
        if outcome.action != "failed":
            self._size.note(outcome.action != "passed", units(text))
        return outcome

    def _single(self, text: str) -> Outcome:
        longest = self._limits.longest
        while True:
            try:
                if len(text) <= longest:
                    return _outcome(text, self._caller.ask([text]))
                return self._long(text, longest)
            except TooMuchError:  # never of one unit
                longest = max(UNIT_CHARACTERS, min(longest, len(text)) // 2)
            except CallFailedError as failed:
                return _failed(failed)
            except SeamError:
                return Outcome("failed", None, reason="masks_not_found_again")

    def _long(self, text: str, longest: int) -> Outcome:
        """Piece by piece; one blocked piece blocks the text."""
        spans: list[Span] = []
        policies: set[str] = set()
        pieces = split(text, longest)
        for place, piece in enumerate(pieces):
            verdict = self._caller.ask([piece.text])
            policies.update(verdict.policies)
            if verdict.action == "blocked":
                return _outcome(text, verdict)
            if verdict.action == "masked":
                matches: dict[str, list[str]] = {}
                for found in verdict.found:
                    matches.setdefault(f"{{{found.name}}}", []).append(found.match)
                laid = masked_spans(piece.text, verdict.outputs[0], matches)
                found_here = (Span(piece.start + start, piece.start + end, mask) for start, end, mask in laid)
                spans += [whole(text, span, pieces, place) for span in found_here]
        if not policies:
            return Outcome("passed", text, calls=len(pieces))
        masked, masks = join(text, spans)
        counts = Counter(mask[1:-1] for mask in masks)
        return Outcome("masked", masked, tuple(sorted(policies)), counts, calls=len(pieces))


def _outcome(text: str, verdict: Verdict) -> Outcome:
    """Of a text that was asked for by itself, or that passed with others."""
    given = text if verdict.action == "passed" else verdict.outputs[0]
    return Outcome(verdict.action, given, verdict.policies, verdict.entities)


def _failed(failed: CallFailedError) -> Outcome:
    return Outcome("failed", None, reason=failed.reason, passing=failed.passing)


@dataclass
class Packer(Generic[T]):
    """Gathers texts to packs within the limits of a request."""

    limits: Limits
    size: PackSize

    def packs(self, items: Iterable[tuple[T, str]]) -> Iterator[list[tuple[T, str]]]:
        """The items in their order, some together; a text over the limit stands alone."""
        pack: list[tuple[T, str]] = []
        filled, most = 0, self.size.best()
        for item in items:
            need = units(item[1])
            if pack and (len(pack) >= most or filled + need > self.limits.units):
                yield pack
                pack, filled, most = [], 0, self.size.best()
            pack.append(item)
            filled += need
        if pack:
            yield pack
