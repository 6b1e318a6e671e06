"""Sets that somebody else divided, as a labeling pipeline does by recording: they stay as they are.

The source is a folder with train/, validation/ and test/; test becomes the evaluation set. Budgets are what
a set may have at most. A question that stands in two sets is taken out of the one to learn from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from steps.prepare.sample import Candidate
from steps.prepare.scan import Scan, scan
from steps.prepare.settings import Budgets, PrepareSettings
from steps.prepare.workers import worker_count
from steps.runtime.errors import StepError
from steps.runtime.rows import sources
from steps.runtime.rows.blocks import Block

# Set: its folder in the source. What is asked at the end is filled first.
FOLDERS = {"evaluation": "test", "validation": "validation", "training": "train"}
Sets = dict[str, list[Candidate]]


def draw(wanted: PrepareSettings, folder: Path, report: Path, workers: int) -> tuple[Scan, Sets | None]:
    """Reads each set's folder, and takes its rows in a random order up to its budget."""
    total, sets = Scan(), {name: list[Candidate]() for name in wanted.budgets.names}
    taken: set[int] = set()
    parts = []
    for name, below in FOLDERS.items():
        budget = wanted.budgets.of(name)
        if not budget:
            continue
        parts.append(report / f"rejected-{name}.jsonl")
        alone = Budgets(**{each: budget if each == name else 0 for each in wanted.budgets.names})
        blocks = _blocks(folder / below, below, wanted)
        result = scan(
            blocks, wanted.rules, alone, rejected=parts[-1], workers=workers or worker_count(), growth=4
        )
        _add(total, result, below)
        sets[name] = _chosen(result.candidates, budget, taken, once=name == "evaluation")
        taken |= {row.question for row in sets[name]}
    with (report / "rejected.jsonl").open("w", encoding="utf-8") as file:
        for part in parts:
            file.write(part.read_text(encoding="utf-8"))
            part.unlink()
    return total, sets


def _blocks(folder: Path, below: str, wanted: PrepareSettings) -> Callable[[], Iterator[Block]]:
    if not folder.is_dir():
        raise StepError(
            f'the data have no set "{below}"', hint="lower the share of the others in the labeling pipeline"
        )
    columns = wanted.rules.needed
    return lambda: sources.checked(sources.folder_blocks(folder, wanted.format, columns), columns)


def _chosen(candidates: list[Candidate], budget: int, taken: set[int], *, once: bool) -> list[Candidate]:
    chosen: list[Candidate] = []
    own: set[int] = set()
    for row in candidates:
        if len(chosen) == budget:
            break
        if row.question in taken or (once and row.question in own):
            continue
        own.add(row.question)
        chosen.append(row)
    return sorted(chosen, key=lambda row: row.key)


def _add(total: Scan, result: Scan, below: str) -> None:
    for file in result.files:
        file.name = f"{below}/{file.name}"
    total.files += result.files
    total.read += result.read
    total.dropped += result.dropped
    for reason, count in result.rejected.items():
        total.rejected[reason] += count
    total.input_lengths += result.input_lengths
    total.output_lengths += result.output_lengths
