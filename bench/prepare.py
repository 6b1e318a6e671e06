"""Prepare beside the recipe that it replaces: the same rows, `datasets` and pandas against the step.

    python bench/prepare.py --python STEP_PYTHON [--rows 1000000] [--rounds 2] [--only step] [--tenfold]

Makes JSON Lines in SciQ's columns (545 bytes a row on average), runs the two in turn, and prints rows a
second, peak memory (resident, all processes added up) and the ratio. STEP_PYTHON is the interpreter of the
step's environment; without it the stand-in's is used. Targets: five times the recipe's rows per second in
at most 500 MB, and with --tenfold the same rate, a tenth less at most, at ten times the rows.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
TOPICS = """
energy water cell light heat force element atom planet organism pressure reaction oxygen carbon tissue protein
species current surface motion gravity sound wave particle electron nucleus acid base salt metal mineral rock
ocean climate blood heart muscle nerve bone gene
"""
RECIPE = """
import sys
import pandas as pd
from datasets import Dataset, load_dataset

path, out, cache = sys.argv[1:]
dataset = load_dataset("json", data_files=path, split="train", cache_dir=cache)
dataset = dataset.train_test_split(test_size=0.1, shuffle=True)
training, validation = pd.DataFrame(dataset["train"]), pd.DataFrame(dataset["test"])
training = training.sample(n=9000, random_state=42, ignore_index=True)
fields = ["question", "correct_answer", "support"]
chosen = training[fields].copy()
chosen["input"] = (
    "Below is an instruction that describes a task, paired with an input that provides further context."
    "Write a response that appropriately completes the request.\\n\\n### Instruction:\\n" + chosen["question"]
    + "\\n\\n### Input:\\n" + chosen["support"]
)
chosen["output"] = chosen["correct_answer"]
Dataset.from_pandas(chosen[["input", "output"]]).to_csv(out, index=False)
"""
SETTINGS = {
    "step": "prepare",
    "version": 1,
    "parameters": {},
    "data": {
        "source": "bench",
        "format": "jsonl",
        "columns": {"question": "question", "context": "support", "answer": "correct_answer"},
        "prompt": "Below is an instruction that describes a task, paired with an input that provides further"
        " context. Write a response that appropriately completes the request.\n\n### Instruction:\n{question}"
        "\n\n### Input:\n{context}\n\n### Response:\n",
        "output": "{answer}",
        "rows": {"training": 9000, "validation": 1000, "evaluation": 1000},
        "seed": 42,
        "max_rejected_share": 0.05,
    },
    "model": {"context_tokens": 2048},
}


TARGET_TIMES, TARGET_MEGABYTES, TARGET_RATE = 5.0, 500.0, 0.9


@dataclass(frozen=True)
class Measured:
    """One run: seconds on the wall, of the processors, peak resident megabytes of all its processes."""

    seconds: float
    processor: float
    megabytes: float


def main() -> int:
    """Makes the data, runs in turn, prints; returns 1 when a target was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=("step", "recipe"))
    parser.add_argument("--tenfold", action="store_true", help="the step on ten times the rows as well")
    arguments = parser.parse_args()
    python = arguments.python or step_python()
    with tempfile.TemporaryDirectory(prefix="bench-prepare-") as name:
        folder = Path(name)
        path = make(folder, arguments.rows)
        print(f"{arguments.rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB", flush=True)
        runs: dict[str, list[Measured]] = {}
        for number in range(arguments.rounds):
            for what in ("recipe", "step"):
                if arguments.only in (None, what):
                    command = (
                        recipe(python, folder, path, number) if what == "recipe" else step(python, folder)
                    )
                    runs.setdefault(what, []).append(result := measure(command, folder))
                    print(told(what, arguments.rows, result), flush=True)
        path.unlink()
        if arguments.tenfold:
            make(folder, arguments.rows * 10)
            runs["tenfold"] = [measure(step(python, folder), folder)]
            print(told("tenfold", arguments.rows * 10, runs["tenfold"][0]), flush=True)
    return verdict(runs)


