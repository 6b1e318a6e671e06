"""How long the quick verbs take, beside an interpreter that does nothing, one after the other in each round.

    python bench/startup.py [rounds]

Wall time depends on what else the machine does; the processor's time hardly does. Limits: --help and list
0.3 s, validate 0.5 s.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"--help": 0.3, "list": 0.3, "validate": 0.5}
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    **{words: [sys.executable, "run_pipeline.py", words] for words in LIMITS},
}


def main() -> int:
    """Measures and prints; returns 1 when a limit was passed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            measured[name].append(timed(command))
    print(f"medians of {rounds}, in seconds")
    print(f"{'':<16}{'wall':>8}{'cpu':>8}{'limit':>8}")
    late = []
    for name, times in measured.items():
        wall, cpu = (statistics.median(each) for each in zip(*times, strict=True))
        limit = LIMITS.get(name)
        print(f"{name:<16}{wall:>8.3f}{cpu:>8.3f}{limit or '':>8}")
        late += [name] if limit and wall > limit else []
    return 1 if late else 0


def timed(command: list[str]) -> tuple[float, float]:
    """Wall time and processor time of one command."""
    before, begun = os.times(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used


if __name__ == "__main__":
    sys.exit(main())
