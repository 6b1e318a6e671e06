"""Long texts in pieces that overlap, and one masked text out of the pieces' answers.

    text      |........................................................|
    pieces    |---------------------|
                              |---------------------|
                                                |----------------------|
              what is detected near a seam lies whole in at least one of the two pieces

Every piece's masked answer is laid along its original again, which gives the spans that were masked. The
spans of all pieces together, those that overlap made one, mask the whole text. Where an answer cannot be laid
along its original (the service changed more than masks), the text has no masked form: SeamError.

A URL or a key may be longer than what pieces share. Its beginning alone is then detected, up to the seam, and
the mask takes the rest of the word (`whole`). What no piece shows as anything, a match of a pattern of one's
own that is longer than the overlap and has spaces in it, is not found across a seam.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

# Longer than any entity with spaces in it that guardrails detect; a street address is the longest of them.
OVERLAP = 400
_SENTENCE_END = re.compile(r"(?<=[.!?。！？।؟])[\"'”’)\]]*\s+|\n+")
_SPACE = re.compile(r"\s+")


class SeamError(Exception):
    """A masked answer that does not lie along its original."""


class Piece(NamedTuple):
    """Part of a text, from `start`."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Behind its last character, in the text."""
        return self.start + len(self.text)


class Span(NamedTuple):
    """Characters that become `mask`."""

    start: int
    end: int
    mask: str


def split(text: str, longest: int, overlap: int = OVERLAP) -> list[Piece]:
    """The text in pieces of at most `longest` characters, neighbours sharing at least `overlap` of them."""
    if longest <= 2 * overlap:
        raise ValueError(f"pieces of {longest} characters cannot share {overlap}")
    pieces, start = [], 0
    while len(text) - start > longest:
        end = _boundary(text, start + longest - (longest - 2 * overlap) // 2, start + longest)
        pieces.append(Piece(start, text[start:end]))
        start = max(start + 1, _boundary(text, end - overlap - overlap // 2, end - overlap))
    return [*pieces, Piece(start, text[start:])]


def _boundary(text: str, low: int, high: int) -> int:
    """The last end of a sentence between the two, else the last space, else `high`."""
    for pattern in (_SENTENCE_END, _SPACE):
        ends = [match.end() for match in pattern.finditer(text, max(0, low), high) if match.end() <= high]
        if ends:
            return ends[-1]
    return high


def whole(text: str, span: Span, pieces: Sequence[Piece], place: int) -> Span:
    """The span, found in `pieces[place]`, with the rest of its word where no piece shows both."""
    start, end, mask = span
    if place + 1 < len(pieces) and end == pieces[place].end and start < pieces[place + 1].start:
        while end < len(text) and not text[end].isspace():
            end += 1
    if place and start == pieces[place].start and end > pieces[place - 1].end:
        while start and not text[start - 1].isspace():
            start -= 1
    return Span(start, end, mask)


def masked_spans(original: str, masked: str, matches: Mapping[str, Iterable[str]]) -> list[Span]:
    """Where `original` was masked. `matches`: mask, such as {EMAIL}, -> the raw texts it may stand for."""
    masks = [mask for mask in matches if mask]
    if not masks:
        if original != masked:
            raise SeamError
        return []
    parts = re.split("(" + "|".join(re.escape(mask) for mask in masks) + ")", masked)
    return _lay(original, parts, {mask: tuple(filter(None, found)) for mask, found in matches.items()})


def _lay(original: str, parts: Sequence[str], matches: Mapping[str, tuple[str, ...]]) -> list[Span]:
    """`parts` are literals and masks in turn. All places that may be reached are followed side by side."""
    # place -> the spans that lead there, as a linked list: (span, rest) or None
    reached: dict[int, _Chain] = {len(parts[0]): None} if original.startswith(parts[0]) else {}
    for mask, literal in zip(parts[1::2], parts[2::2], strict=True):
        following: dict[int, _Chain] = {}
        for place, chain in reached.items():
            # A text may hold {NAME} of its own: then nothing was masked there.
            for match in (*matches[mask], mask):
                end = place + len(match)
                if original.startswith(match, place) and original.startswith(literal, end):
                    added = chain if match == mask else (Span(place, end, mask), chain)
                    following.setdefault(end + len(literal), added)
        reached = following
    if len(original) not in reached:
        raise SeamError
    spans, chain = [], reached[len(original)]
    while chain is not None:
        span, chain = chain
        spans.append(span)
    return spans[::-1]


_Chain = tuple[Span, "_Chain"] | None


def join(text: str, spans: Iterable[Span]) -> tuple[str, list[str]]:
    """The text with the spans masked, and the masks used; the longest of overlapping spans names the mask."""
    out, masks, place = [], [], 0
    for start, end, mask in _united(spans):
        out += [text[place:start], mask]
        masks.append(mask)
        place = end
    return "".join([*out, text[place:]]), masks


def _united(spans: Iterable[Span]) -> list[Span]:
    united: list[Span] = []
    longest = 0
    for span in sorted(set(spans)):
        if united and span.start < united[-1].end:
            last = united[-1]
            mask = span.mask if span.end - span.start > longest else last.mask
            longest = max(longest, span.end - span.start)
            united[-1] = Span(last.start, max(last.end, span.end), mask)
        else:
            united.append(span)
            longest = span.end - span.start
    return united
