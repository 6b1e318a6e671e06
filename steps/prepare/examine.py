"""Looks at every row of a block: renders it, measures it, refuses it with a reason or offers it.

Runs in worker processes. What comes back is small whatever the block's size: counts, one 64-bit hash a
row, the refused rows, and those candidates that could still be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from xxhash import xxh3_64_intdigest

from steps.prepare.answers import learned
from steps.prepare.lengths import SPECIAL_TOKENS, Lengths, lengths
from steps.prepare.sample import Candidate, Candidates
from steps.prepare.settings import Rules
from steps.runtime.rows.blocks import EXCERPT, Block, Unreadable
from steps.runtime.rows.columns import Row, as_text, is_missing, reader
from steps.runtime.rows.text import fold, question_key

# Every reason for which a row is set aside, with what it means to a reader of the report.
REASONS = {
    "missing": "a column that the templates use is absent or null",
    "empty": "a column that the templates use holds no text",
    "not_text": "a column that the templates use holds a list, a mapping or bytes",
    "invalid_text": "broken UTF-8, half a surrogate pair, or a NUL character",
    "unreadable": "no row at all: broken JSON, or fields that do not fit the header",
    "too_large": "a row of more than 16 MiB",
    "over_context": "longer than the model's context, so that training would cut it off",
    "duplicate": "a row that has come before, but for case, spacing and Unicode form",
}
# Lengths are counted in bins of one token up to here; anything longer falls into the last.
LENGTH_BINS = 1 << 16


@dataclass(frozen=True)
class Rejected:
    """A row set aside: its position in the block, why, and how it reads."""

    index: int
    reason: str
    detail: str
    row: str


@dataclass(frozen=True)
class Findings:
    """What a block holds. `keys` and `positions` are those of the usable rows, duplicates among them."""

    file: str
    lines: int
    read: int
    rejected: list[Rejected]
    keys: Any  # numpy uint64: hash of the row's folded content
    positions: Any  # numpy uint32: line of the row in the block
    input_lengths: Any  # numpy int64: usable rows by tokens, as long as the longest
    output_lengths: Any
    candidates: list[Candidate]
    dropped: int


@dataclass(frozen=True)
class _Refusal(Exception):
    reason: str
    detail: str


class Examiner:
    """The rules, made ready once per process."""

    def __init__(self, rules: Rules, *, wanted: int, per_unit: int) -> None:
        self._rules = rules
        self._wanted, self._per_unit = wanted, per_unit
        self._readers = [(name, rules.columns[name], reader(rules.columns[name])) for name in rules.names]
        self._group = reader(rules.group_by) if rules.group_by else None
        self._prompt, self._output = rules.prompt.filler(), rules.output.filler()
        self._lengths: Lengths = lengths(rules.tokenizer)

    def examine(self, block: Block, threshold: int) -> Findings:
        """Reads a block; rows whose unit hashes above `threshold` are counted but not offered."""
        rejected: list[Rejected] = []
        usable: list[Candidate] = []
        index, read = -1, 0
        for index, row in enumerate(block.rows()):
            if row is None:
                continue
            read += 1
            if isinstance(row, Unreadable):
                rejected.append(Rejected(index, row.reason, row.detail, row.excerpt))
                continue
            try:
                usable.append(self._candidate(row, index))
            except _Refusal as refusal:
                rejected.append(Rejected(index, refusal.reason, refusal.detail, str(row)[:EXCERPT]))
        fitting, input_counts, output_counts = self._measure(usable, rejected)
        sample = Candidates(self._wanted, self._per_unit, threshold)
        sample.offer(fitting)
        return Findings(
            file=block.file,
            lines=index + 1,
            read=read,
            rejected=sorted(rejected, key=lambda item: item.index),
            keys=np.fromiter((row.key for row in fitting), np.uint64, len(fitting)),
            positions=np.fromiter((row.position for row in fitting), np.uint32, len(fitting)),
            input_lengths=_histogram(input_counts),
            output_lengths=_histogram(output_counts),
            candidates=sample.rows(),
            dropped=sample.dropped,
        )

    def _candidate(self, row: Row, index: int) -> Candidate:
        values = {name: _text(row, column, read) for name, column, read in self._readers}
        prompt, output = self._prompt(values), self._output(values)
        group = "" if self._group is None else _text(row, str(self._rules.group_by), self._group)
        if "\0" in prompt or "\0" in output or "\0" in group:
            raise _Refusal("invalid_text", "a NUL character")
        seed = self._rules.seed
        try:
            asked = question_key(values.get("question", prompt))
            # Without the seed: an evaluation with other data looks for the same questions.
            question = xxh3_64_intdigest(asked)
            unit = xxh3_64_intdigest(fold(group) if group else asked, seed)
            key = xxh3_64_intdigest(fold("\0".join(values.values())), seed)
        except UnicodeEncodeError as error:
            raise _Refusal("invalid_text", "half a surrogate pair, or bytes that are no UTF-8") from error
        return Candidate(unit, key, index, question, prompt, output, group)

    def _measure(
        self, usable: list[Candidate], rejected: list[Rejected]
    ) -> tuple[list[Candidate], list[int], list[int]]:
        """Counts tokens a block at a time, and refuses what is longer than the context."""
        inputs = self._lengths.count([row.input for row in usable])
        outputs = self._lengths.count([learned(row.output, self._rules.answer_delimiter) for row in usable])
        context = self._rules.context_tokens
        if context is None or not usable:
            return usable, inputs, outputs
        fits = [a + b + SPECIAL_TOKENS <= context for a, b in zip(inputs, outputs, strict=True)]
        for row, fit, a, b in zip(usable, fits, inputs, outputs, strict=True):
            if not fit:
                detail = f"{a + b + SPECIAL_TOKENS} tokens, the context holds {context}"
                rejected.append(Rejected(row.position, "over_context", detail, row.input[:EXCERPT]))
        if all(fits):
            return usable, inputs, outputs
        return (
            [row for row, fit in zip(usable, fits, strict=True) if fit],
            [count for count, fit in zip(inputs, fits, strict=True) if fit],
            [count for count, fit in zip(outputs, fits, strict=True) if fit],
        )


def _text(row: Mapping[str, Any], column: str, read: Callable[[Row], Any]) -> str:
    value = read(row)
    if isinstance(value, str) and value and not value.isspace():
        return value
    if is_missing(value):
        raise _Refusal("missing", f'no value in the column "{column}"')
    text = as_text(value)
    if text is None:
        raise _Refusal("not_text", f'the column "{column}" holds a {type(value).__name__}')
    if not text or text.isspace():
        raise _Refusal("empty", f'the column "{column}" holds no text')
    return text


def _histogram(counts: list[int]) -> Any:
    clipped = np.minimum(np.asarray(counts, dtype=np.int64), LENGTH_BINS - 1)
    return np.bincount(clipped)
