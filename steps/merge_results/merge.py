"""All results to one file, each record once, and the counts that the metrics and the report are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from steps.merge_results.books import Books, BooksError, ids
from steps.merge_results.entries import Work, lines
from steps.runtime.guardrail.places import Prefix
from steps.runtime.outputs import text_file


@dataclass
class Merged:
    """What is known of all records."""

    written: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    policies: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0
    duplicates: int = 0
    without_id: int = 0


def merge(
    out: Path, records: Path, set_aside: Path, work: Work, *, results: Prefix, failures: Prefix
) -> Merged:
    """Writes results.jsonl; BooksError where a record would be lost or counted twice."""
    books, merged = Books.of(ids(records)), Merged()
    read = Counter[str]()
    with text_file(out) as file:
        for part in lines(results, work.results):
            read.update(each["action"] for each in part)
            counted = books.succeed([each["id"] for each in part], [each["action"] for each in part])
            for result, counts in zip(part, counted, strict=True):
                if counts:
                    file.write(orjson.dumps(result).decode() + "\n")
                    merged.written[result["action"]] += 1
                    merged.entities.update(result["entities"])
                    merged.policies.update(result["policies"])
                    merged.cut_off += bool(result.get("cut_off"))
        for part in lines(failures, work.failed):
            read["failed"] += len(part)
            named = [each for each in part if each["id"] is not None]
            merged.without_id += len(part) - len(named)
            books.fail([each["id"] for each in named], [each["reason"] for each in named])
        if read != +work.lines:
            raise BooksError(
                f"the ledger counts {sum(work.lines.values())} lines of results, their parts hold"
                f" {sum(read.values())}",
                hint="a part was changed or removed after it was written; start a new execution",
            )
        for identity in ids(records):
            if (reason := books.reason(identity)) is not None:
                file.write(_without_text(identity, "failed", reason))
                merged.written["failed"] += 1
                merged.failed[reason] += 1
        with set_aside.open("rb") as others:
            for line in others:
                other = orjson.loads(line)
                file.write(_without_text(other["id"], "set_aside", other["reason"]))
                merged.written["set_aside"] += 1
                merged.set_aside[other["reason"]] += 1
    merged.duplicates = books.duplicates
    books.check(set_aside=sum(merged.set_aside.values()), written=merged.written)
    return merged


def _without_text(identity: str, action: str, reason: str) -> str:
    result: dict[str, object] = {
        "id": identity,
        "text": None,
        "action": action,
        "policies": [],
        "entities": {},
        "reason": reason,
    }
    return orjson.dumps(result).decode() + "\n"
