"""Compiling all pipelines beside importing the SDK alone, each in a fresh process, interleaved.

    python bench/compile.py [rounds]

The bare import is the least that any program pays which builds a pipeline with the SDK. Target: all
pipelines compiled, checked and bundled within that plus half a second.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET_SECONDS = 0.5
BARE = "import sagemaker.mlops.workflow.pipeline"
COMPILE = (
    "from config.load import load_project; from definition.compile import compile_all; "
    "assert len(compile_all(load_project('local'))) >= 4"
)


def seconds(code: str) -> float:
    """Processor seconds of a Python process that runs ``code``, start-up included.

    Both sides run on one thread and wait for nothing, so this is their time on an idle machine; the clock on
    the wall would measure what else the machine does.
    """
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_DEFAULT_REGION": "us-east-1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print both and their difference; 1 when the target is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds(COMPILE)  # bytecode and file caches warm for both
    bare, compiled = [], []
    for _ in range(rounds):
        bare.append(seconds(BARE))
        compiled.append(seconds(COMPILE))
    _line("bare SDK import", bare)
    _line("all pipelines compiled", compiled)
    difference, ratio = min(compiled) - min(bare), min(compiled) / min(bare)
    print(f"difference of the best {difference:.2f} s, target {TARGET_SECONDS} s; ratio {ratio:.2f}")
    return 0 if difference <= TARGET_SECONDS else 1


def _line(what: str, times: list[float]) -> None:
    print(f"{what:<24} best {min(times):.2f} s, median {statistics.median(times):.2f} s of {len(times)}")


if __name__ == "__main__":
    sys.exit(main())
