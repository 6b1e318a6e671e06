"""Runs a step as the process that it is, in its real environment, in folders of the test."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.environments import Environments

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """How a step ended."""

    code: int
    out: str
    err: str
    message: str  # what SageMaker would report as the reason; empty where the step wrote none
    output: Path

    def json(self, name: str) -> Any:
        """A JSON file below the output folder."""
        return json.loads((self.output / name).read_text(encoding="utf-8"))

    def lines(self, name: str) -> list[Any]:
        """The objects of a JSON Lines file below the output folder."""
        text = (self.output / name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line]


@functools.cache
def step_python(step: str) -> Path:
    """The Python of the step's environment, as the stand-in builds it."""
    return Environments(ROOT / ".local" / "environments").ensure(ROOT / "steps" / step / "requirements.txt")


def run_step(
    step: str,
    folder: Path,
    settings: Mapping[str, Any],
    *,
    data: Path,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> Ran:
    """Runs `python -m steps.<step>` with settings and data; parameters and the like go to `arguments`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "settings.json"
    path.write_text(json.dumps({"step": step, "version": 1, "parameters": {}, **settings}), encoding="utf-8")
    places = ["--settings", str(path), "--data", str(data), "--output", str(folder / "output")]
    finished = subprocess.run(
        [str(step_python(step)), "-m", f"steps.{step}", *places, *arguments],
        cwd=ROOT,
        env={**clean_environment(folder), **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    return ended(finished, folder, folder / "output")


def ended(finished: subprocess.CompletedProcess[str], folder: Path, output: Path) -> Ran:
    """The end of a step whose job folder was `folder`."""
    message = folder / "output" / "message"
    text = message.read_text(encoding="utf-8") if message.exists() else ""
    return Ran(finished.returncode, finished.stdout, finished.stderr, text, output)


def clean_environment(folder: Path) -> dict[str, str]:
    """An environment as a job has it: no credentials or proxies of the shell, its own home."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(folder), "SAGEMAKER_BASE_DIR": str(folder), "HF_HUB_OFFLINE": "1"}
