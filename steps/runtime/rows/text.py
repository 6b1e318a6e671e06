"""When two texts are the same to a reader: the folded form by which rows are compared."""

from __future__ import annotations

import string
import unicodedata

# What may stand around a question without making it another: marks of several scripts, quotes.
_EDGES = "?!.,;:…\"'`´‘’“”«»„‹›()[]{}¿¡。、？！，；：「」『』（）।॥؟،؛·።፧؞׃"
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
# What str.split takes for space, in ASCII.
_SPACES = b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"


def fold(text: str) -> bytes:
    """The text as bytes to compare by: in one case and one Unicode form, without spaces.

    NFKC makes composed and decomposed letters, full-width and ordinary ones, equal; casefold does so for
    case. ASCII text, by far the commonest, takes a short way to the same result. Raises
    UnicodeEncodeError where the text holds half a surrogate pair.
    """
    if text.isascii():
        return text.encode().translate(_LOWER, _SPACES)
    return _squeeze(text).encode()


def question_key(text: str) -> bytes:
    """What identifies a question: folded, without marks at its ends, unless it has nothing else."""
    squeezed = _squeeze(text)
    return (squeezed.strip(_EDGES) or squeezed).encode()


def _squeeze(text: str) -> str:
    if text.isascii():
        return "".join(text.lower().split())
    text = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    # Once more: casefold takes letters apart, and marks that a space kept apart may now compose.
    return unicodedata.normalize("NFKC", text)
