"""What the shards left: the ledger's entries, and the parts that they name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson

from steps.runtime.errors import StepError
from steps.runtime.guardrail.places import Prefix
from steps.runtime.guardrail.tally import Figures, add, empty

VERSION = 1
_READERS = 16


@dataclass
class Work:
    """All entries together. Only parts that an entry names count."""

    results: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lines: Counter[str] = field(default_factory=Counter)  # action -> lines that the parts must hold
    figures: Figures = field(default_factory=empty)


def read_entries(ledger: Prefix) -> Work:
    """Reads every entry of the ledger."""
    work = Work()
    for body in _bodies(ledger, list(ledger.names())):
        entry = json.loads(body)
        if entry.get("version") != VERSION:
            raise StepError(
                f"the ledger {ledger.uri} has version {entry.get('version')}, this step reads {VERSION}"
            )
        work.lines.update(entry["actions"])
        if entry["results"]:
            work.results.append(entry["results"])
        if entry["failed"]:
            work.failed.append(entry["failed"])
        if entry["figures"]:
            add(work.figures, entry["figures"])
    return work


def lines(parts: Prefix, names: list[str]) -> Iterator[list[dict[str, Any]]]:
    """The lines of the parts, a part at a time."""
    for body in _bodies(parts, names):
        yield [orjson.loads(line) for line in body.splitlines()]


def _bodies(prefix: Prefix, names: list[str]) -> Iterator[bytes]:
    """Contents in the order of the names, a few read ahead."""
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(names), 2 * _READERS):
            yield from pool.map(prefix.read, names[start : start + 2 * _READERS])
