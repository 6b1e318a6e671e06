"""Input files of batch jobs, cut by the quotas while the records stream by.

    batch/<job>/<file>.jsonl   one folder a job, since a job reads everything at its prefix

Records go to the job's files in turn, as many files as instances will read the output, so that each of them
has its share. A last job that would be below the minimum takes records from the one before it; where there
is none, its records go on demand, or the step says why not.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from steps.prepare_batch.settings import Quotas
from steps.runtime.errors import StepError

ON_DEMAND = "on-demand"
_BUFFER = 1 << 18


@dataclass
class InputFile:
    """One file that is written; the places of its last lines are known, so that they can be moved."""

    path: Path
    tail: deque[int]
    records: int = 0
    size: int = 0
    _file: BinaryIO | None = None

    def write(self, line: bytes) -> None:
        """Adds a line."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("wb", buffering=_BUFFER)
        self.tail.append(self.size)
        self._file.write(line)
        self.records += 1
        self.size += len(line)

    def close(self) -> None:
        """Writes what is buffered."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def take_last(self) -> bytes:
        """Cuts the last line off and returns it."""
        self.close()
        start = self.tail.pop()
        with self.path.open("r+b") as file:
            file.seek(start)
            line = file.read()
            file.truncate(start)
        self.records -= 1
        self.size = start
        return line

    def add(self, line: bytes) -> None:
        """Adds a line to a file that was closed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(line)
        self.records += 1
        self.size += len(line)


@dataclass
class Job:
    """The files of one job."""

    folder: Path
    quotas: Quotas
    files: list[InputFile] = field(default_factory=list)
    records: int = 0
    _round: list[InputFile] = field(default_factory=list)
    _turn: int = 0

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def is_full(self) -> bool:
        """Whether the quota allows no further record."""
        return self.records >= self.quotas.records_per_job

    def write(self, line: bytes) -> None:
        """Adds a line to the file whose turn it is; a new round of files begins where one is full."""
        if len(line) > self.quotas.bytes_per_file:
            raise ValueError("a line is longer than a file may be")
        if self._turn < len(self._round):
            current = self._round[self._turn]
            if current.size + len(line) > self.quotas.bytes_per_file:
                self.close()
                self._round, self._turn = [], 0
        if self._turn == len(self._round):
            path = self.folder / f"{len(self.files):03d}.jsonl"
            self._round.append(InputFile(path, deque(maxlen=self.quotas.records_at_least)))
            self.files.append(self._round[-1])
        self._round[self._turn].write(line)
        self._turn = (self._turn + 1) % self.quotas.shards
        self.records += 1

    def close(self) -> None:
        """Closes the files."""
        for file in self.files:
            file.close()

    def take_last(self) -> bytes:
        """The last line of the file that has the most of them."""
        longest = max((file for file in self.files if file.tail), key=lambda file: file.records)
        self.records -= 1
        return longest.take_last()

    def add(self, line: bytes) -> None:
        """Adds a line after all is closed."""
        min((file for file in self.files if file.records), key=lambda file: file.size).add(line)
        self.records += 1


class Cutter:
    """Takes lines and leaves jobs."""

    def __init__(self, folder: Path, quotas: Quotas) -> None:
        self._folder, self._quotas = folder, quotas
        self._jobs: list[Job] = []

    def write(self, line: bytes) -> None:
        """Adds a line to the job that is not full."""
        if not self._jobs or self._jobs[-1].is_full:
            if self._jobs:
                self._jobs[-1].close()
            self._jobs.append(Job(self._folder / f"{len(self._jobs):03d}", self._quotas))
        self._jobs[-1].write(line)

    def finish(self, *, on_demand: bool) -> tuple[list[Job], Job | None]:
        """The jobs, and what goes on demand; StepError where a job is too small and nothing may be done."""
        jobs, least = self._jobs, self._quotas.records_at_least
        for job in jobs:
            job.close()
        if not jobs:
            raise StepError("no record is left to ask for", hint="set_aside.jsonl names every record and why")
        if jobs[-1].records >= least:
            return jobs, None
        last = jobs[-1]
        if len(jobs) > 1 and jobs[-2].records + last.records >= 2 * least:
            while last.records < least:
                last.add(jobs[-2].take_last())
            return jobs, None
        if not on_demand:
            raise StepError(
                f"{last.records} records are fewer than the {least} that a batch job needs",
                hint="set batch.on_demand_below_minimum: true, which asks for them at twice the price",
            )
        renamed = self._folder / ON_DEMAND
        os.replace(last.folder, renamed)
        return jobs[:-1], Job(renamed, self._quotas, last.files, last.records)

    def counts(self) -> Iterator[tuple[str, int]]:
        """(job, records), for the log."""
        return ((job.name, job.records) for job in self._jobs)
