"""Which of the job's instances this one is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instance:
    """`part` is its number among `parts`, counted from 0; `name` marks its files."""

    name: str
    part: int
    parts: int

    @classmethod
    def of(cls, resources: Path) -> Instance:
        """As resourceconfig.json says; alone where there is none."""
        if not resources.is_file():
            return cls("part", 0, 1)
        document = json.loads(resources.read_text(encoding="utf-8"))
        hosts = sorted(document["hosts"])
        return cls(document["current_host"], hosts.index(document["current_host"]), len(hosts))
