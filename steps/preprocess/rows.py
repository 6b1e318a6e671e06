"""Rows to ask: of the evaluation set that prepare wrote, or of a data set of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from xxhash import xxh3_64_intdigest

from steps.preprocess.settings import OwnData
from steps.runtime.errors import StepError
from steps.runtime.rows import sources
from steps.runtime.rows.blocks import Unreadable
from steps.runtime.rows.columns import Row, as_text, is_missing, reader
from steps.runtime.rows.text import fold, question_key

# Where so many rows are unusable, the figures would be of another data set.
MAX_REFUSED_SHARE = 0.05


class EvaluationRow(NamedTuple):
    """A row to ask; `question` is the hash of its question, None where the data name none."""

    id: str
    model_input: str
    target_output: str
    group: str
    question: int | None = None

    def document(self) -> dict[str, str]:
        """As evaluation_dataset.jsonl holds it: what is asked alone, so that equal sets are equal bytes."""
        return {
            "id": self.id,
            "model_input": self.model_input,
            "target_output": self.target_output,
            "group": self.group,
        }


@dataclass
class Refused:
    """Rows that cannot be asked, by reason."""

    reasons: Counter[str] = field(default_factory=Counter)

    def judge(self, used: int) -> None:
        """Fails where they are too many to be left out quietly."""
        refused = sum(self.reasons.values())
        if refused > MAX_REFUSED_SHARE * (refused + used):
            raise StepError(
                f"{refused} of {refused + used} evaluation rows are unusable{self.told()}",
                hint=f"at most {MAX_REFUSED_SHARE:.0%} may be; mend the data, or see data.columns",
            )

    def told(self) -> str:
        """The counts as the end of a sentence; empty where there are none."""
        counts = ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.most_common())
        return f": {counts}" if counts else ""


def candidate_rows(folder: Path) -> Iterator[EvaluationRow]:
    """The set as the training pipeline's prepare step wrote it; anything else in it is an error."""
    for block in sources.folder_blocks(folder, "jsonl", ()):
        for number, row in enumerate(block.rows(), start=1):
            if row is None:
                continue
            if isinstance(row, Unreadable) or not all(
                isinstance(row.get(key), str) for key in ("id", "input", "output")
            ):
                raise StepError(
                    f"{block.file}, row {number}, is not a row of an evaluation set (id, input, output)",
                    hint="candidate reads what a training pipeline wrote; set data.source to read other data",
                )
            group, question = str(row.get("group") or ""), _hash(row.get("question"))
            yield EvaluationRow(row["id"], row["input"], row["output"], group, question)


def _hash(text: Any) -> int | None:
    """The hash that prepare wrote as hex digits; None for anything else."""
    try:
        return int(text, 16)
    except (TypeError, ValueError):
        return None


def own_rows(data: OwnData, folder: Path, refused: Refused) -> Iterator[EvaluationRow]:
    """The rows of a data set of its own, each question and answer once."""
    columns = data.needed
    blocks = (
        sources.hub_blocks(data.hub, columns)
        if data.hub
        else sources.checked(sources.folder_blocks(folder, data.format, columns), columns)
    )
    readers = {
        name: reader(data.columns[name]) for name in dict.fromkeys((*data.prompt.names, *data.output.names))
    }
    seen: set[int] = set()
    for block in blocks:
        for row in block.rows():
            if row is None:
                continue
            values = row.reason if isinstance(row, Unreadable) else _values(row, readers)
            if isinstance(values, str):
                refused.reasons[values] += 1
                continue
            prompt, target = data.prompt.fill(values), data.output.fill(values)
            key = xxh3_64_intdigest(fold(f"{prompt}\0{target}"))
            if key in seen:
                refused.reasons["duplicate"] += 1
                continue
            seen.add(key)
            question = values.get("question")
            asked = None if question is None else xxh3_64_intdigest(question_key(question))
            yield EvaluationRow(f"{key:016x}", prompt, target, "", asked)


def _values(row: Row, readers: dict[str, Callable[[Row], Any]]) -> dict[str, str] | str:
    """The texts of a row by name, or the reason why it is unusable."""
    values = {}
    for name, read in readers.items():
        value = read(row)
        if is_missing(value):
            return "missing"
        text = as_text(value)
        if text is None:
            return "not_text"
        if not text.strip():
            return "empty"
        if "\0" in text or not _is_unicode(text):
            return "invalid_text"
        values[name] = text
    return values


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
