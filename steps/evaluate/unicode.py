"""Text in the form that scores should compare: fmeval's own normalization thinks in ASCII.

After it a Chinese full stop, a danda, full-width letters or a decomposed accent make no difference, and
scripts that are written without spaces count by character instead of by sentence.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Written without spaces between words: Thai, Lao, Myanmar, Khmer, Tibetan, kana, Han (with extensions).
# Hangul has spaces. A character is the unit there, marks stay with theirs.
_UNSPACED = re.compile(
    "[\u0e00-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e50-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u1000-\u102a"
    "\u1780-\u17b3\u0f40-\u0f6c\u3040-\u3096\u309d-\u30fa\u30fc-\u30ff\u3105-\u312f\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Marks inside a word that are no boundary: an apostrophe, a point or a comma between digits.
_INNER = re.compile(r"(?<=\w)['’ʼ](?=\w)|(?<=\d)[.,٫٬](?=\d)")


def normalize(text: str) -> str:
    """One Unicode form and case, punctuation as spaces, unspaced scripts character by character."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFKC", text)
    text = _INNER.sub("", text)
    return " ".join(_spaced("".join(map(_plain, text))).split())


def _spaced(text: str) -> str:
    """A space around every letter of an unspaced script; marks stay with their letter."""
    parts: list[str] = []
    after_unspaced = False
    for letter in text:
        if not unicodedata.category(letter).startswith("M"):
            unspaced = _UNSPACED.match(letter) is not None
            if unspaced or after_unspaced:
                parts.append(" ")
            after_unspaced = unspaced
        parts.append(letter)
    return "".join(parts)


@cache
def _plain(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf":  # joiners, direction marks: seen by no reader
        return ""
    return " " if category[0] in "PZC" else letter
