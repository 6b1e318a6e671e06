"""A clone of this repository in a folder of its own, used as a person does: through run_pipeline.py."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.scrubbing import LIVES_WITH

ROOT = Path(__file__).resolve().parents[2]
# What a real shell may hold. Under --env local none of it may be used, let alone leave the machine.
REAL_LOOKING = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "token",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_S3": "http://192.0.2.1",
    "HTTPS_PROXY": "http://192.0.2.1:3128",
    "HTTP_PROXY": "http://192.0.2.1:3128",
}


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, read as one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Repository:
    """A clone; its stand-in is its own, the Python environments of steps are those of this repository."""

    folder: Path

    def run(
        self,
        *words: str,
        shell: Mapping[str, str] | None = None,
        timeout: float = 120,
        code: int | None = None,
    ) -> Done:
        """Runs one command to its end; `shell` are variables beside the machine's own.

        With `code`, anything else is a failed assertion that shows what was said.
        """
        ran = subprocess.run(
            [sys.executable, "run_pipeline.py", *words],
            cwd=self.folder,
            env=self.shell(REAL_LOOKING if shell is None else shell),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=timeout,
        )
        done = Done(ran.returncode, ran.stdout, ran.stderr)
        assert code is None or done.code == code, f"{words}: exit code {done.code}\n{done.out}\n{done.err}"
        assert "Traceback" not in done.err, done.err
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Begins a command in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "run_pipeline.py", *words],
            cwd=self.folder,
            env=self.shell(REAL_LOOKING),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def shell(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The variables of a command: the machine's, none of this process's AWS ones, and those given.

        Its stand-in ends with the tests, also where a failed one has left it.
        """
        kept = ("PATH", "LANG", "TMPDIR", LIVES_WITH)
        machine = {name: os.environ[name] for name in kept if name in os.environ}
        return {
            **machine,
            "HOME": str(self.folder),
            "USER": "alice",
            "AWS_EC2_METADATA_DISABLED": "true",
            **variables,
        }

    def change(self, file: str, pattern: str, replacement: str) -> None:
        """Replaces what a pattern finds in a file; it must be found."""
        path = self.folder / file
        text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert count, f"{pattern!r} is not in {file}"
        path.write_text(text, encoding="utf-8")

    def commit(self) -> str:
        """Commits everything; the commit's hash."""
        for words in (
            ["add", "--all"],
            ["-c", "user.name=alice", "-c", "user.email=alice@example.com", "commit", "--quiet", "-m", "x"],
        ):
            subprocess.run(["git", *words], cwd=self.folder, check=True)
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return asked.stdout.strip()


def clone(folder: Path) -> Repository:
    """The tracked and new files of this repository, committed in a repository of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    repository = Repository(folder)
    environments = ROOT / ".local" / "environments"
    repository.change(
        "config/environments/local.yaml",
        r"environments: \.local/environments",
        f"environments: {environments}",
    )
    repository.commit()
    return repository


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Ctrl-C, as a terminal sends it to the whole foreground group."""
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err