def verdict(runs: dict[str, list[Measured]]) -> int:
    """Prints each figure beside its target; 1 when one was missed."""
    seconds = {what: statistics.median(run.seconds for run in done) for what, done in runs.items()}
    missed = False
    if {"recipe", "step"} <= set(runs):
        times = seconds["recipe"] / seconds["step"]
        missed |= times < TARGET_TIMES
        print(f"the step makes {times:.1f} times the rows per second, target {TARGET_TIMES:g}")
    if "step" in runs:
        peak = max(run.megabytes for what in ("step", "tenfold") for run in runs.get(what, []))
        missed |= peak > TARGET_MEGABYTES
        print(f"the step takes {peak:,.0f} MB at most, target {TARGET_MEGABYTES:g}")
    if {"step", "tenfold"} <= set(runs):
        rate = 10 * seconds["step"] / seconds["tenfold"]
        missed |= rate < TARGET_RATE
        print(f"at ten times the rows it keeps {rate:.0%} of its rate, target {TARGET_RATE:.0%}")
    return 1 if missed else 0


def told(what: str, rows: int, run: Measured) -> str:
    """One line for a run."""
    return (
        f"{what:7} {run.seconds:7.1f} s {rows / run.seconds:10,.0f} rows/s {run.megabytes:7,.0f} MB"
        f" {run.processor:7.1f} s of the processors"
    )


def make(folder: Path, rows: int) -> Path:
    """Rows with a question of their own, a support of about 380 characters, an answer from it."""
    path = folder / "data" / "bench.jsonl"
    path.parent.mkdir(exist_ok=True)
    draw, words = random.Random(7), TOPICS.split()
    supports = [" ".join(draw.choices(words, k=draw.randint(30, 72))) + "." for _ in range(5000)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            support = f"Sample {number}: {supports[number % 5000]}"
            a, b, c, d = draw.choices(words, k=4)
            row = {
                "question": f"What does sample {number} say of {a} and {b}?",
                "distractor3": b,
                "distractor1": c,
            }
            row |= {"distractor2": d, "correct_answer": a, "support": support}
            file.write(json.dumps(row) + "\n")
    return path


def recipe(python: str, folder: Path, path: Path, number: int) -> list[str]:
    """The recipe, with an empty cache each time, as in a new container."""
    script = folder / "recipe.py"
    script.write_text(RECIPE)
    return [python, str(script), str(path), str(folder / "recipe.csv"), str(folder / f"cache-{number}")]


def step(python: str, folder: Path) -> list[str]:
    """The step, all its checks and its report included."""
    settings = folder / "settings.json"
    settings.write_text(json.dumps(SETTINGS))
    places = ["--settings", str(settings), "--data", str(folder / "data"), "--output", str(folder / "out")]
    return [python, "-m", "steps.prepare", *places]


def measure(command: list[str], folder: Path) -> Measured:
    """Runs a command, adding up the resident memory of its process tree every 50 ms."""
    started, before, peak = time.monotonic(), processor_seconds(), 0
    with (folder / "log").open("w") as log:
        process = psutil.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        while process.poll() is None:
            peak = max(peak, resident(process))
            time.sleep(0.05)
    if process.returncode:
        sys.exit((folder / "log").read_text())
    return Measured(time.monotonic() - started, processor_seconds() - before, peak / 1e6)


def processor_seconds() -> float:
    """What ended child processes and theirs have used: a busy machine does not change it much."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident(process: psutil.Process) -> int:
    """Resident bytes of a process and its descendants."""
    total = 0
    for part in (process, *children(process)):
        try:
            total += part.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def children(process: psutil.Process) -> list[psutil.Process]:
    """The descendants that are alive."""
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def step_python() -> str:
    """The interpreter of the step's environment on this machine."""
    sys.path.insert(0, str(ROOT))
    from local.environments import Environments

    return str(Environments(ROOT / ".local" / "environments").ensure(ROOT / "steps/prepare/requirements.txt"))


if __name__ == "__main__":
    sys.exit(main())
