"""Where a launch comes from: commit, whether the tree differs from it, and who launches."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Provenance:
    """`commit` is the full hash; `dirty` "true" or "false"; each "unknown" outside a git repository."""

    commit: str
    dirty: str
    person: str

    @property
    def description(self) -> str:
        """What the execution's description says of its launch."""
        return f"started by {self.person} at commit {self.commit[:12]}{DIRT.get(self.dirty, '')}"

    @property
    def parameters(self) -> dict[str, str]:
        """The pipeline parameters that carry it; every pipeline of the platform declares them."""
        return {"Commit": self.commit, "DirtyTree": self.dirty}


DIRT = {"true": " with local changes"}


def provenance(root: Path, variables: Mapping[str, str] = os.environ) -> Provenance:
    """Asks git in the repository's folder; the person is CI's actor, else the login name."""
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain")
    return Provenance(
        commit=commit or UNKNOWN,
        dirty=UNKNOWN if commit is None or changes is None else "true" if changes else "false",
        person=_person(variables),
    )


def _person(variables: Mapping[str, str]) -> str:
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID"):
        if variables.get(name):
            return variables[name]
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without an entry in the password file
        return UNKNOWN


def _git(root: Path, *words: str) -> str | None:
    """What git answers, without the newline; None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
