"""The account of all instances together: merged, completed by what none of them had, and judged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steps.runtime.errors import StepError
from steps.runtime.outputs import json_line, text_file
from steps.segments.agreement import Agreement, Measure
from steps.segments.books import LONGEST, Books
from steps.segments.settings import LabelingSettings
from steps.segments.split import SETS

VERSION = 1
# Set aside, and nobody's fault: what nobody labeled, and what people do not agree on.
_NO_FAULT = frozenset({"unlabeled", "failed", "answered_twice", "no_quorum", "crossed", "tie"})


@dataclass
class Accounts:
    """What the instances found, added up."""

    books: Books
    agreement: Agreement
    lines: int
    files: dict[str, list[dict[str, Any]]]
    parts: list[str]
    recordings: dict[str, int]

    def check_recordings(self, folder: Path) -> None:
        """Counts the recordings of each set; raises where one, or a file of one, stands in two."""
        _in_one_set(folder, "files")
        codes = _in_one_set(folder, "recordings")
        self.recordings = {name: int((codes == code).sum()) for code, name in enumerate(SETS)}


def _in_one_set(folder: Path, what: str) -> Any:
    """The set of each recording or file, by the lowest bits of its hash; raises where one has two."""
    import numpy as np

    marked: Any = np.unique(np.concatenate(_numbers(folder, what)))
    if len(np.unique(marked & ~np.uint64(3))) != len(marked):
        raise StepError("a recording stands in two sets", hint="this must not be: please report it")
    return marked & np.uint64(3)


def _numbers(folder: Path, what: str) -> list[Any]:
    """The 64-bit numbers that each instance wrote."""
    import numpy as np

    return [np.fromfile(path, np.uint64) for path in sorted(folder.glob(f"{what}-*.u64"))]


def merged(folder: Path, measure: Measure | None) -> Accounts:
    """Adds up the books of a folder."""
    paths = sorted(folder.glob("books-*.json"))
    if not paths:
        raise StepError(f"there are no books in {folder}", hint="the step convert writes them")
    accounts = Accounts(Books(), Agreement(measure), 0, {}, [], {})
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        accounts.books.merge(document["books"])
        accounts.agreement.merge(document["agreement"])
        accounts.lines = max(accounts.lines, document["manifest_lines"])
        accounts.parts.append(document["part"])
        for target, files in document["files"].items():
            accounts.files.setdefault(target, []).append(files)
    return accounts


def gather(folder: Path, out: Path, accounts: Accounts) -> None:
    """One set_aside.jsonl and one review.jsonl of all instances; adds the objects that none of them had.

    With several instances the answers of a line lie in one instance's part of the folder. A line that none
    of them found is one whose answers are missing.
    """
    with text_file(out / "set_aside.jsonl") as aside:
        _copy(sorted(folder.glob("set_aside-*.jsonl")), aside)
        for line in _nobodys(folder, accounts):
            accounts.books.objects += 1
            accounts.books.aside["object"]["response_missing"] += 1
            detail = "no instance has the file with the answers"
            aside.write(
                json_line({"what": "object", "reason": "response_missing", "detail": detail, "line": line})
            )
    with text_file(out / "review.jsonl") as review:
        _copy(sorted(folder.glob("review-*.jsonl")), review)


def _copy(paths: list[Path], target: Any) -> None:
    for path in paths:
        with path.open(encoding="utf-8", newline="") as source:
            while block := source.read(1 << 20):
                target.write(block)


def _nobodys(folder: Path, accounts: Accounts) -> list[int]:
    """Lines that are in no instance's books; raises where one is in two."""
    import numpy as np

    lines: Any = np.concatenate(_numbers(folder, "lines"))
    seen: Any = np.zeros(accounts.lines, np.bool_)
    seen[lines] = True
    if int(seen.sum()) != len(lines):
        raise StepError(
            "answers to one manifest line lie on two instances",
            hint="set steps.convert.instance_count to 1: without worker-response-ref in the manifest a line's"
            " iterations are told apart only where all of them lie",
        )
    if len(accounts.parts) == 1:
        return []
    missing: list[int] = np.flatnonzero(~seen).tolist()
    return missing


