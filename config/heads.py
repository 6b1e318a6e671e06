"""What pipelines there are, from the first lines of their files: for `list`, which checks nothing.

Building the models takes most of the time of a quick verb; a name, a kind and a description need none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.errors import ConfigurationError, Problem
from config.places import environment_file, label_of, pipeline_files, repository_root
from config.reading import read_file


@dataclass(frozen=True)
class Head:
    """A pipeline as its file introduces it; what the file does not say is empty."""

    name: str
    kind: str
    description: str


def heads(environment: str, root: Path | None = None) -> tuple[Head, ...]:
    """Every pipeline by name; raises UnknownNameError, and ConfigurationError for files that are no YAML."""
    base = (root or repository_root()).resolve()
    environment_file(environment, base)
    found: list[Head] = []
    unreadable: list[Problem] = []
    for file in pipeline_files(base):
        document, problems = read_file(file, label_of(file, base))
        if document is None:
            unreadable += problems
        elif isinstance(document.data, Mapping):
            found.append(_head(document.data, file.stem))
    if unreadable:
        raise ConfigurationError(unreadable)
    return tuple(sorted(found, key=lambda head: head.name))


def _head(data: Mapping[str, object], stem: str) -> Head:
    texts = {key: data.get(key) for key in ("name", "kind", "description")}
    name, kind, description = (text if isinstance(text, str) else "" for text in texts.values())
    return Head(name or stem, kind, description)
