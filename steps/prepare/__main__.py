"""Prepare: any question-answering data to the rows that Autopilot trains on and the evaluation asks.

    python -m steps.prepare --settings settings.json --parameter TrainingRows=1200 [...]

Reads everything once in bounded memory, sets unusable rows aside with their reasons, draws the sets, and
reports what it did. Writes training/, validation/, evaluation/ and report/ below the output folder.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps.runtime import settings as step_settings
from steps.runtime.errors import StepError
from steps.runtime.outputs import write_json
from steps.runtime.process import base_folder, run
from steps.runtime.rows.blocks import Block

if TYPE_CHECKING:
    from steps.prepare import settings
    from steps.prepare.sample import Candidate
    from steps.prepare.scan import Scan


# Candidates are kept by powers of two of the rows wanted; sixteen times as many still fit in memory.
GROWTHS = (0, 2, 4)


def main() -> None:
    """The stages of the step."""
    arguments = parse()
    from steps.prepare import answers, figures, given, report, settings, write
    from steps.prepare.lengths import lengths

    tokenizer = str(arguments.tokenizer) if arguments.tokenizer.is_dir() else None
    document = step_settings.load(arguments.settings, "prepare", arguments.parameter)
    wanted = settings.read(document, tokenizer)
    out: Path = arguments.output
    measure = lengths(tokenizer)

    if wanted.sets_given:
        result, sets = given.draw(wanted, arguments.data, out / "report", arguments.workers)
    else:
        result, sets = draw(wanted, source(wanted, arguments.data), out / "report", arguments.workers)
    problem = verdict(wanted, result, sets is not None and bool(sets["training"]))
    if problem or sets is None:
        sets, written = {name: [] for name in settings.SETS}, []
    else:
        folders = {name: out / name for name in settings.SETS}
        delimiter = wanted.rules.answer_delimiter
        written = write.write_sets(sets, folders, wanted.output_format, answer_delimiter=delimiter)
        write.write_questions(out / "report" / write.QUESTIONS, sets["training"])
    data_hash = write.data_hash(written) if written else None
    figure = figures.data_report(wanted, result, sets, lengths=measure, data_hash=data_hash)
    write_json(out / "report" / "data_report.json", figure)
    report.write(out / "report" / "data_report.html", figure, result, problem)
    if problem:
        raise problem
    print(summary(figure), flush=True)
    if note := answers.undivided_told(figure["undivided_answers"]):
        print(f"note: {note}", flush=True)


def draw(
    wanted: settings.PrepareSettings, blocks: Callable[[], Iterator[Block]], report: Path, workers: int
) -> tuple[Scan, dict[str, list[Candidate]] | None]:
    """One pass over the rows, more where it kept too few of them; None for sets that cannot be filled."""
    from steps.prepare.sample import choose
    from steps.prepare.scan import Scan, scan
    from steps.prepare.workers import worker_count

    started, result, sets = time.monotonic(), Scan(), None
    for growth in GROWTHS:
        result = scan(
            blocks,
            wanted.rules,
            wanted.budgets,
            rejected=report / "rejected.jsonl",
            workers=workers or worker_count(),
            growth=growth,
        )
        sets = choose(result.candidates, wanted.budgets)
        if sets is not None or not result.dropped:
            break
    print(f"read {result.read:,} rows in {time.monotonic() - started:.1f} s", flush=True)
    return result, sets


def parse() -> argparse.Namespace:
    """Folders default to where SageMaker mounts them."""
    base = base_folder() / "processing"
    parser = argparse.ArgumentParser(prog="prepare", description="Rows to training, validation, evaluation.")
    parser.add_argument("--settings", type=Path, default=base / "input" / "settings" / "settings.json")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--data", type=Path, default=base / "input" / "data")
    parser.add_argument("--tokenizer", type=Path, default=base / "input" / "tokenizer")
    parser.add_argument("--output", type=Path, default=base / "output")
    parser.add_argument("--workers", type=int, default=0, help="processes that read rows; 0: one per core")
    return parser.parse_args()


def source(wanted: settings.PrepareSettings, folder: Path) -> Callable[[], Iterator[Block]]:
    """How to go through the rows, as often as it takes."""
    from steps.runtime.rows import sources

    columns = wanted.rules.needed
    if wanted.hub is not None:
        return partial(sources.hub_blocks, wanted.hub, columns)
    return lambda: sources.checked(sources.folder_blocks(folder, wanted.format, columns), columns)


def verdict(wanted: settings.PrepareSettings, result: Scan, filled: bool) -> StepError | None:
    """Why the data will not do; None where it does."""
    from steps.prepare.sample import too_few

    if not result.read:
        return StepError(f"the data set is empty: {wanted.source} has no rows")
    if result.rejected_share > wanted.max_rejected_share:
        reasons = sorted(result.rejected.items(), key=lambda item: -item[1])
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons if count)
        return StepError(
            f"{result.rejected_rows} of {result.read} rows ({result.rejected_share:.1%}) are unusable, more"
            f" than data.max_rejected_share = {wanted.max_rejected_share:g} allows: {counts}",
            hint="rejected.jsonl names every row with its reason",
        )
    if not filled:
        grouped = wanted.rules.group_by is not None
        return too_few(wanted.budgets, usable=result.usable, read=result.read, grouped=grouped)
    return None


def summary(figure: dict[str, Any]) -> str:
    """One line for the log."""
    rows = figure["rows"]
    sets = ", ".join(f"{rows[name]:,} {name}" for name in ("training", "validation", "evaluation"))
    aside = f"set aside {rows['rejected']:,} of {rows['read']:,}"
    sample = f"; a sample of {figure['sample_rows']:,} rows" if figure["sample_rows"] else ""
    return f"wrote {sets} rows; {aside}; data {figure['data_hash'][:12]}{sample}"


if __name__ == "__main__":
    run(main)
