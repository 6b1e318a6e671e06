"""The base of every error meant for a person, and the errors of configuration.

An error is one fact with its place and quoted names, then a ``hint:`` line with something to type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class PlatformError(Exception):
    """An error that the command line prints without a traceback.

    ``exit_code``: 1 the run failed, 2 wrong configuration or usage, 3 AWS refused, 5 a gate was missed.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, fact: str, *, hint: str | None = None) -> None:
        super().__init__(fact)
        self.fact = fact
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.fact}\nhint: {self.hint}" if self.hint else self.fact


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in one file; lines and columns count from 1, 0 means the file as a whole."""

    file: str
    line: int
    column: int
    key: str
    message: str
    hint: str | None = None

    @property
    def place(self) -> str:
        """``file:line:column``, which editors and terminals turn into a link."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def fact(self) -> str:
        """The place, the key path and what is wrong, on one line."""
        return ": ".join(part for part in (self.place, self.key, self.message) if part)


class ConfigurationError(PlatformError):
    """Everything wrong in the files that were read, in order of file and line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(
            sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.key, p.message))
        )
        if len(self.problems) == 1:
            super().__init__(self.problems[0].fact, hint=self.problems[0].hint)
        else:
            super().__init__("\n".join(map(_listed, self.problems)), hint=_advice(self.problems))


class ParameterError(PlatformError):
    """Everything wrong with the values given for one pipeline's parameters."""

    def __init__(self, pipeline: str, problems: Sequence[Problem]) -> None:
        self.pipeline = pipeline
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            super().__init__(self.problems[0].fact, hint=self.problems[0].hint)
        else:
            super().__init__("\n".join(map(_listed, self.problems)))


class UnknownNameError(PlatformError):
    """A pipeline or environment that is not in the repository."""

    def __init__(self, what: str, name: str, known: Sequence[str], hint: str | None = None) -> None:
        self.name = name
        self.known = tuple(known)
        listing = ", ".join(f'"{each}"' for each in self.known) or "none"
        super().__init__(f'no {what} named "{name}"; there are: {listing}', hint=hint)


def _listed(problem: Problem) -> str:
    return f"{problem.fact}\n  hint: {problem.hint}" if problem.hint else problem.fact


def _advice(problems: Sequence[Problem]) -> str | None:
    return f"correct these {len(problems)} and check again: run_pipeline.py validate" if problems else None
