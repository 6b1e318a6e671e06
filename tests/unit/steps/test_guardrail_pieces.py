"""Long texts: pieces that share enough, and masks of the pieces put together."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.runtime.guardrail.pieces import OVERLAP, Piece, SeamError, Span, join, masked_spans, split, whole

ENTITY = re.compile(r"<\d{12}>")
MASK = "{ACCOUNT}"


@given(st.text(alphabet="ab .\n!é。", max_size=4000), st.integers(200, 900))
def test_pieces_cover_the_text_and_overlap(text: str, longest: int) -> None:
    """Every character is in a piece, no piece is too long, neighbours share the overlap."""
    pieces = split(text, longest, overlap=80)
    assert pieces[0].start == 0
    assert pieces[-1].start + len(pieces[-1].text) == len(text)
    for piece in pieces:
        assert len(piece.text) <= longest
        assert text[piece.start : piece.start + len(piece.text)] == piece.text
    for left, right in itertools.pairwise(pieces):
        assert left.start < right.start <= left.start + len(left.text) - 80


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.text(alphabet="ab c.\n", max_size=60),
            st.integers(0, 10**12 - 1).map(lambda number: f"<{number:012d}>"),
        ),
        max_size=120,
    )
)
def test_no_entity_survives_a_seam(parts: list[str]) -> None:
    """Masking piece by piece gives what masking the whole text would."""
    text = "".join(parts)
    spans: list[Span] = []
    for piece in split(text, 300, overlap=40):
        found = ENTITY.findall(piece.text)
        laid = masked_spans(piece.text, ENTITY.sub(MASK, piece.text), {MASK: found} if found else {})
        spans += [Span(piece.start + start, piece.start + end, mask) for start, end, mask in laid]
    masked, masks = join(text, spans)
    assert masked == ENTITY.sub(MASK, text)
    assert len(masks) == len(ENTITY.findall(text))


@settings(max_examples=60)
@given(
    st.integers(0, 500), st.integers(1, 900), st.sampled_from(["ab c.\n", "abc", "话。é\u0301 👩\u200d👩"])
)
def test_a_word_longer_than_the_overlap_leaves_no_rest(before: int, length: int, alphabet: str) -> None:
    """A seam shows the beginning of a key alone: the mask takes all of it, and nothing behind it."""
    around = (alphabet * 500)[:before]
    text = f"{around} key-{'7' * length} {around}"
    pieces, spans = split(text, 300, overlap=40), []
    for place, piece in enumerate(pieces):
        for match in re.finditer(r"key-7*", piece.text):
            found = Span(piece.start + match.start(), piece.start + match.end(), "{KEY}")
            spans.append(whole(text, found, pieces, place))
    assert join(text, spans)[0] == f"{around} {{KEY}} {around}"


def test_half_an_entity_at_an_edge_is_one_mask() -> None:
    """A piece that saw only the end of an entity does not leave its beginning, nor a second mask."""
    text = "call 0123456789 now"
    masked, masks = join(text, [Span(5, 15, "{PHONE}"), Span(9, 15, "{PIN}")])
    assert (masked, masks) == ("call {PHONE} now", ["{PHONE}"])


def test_a_mask_that_the_text_holds_itself_is_no_mask() -> None:
    """A text may speak of {NAME}; only what stood for a match is counted."""
    spans = masked_spans("{NAME} is Ann", "{NAME} is {NAME}", {"{NAME}": ["Ann"]})
    assert spans == [Span(10, 13, "{NAME}")]


def test_an_answer_that_changed_more_than_masks_is_refused() -> None:
    """Where the service gave back other words, there is no telling what was masked."""
    with pytest.raises(SeamError, match=r"^$"):
        masked_spans("a  b Ann", "a b {NAME}", {"{NAME}": ["Ann"]})


def test_a_short_text_is_one_piece() -> None:
    """Nothing is cut that need not be."""
    assert split("short", 10 * OVERLAP) == [Piece(0, "short")]


def test_pieces_must_be_longer_than_what_they_share() -> None:
    """A limit that leaves nothing between two overlaps is an error of the caller."""
    with pytest.raises(ValueError, match="cannot share"):
        split("x" * 1000, 2 * OVERLAP)