def verdict(accounts: Accounts, wanted: LabelingSettings) -> StepError | None:
    """Why the labels will not do; None where they do."""
    books = accounts.books
    if faults := books.faults():
        return StepError(f"the books do not balance: {'; '.join(faults)}")
    if not books.converted:
        return StepError(f"no object of {wanted.data.source} could be converted: {_reasons(books, 'object')}")
    if not books.segments and not books.wholes:
        has_field = wanted.data.format in {"ground_truth", "worker_responses"}
        return StepError(
            f"{books.answers} answers of {wanted.data.source} say nothing, neither of segments nor in forms",
            hint=f'see data.answer_field, which is "{wanted.data.answer_field}"' if has_field else None,
        )
    for what, total in (("object", books.objects), ("answer", books.answers), ("segment", books.segments)):
        bad = sum(count for reason, count in books.aside[what].items() if reason not in _NO_FAULT)
        if total and bad / total > wanted.max_rejected_share:
            return StepError(
                f"{bad} of {total} {what}s ({bad / total:.1%}) are unusable, more than"
                f" checks.max_rejected_share = {wanted.max_rejected_share:g} allows: {_reasons(books, what)}",
                hint="set_aside.jsonl of the report names each with its manifest line and reason",
            )
    return None


def _reasons(books: Books, what: str) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in books.aside[what].most_common())


def figures(accounts: Accounts, wanted: LabelingSettings) -> dict[str, Any]:
    """labeling_metrics.json: what a gate, a person or the next pipeline may ask."""
    books = accounts.books
    return {
        "version": VERSION,
        "source": wanted.data.source,
        "sample_rows": wanted.sample_rows,
        "format": wanted.data.format,
        "instances": len(accounts.parts),
        "objects": _account(books, "object", books.objects, books.converted),
        "answers": _account(books, "answer", books.answers, books.answers_used),
        "segments": {
            **_account(books, "segment", books.segments, books.segments_used),
            "agreed": books.moments,
        },
        "whole_answers": _account(books, "whole", books.wholes, books.wholes_used),
        "durations_not_checked": books.unchecked_durations,
        "sets": {
            name: {**books.sets.get(name, {}), "recordings": accounts.recordings.get(name, 0)}
            for name in SETS
        },
        "rows": {target: dict(rows) for target, rows in sorted(books.rows.items())},
        "labels": _labels(books),
        "questions": {name: dict(counts.most_common()) for name, counts in sorted(books.questions.items())},
        "support": {f"{votes}/{of}": count for (votes, of), count in sorted(books.supports.items())},
        "lengths": _lengths(books),
        "agreement": accounts.agreement.figures() if wanted.measure else None,
        "split": {
            "seed": wanted.split.seed,
            "validation": wanted.split.validation,
            "test": wanted.split.test,
        },
        "targets": {
            target: {
                "files": sum(each["files"] for each in parts),
                "bytes": sum(each["bytes"] for each in parts),
                "sha256": sorted(each["sha256"] for each in parts),
            }
            for target, parts in sorted(accounts.files.items())
        },
    }


def _labels(books: Books) -> dict[str, dict[str, Any]]:
    """Track: label: how many agreed segments, and seconds of them."""
    found: dict[str, dict[str, Any]] = {}
    for (track, label), count in sorted(books.labels.items()):
        seconds = round(books.seconds[track, label], 3)
        found.setdefault(track, {})[label] = {"segments": count, "seconds": seconds}
    return found


def _lengths(books: Books) -> dict[str, Any]:
    """Agreed segments by whole seconds; the last count is of all that are longer."""
    counts = [0] * (LONGEST + 1)
    for length, count in books.lengths.items():
        counts[min(length, LONGEST)] += count
    return {"step_seconds": 1, "counts": counts}


def _account(books: Books, what: str, total: int, used: int) -> dict[str, Any]:
    return {"in": total, "converted": used, "set_aside": dict(books.aside[what].most_common())}


def summary(figures: dict[str, Any]) -> str:
    """One line for the log."""
    objects, segments = figures["objects"], figures["segments"]
    rows = ", ".join(f"{sum(rows.values()):,} {target}" for target, rows in figures["rows"].items())
    return (
        f"{objects['converted']:,} of {objects['in']:,} objects and {segments['converted']:,} of"
        f" {segments['in']:,} segments converted into {segments['agreed']:,}; rows: {rows}"
    )
