"""What a verb of the command line is: words, text for people, and the class that carries it out."""

from __future__ import annotations

import importlib
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Protocol

from commands.terminal import Terminal


class Command(Protocol):
    """One class per verb; rooms are imported inside `run`."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Adds the verb's own arguments."""

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Carries the verb out; returns the exit code."""


@dataclass(frozen=True)
class Verb:
    """A row of the catalog. `summary` is one line, `examples` are whole command lines after the program."""

    words: str
    group: str
    summary: str
    examples: tuple[str, ...]
    carried_out_by: str
    details: str = ""
    json: bool = False
    markdown: bool = False

    def command(self) -> type[Command]:
        """The class behind `carried_out_by`, imported now and not when the catalog is."""
        module, _, name = self.carried_out_by.partition(":")
        found: type[Command] = getattr(importlib.import_module(module), name)
        return found
