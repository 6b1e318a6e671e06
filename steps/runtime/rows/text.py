"""When two texts are the same to a reader: the folded form by which rows are compared."""

from __future__ import annotations

import unicodedata

# What may follow a question without making it another: marks of several scripts, quotes, spaces.
_EDGES = " \t\r\n?!.,;:…\"'`´‘’“”«»„‹›()[]{}¿¡。、？！，；：「」『』（）।॥؟،؛。·።፧؞׃"


def fold(text: str) -> str:
    """The text in one case, one Unicode form and with single spaces.

    NFKC makes composed and decomposed letters, full-width and ordinary ones, equal; casefold does so for
    case. ASCII text, by far the commonest, takes the short way to the same result.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold()
        text = unicodedata.normalize("NFKC", text)  # casefold can take a composed letter apart
    else:
        text = text.lower()
    return " ".join(text.split())


def question_key(text: str) -> str:
    """What identifies a question: folded, without quotes and marks at its ends."""
    return strip_marks(fold(text))


def strip_marks(folded: str) -> str:
    """A folded text without the marks at its ends, unless it has nothing else."""
    return folded.strip(_EDGES) or folded
