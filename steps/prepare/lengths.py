"""How many tokens a text has: counted with a tokenizer where one is given, else estimated by script.

The estimate adds up one weight per character, fitted to Llama 2's tokenizer on the Universal Declaration
of Human Rights in twenty languages, on SQuAD paragraphs in three, on code and on numbers. Over a prompt it
is declared to be within 30 % of that tokenizer for every script in the table below
(tests/unit/steps/test_text.py holds counts to check it by), and rather above than below: a row that is
refused is seen in the report, a row that is cut off in training is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from steps.runtime.errors import StepError

# Start and end of a sequence.
SPECIAL_TOKENS = 2

_LETTER, _DIGIT, _MARK = 0.24, 1.0, 0.75
_ASCII_DIGITS = b"0123456789"
_ASCII_MARKS = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\n\t\r"
# First character of a range, tokens for each of its characters; a range ends where the next begins.
# Scripts that Llama 2's vocabulary hardly knows fall back to bytes: 2 to 4 tokens a character.
_RANGES: tuple[tuple[int, float], ...] = (
    (0x0080, 1.25),  # Latin-1
    (0x0100, 2.9),  # Latin Extended: Turkish, Polish, Vietnamese
    (0x0300, 1.0),  # combining marks
    (0x0370, 1.1),  # Greek
    (0x0400, 0.4),  # Cyrillic
    (0x0530, 2.0),  # Armenian
    (0x0590, 1.15),  # Hebrew
    (0x0600, 1.05),  # Arabic
    (0x0700, 2.0),  # Syriac and its neighbours
    (0x0900, 1.25),  # Devanagari
    (0x0980, 1.5),  # Bengali
    (0x0A00, 2.8),  # Gurmukhi, Gujarati, Oriya
    (0x0B80, 1.2),  # Tamil
    (0x0C00, 2.8),  # Telugu, Kannada, Malayalam, Sinhala
    (0x0E00, 1.1),  # Thai
    (0x0E80, 3.0),  # Lao, Tibetan, Myanmar
    (0x10A0, 1.2),  # Georgian
    (0x1100, 3.0),  # Jamo, Ethiopic, Cherokee, Khmer, Mongolian
    (0x1E00, 2.3),  # Latin Extended Additional: Vietnamese
    (0x2000, 1.2),  # punctuation, symbols
    (0x3000, 1.05),  # CJK marks, kana
    (0x3100, 1.6),  # Bopomofo, Han
    (0xA000, 3.0),  # Yi and others
    (0xAC00, 1.9),  # Hangul
    (0xD800, 3.0),  # private use, presentation forms, full-width
    (0x10000, 4.0),  # emoji, rare scripts: bytes
)


class Lengths(Protocol):
    """A way to count tokens."""

    @property
    def method(self) -> str:
        """What the report calls it."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special ones."""
        ...


class Estimate:
    """Tokens by the weights of this module."""

    method = "estimate"

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special ones."""
        return [estimate(text) for text in texts]


def estimate(text: str) -> int:
    """The estimated number of tokens of a text that holds no lone surrogates."""
    if not text.isascii():
        return _weigh(text)
    data = text.encode()
    length = len(data)
    digits = length - len(data.translate(None, _ASCII_DIGITS))
    marks = length - len(data.translate(None, _ASCII_MARKS))
    return int(_LETTER * (length - digits - marks) + _DIGIT * digits + _MARK * marks + 0.999)


def _weigh(text: str) -> int:
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    return int(float(_weights()[codes].sum()) + 0.999)


@cache
def _weights() -> Any:
    import numpy as np

    table: Any = np.full(0x110000, _LETTER, dtype=np.float32)
    table[list(_ASCII_DIGITS)] = _DIGIT
    table[list(_ASCII_MARKS)] = _MARK
    for start, weight in _RANGES:
        table[start:] = weight
    return table


class TokenizerLengths:
    """Tokens as the tokenizer of a Hugging Face folder counts them."""

    method = "tokenizer"

    def __init__(self, folder: Path) -> None:
        import tokenizers

        path = folder / "tokenizer.json"
        if not path.is_file():
            raise StepError(
                f"the tokenizer folder {folder} holds no tokenizer.json",
                hint="save it with AutoTokenizer.from_pretrained(...).save_pretrained(folder)",
            )
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:
            raise StepError(f"the tokenizer in {folder} cannot be read: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special ones."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(item.ids) for item in encoded]


def lengths(tokenizer: str | None) -> Lengths:
    """The exact way where a tokenizer folder is given, else the estimate."""
    return TokenizerLengths(Path(tokenizer)) if tokenizer else Estimate()
