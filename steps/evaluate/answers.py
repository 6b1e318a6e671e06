"""From what a model said to its answer: no echoed prompt, no special tokens, nothing after a stop."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPECIAL = r"(?:</?s>|<\|[a-z_]{1,30}\|>|<(?:bos|eos|pad|unk)>|\[(?:PAD|CLS|SEP)\])"
_LEADING = re.compile(rf"\A(?:\s*{_SPECIAL})+", re.IGNORECASE)
_TRAILING = re.compile(rf"(?:{_SPECIAL}\s*)+\Z", re.IGNORECASE)


def answer(text: str, *, prompt: str | None, stop: Sequence[str]) -> str:
    """The answer in `text`; `prompt` is cut off its beginning where the model repeated it (None: never)."""
    text = _LEADING.sub("", text)
    if prompt is not None:
        text = without_echo(text, prompt)
    for mark in stop:
        text = text.partition(mark)[0]
    return _TRAILING.sub("", text).strip()


def without_echo(text: str, prompt: str) -> str:
    """The text after the prompt that it begins with; white space may differ: decoding changes it."""
    if not prompt.strip():
        return text
    if text.startswith(prompt):
        return text[len(prompt) :]
    at = 0
    for word in prompt.split():
        at += len(text) - at - len(text[at:].lstrip())
        if not text.startswith(word, at):
            return text
        at += len(word)
    return text[at:]
