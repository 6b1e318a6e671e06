"""What is done, in S3, so that a new job on an empty disk goes on where another one was killed.

    <ledger>/<guardrail id>-<version>/<output file>/000007.json  lines that are done, counts; no id, no text
    <results>/<guardrail id>-<version>/<output file>-000007-<run>.jsonl  their results: id, text, action
    <failed>/<guardrail id>-<version>/<output file>-000007-<run>.jsonl   ids of the failed, with reasons

The entry is written last, and only if its number is free. Results that no entry names do not count (the
merge reads what entries name, nothing else). So each line is done once, whenever a job dies; and of two jobs
that are alive at the same time, one finds the number taken and ends, without harm to the other's results.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steps.apply_guardrails.records import OutputFile
from steps.runtime.errors import StepError
from steps.runtime.guardrail.asking import Outcome
from steps.runtime.guardrail.places import Prefix
from steps.runtime.outputs import json_line

VERSION = 1


@dataclass(frozen=True)
class Done:
    """A line and what came of it."""

    line: int
    id: str | None
    outcome: Outcome
    cut_off: bool = False

    @property
    def final(self) -> bool:
        """Whether a later run need not look at it again."""
        return not self.outcome.passing

    def result(self) -> dict[str, Any]:
        """As the results have it."""
        outcome = self.outcome
        return {
            "id": self.id,
            "text": outcome.text,
            "action": outcome.action,
            "policies": list(outcome.policies),
            "entities": dict(sorted(outcome.entities.items())),
            **({"cut_off": True} if self.cut_off else {}),
        }

    def failure(self) -> dict[str, Any]:
        """As the failed file has it; a line without an id is named by its place."""
        return {"id": self.id, "line": self.line, "reason": self.outcome.reason}


@dataclass
class Progress:
    """How far one file is: lines that are done as a bit each, and the number of the next entry."""

    done: bytearray
    next_entry: int = 0
    records: int = 0

    def has(self, line: int) -> bool:
        """Whether the line is done."""
        return line >> 3 < len(self.done) and bool(self.done[line >> 3] >> (line & 7) & 1)

    def add(self, first: int, last: int) -> None:
        """Marks lines as done."""
        if (missing := (last >> 3) + 1 - len(self.done)) > 0:
            self.done.extend(bytes(missing))
        for line in range(first, last + 1):
            self.done[line >> 3] |= 1 << (line & 7)
        self.records += last - first + 1


@dataclass
class Ledger:
    """The three places, for one guardrail version; `run` tells this job's files from another's."""

    entries: Prefix
    results: Prefix
    failed: Prefix
    run: str
    _next: dict[str, int] = field(default_factory=dict, init=False)

    def progress(self, file: OutputFile) -> Progress:
        """What the entries say of the file; StepError where they are about another file of that name."""
        progress = Progress(bytearray())
        for name in self.entries.below(file.slug).names():
            entry = self._entry(f"{file.slug}/{name}")
            if (entry["size"], entry["print"]) != (file.size, file.print):
                raise StepError(
                    f'the batch output "{file.name}" is not what the ledger {self.entries.uri} is about',
                    hint="start a new execution, which has a ledger of its own",
                )
            for first, last in entry["done"]:
                progress.add(first, last)
            progress.next_entry = entry["entry"] + 1
        self._next[file.name] = progress.next_entry
        return progress

    def _entry(self, name: str) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = json.loads(self.entries.read(name))
        except ValueError:
            raise StepError(f"the ledger's entry {self.entries.uri}/{name} cannot be read") from None
        if entry.get("version") != VERSION:
            found = entry.get("version")
            raise StepError(f"the ledger {self.entries.uri} has version {found}, this step reads {VERSION}")
        return entry

    def write(self, file: OutputFile, lines: Sequence[Done], figures: Mapping[str, Any]) -> None:
        """Makes the lines durable: results, failures, then the entry that says so."""
        number = self._next.get(file.name, 0)
        part = f"{file.slug}-{number:06d}-{self.run}.jsonl"
        good = [each for each in lines if each.outcome.action != "failed"]
        bad = [each for each in lines if each.outcome.action == "failed"]
        if good:
            self.results.write(part, "".join(json_line(each.result()) for each in good).encode())
        if bad:
            self.failed.write(part, "".join(json_line(each.failure()) for each in bad).encode())
        entry = {
            "version": VERSION,
            "file": file.name,
            "size": file.size,
            "print": file.print,
            "entry": number,
            "results": part if good else None,
            "failed": part if bad else None,
            "done": ranges(each.line for each in lines if each.final),
            "actions": dict(Counter(each.outcome.action for each in lines)),
            "entities": dict(sum((each.outcome.entities for each in lines), Counter())),
            "policies": dict(Counter(policy for each in lines for policy in each.outcome.policies)),
            "figures": figures,
        }
        body = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        if not self.entries.create(f"{file.slug}/{number:06d}.json", body):
            raise StepError(
                f'another job is working on "{file.name}": entry {number} of {self.entries.uri} is taken',
                hint="stop one of the two; what is done is not lost",
            )
        self._next[file.name] = number + 1


def ranges(lines: Iterable[int]) -> list[list[int]]:
    """Numbers as [first, last] of each run."""
    runs = []
    for _, run in itertools.groupby(enumerate(sorted(lines)), key=lambda each: each[1] - each[0]):
        numbers = [line for _, line in run]
        runs.append([numbers[0], numbers[-1]])
    return runs
