"""Converting labels beside a plain loop: json.load of every answer, and the same CSV without any check.

    python bench/labeling.py --python STEP_PYTHON [--objects 100000] [--rounds 3] [--without-agreement]

Makes a labeling job's output (three workers an object, 20 segments each, boundaries a little apart, one
object in ten with a disagreement), then runs on one core each: the loop; the step with all checks and
consolidation and one target; the step with agreement (F1, boundary errors, alpha) too; and two shards at
once, beside two loops at once, which tell what the second core of the machine is worth. `merge` (accounts,
report, card) is measured alone. Prints seconds, ratios and peak memory. Targets: 1.5 times the loop, two
shards 1.8 times as fast as one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
WORKERS, SEGMENTS = 3, 20
LOOP = """
import csv, json, sys
manifest, folder, out = sys.argv[1:]
marker = "/annotations/worker-response/"
with open(manifest, encoding="utf-8") as lines, open(out, "w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file, lineterminator="\\n")
    writer.writerow(("input", "output"))
    for line in lines:
        entry = json.loads(line)
        reference = entry["labels-metadata"]["worker-response-ref"]
        with open(folder + "/" + reference.split(marker)[1], encoding="utf-8") as response:
            document = json.load(response)
        annotations = document["answers"][0]["answerContent"]["annotations"]
        if isinstance(annotations, str):
            annotations = json.loads(annotations)
        for segment in annotations["streams"]["speaker"]:
            writer.writerow((f"Who says: {segment['text']}", segment["id"]))
"""


@dataclass(frozen=True)
class Measured:
    """One run: seconds on the wall, processor seconds, peak resident megabytes of a process."""

    seconds: float
    processor: float
    megabytes: float


def main() -> None:
    """Makes the data, runs in turn, prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=None)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-agreement", action="store_true")
    arguments = parser.parse_args()
    python = arguments.python or step_python()
    with tempfile.TemporaryDirectory(prefix="bench-labeling-") as name:
        folder = Path(name)
        size = make(folder, arguments.objects)
        print(f"{arguments.objects:,} objects, {size / 1e6:,.0f} MB of answers", flush=True)
        runs: dict[str, list[Measured]] = {}
        for _ in range(arguments.rounds):
            for what, commands in plans(python, folder).items():
                if arguments.without_agreement and what in {"agreement", "merge"}:
                    continue
                runs.setdefault(what, []).append(done := measure(commands, folder))
                print(
                    f"{what:10} {done.seconds:7.1f} s {done.processor:7.1f} s of processor"
                    f" {done.megabytes:6,.0f} MB",
                    flush=True,
                )
        tell(runs)


def tell(runs: dict[str, list[Measured]]) -> None:
    """How the runs are to each other: the fastest of each, and the median of the rounds and their range.

    What else the machine does makes a run slower and never faster. A round's runs stand side by side, and
    the step is measured before and after the shards.
    """
    whole = [*runs["step"], *runs["step again"]]
    print(f"checks and consolidation take {ratio(runs, 'step', 'loop')} times the plain loop;")
    if "agreement" in runs:
        print(f"  with agreement {ratio(runs, 'agreement', 'loop')} times")
        print(f"  merge: {statistics.median(run.seconds for run in runs['merge']):.1f} s")
    print(f"two shards on a core each: {ratio(runs, 'step', 'shards')} times as fast as one;")
    print(f"  two whole loops at once do {ratio(runs, 'loop', 'loops', times=2)} times the work of one")
    print(f"peak memory of a process: {max(run.megabytes for run in whole):,.0f} MB")


def ratio(runs: dict[str, list[Measured]], over: str, under: str, *, times: int = 1) -> str:
    """The fastest `over` by the fastest `under`; and what the rounds say each by itself."""
    above, below = ([times * each for each in seconds(runs, over)], seconds(runs, under))
    fastest = times * min(run.seconds for run in all_of(runs, over)) / min(below)
    found = [one / other for one, other in zip(above, below, strict=True)]
    rounds = f"median {statistics.median(found):.2f}, {min(found):.2f} to {max(found):.2f}"
    return f"{fastest:.2f} (rounds: {rounds})"


def seconds(runs: dict[str, list[Measured]], what: str) -> list[float]:
    """Seconds by round; those of the step are the mean of its two runs."""
    if what != "step":
        return [run.seconds for run in runs[what]]
    both = zip(runs["step"], runs["step again"], strict=True)
    return [(before.seconds + after.seconds) / 2 for before, after in both]


def all_of(runs: dict[str, list[Measured]], what: str) -> list[Measured]:
    """Every run of a kind."""
    return [*runs[what], *(runs["step again"] if what == "step" else ())]


def make(folder: Path, objects: int) -> int:
    """The manifest and the answers; returns the bytes of all answers."""
    draw, size = random.Random(3), 0
    manifest = folder / "manifest" / "output.manifest"
    manifest.parent.mkdir()
    with manifest.open("w", encoding="utf-8") as file:
        for number in range(objects):
            truth, clock = [], 0.0
            for place in range(SEGMENTS):
                end = clock + draw.uniform(3, 9)
                truth.append((clock + 0.3, end, place))
                clock = end
            body = json.dumps({"answers": [answer(draw, number, truth, worker) for worker in range(WORKERS)]})
            # As many of those with a disagreement, which cost more, for one shard as for the other.
            path = folder / f"data-{number // 2 % 2}" / "iteration-1" / str(number) / "answers.json"
            whole = folder / "data" / "iteration-1" / str(number) / "answers.json"
            for each in (path, whole):
                each.parent.mkdir(parents=True)
            whole.write_text(body)
            os.link(whole, path)
            size += len(body)
            reference = f"s3://bench/job/annotations/worker-response/iteration-1/{number}/answers.json"
            line = {
                "source-ref": f"s3://bench/media/{number}.wav",
                "duration": clock + 1,
                "labels": {},
                "labels-metadata": {"job_name": "job", "worker-response-ref": reference},
            }
            file.write(json.dumps(line) + "\n")
    return size


def answer(draw: random.Random, number: int, truth: list[Any], worker: int) -> dict[str, Any]:
    """What one worker sends; the third disagrees on one segment of every tenth object."""
    segments = []
    for start, end, place in truth:
        label = ("Customer", "Representative")[
            (place + (worker == 2 and number % 10 == 0 and place == 5)) % 2
        ]
        text = f"turn {place} of call {number} about an order that has not arrived yet"
        times = {"start": start + draw.uniform(-0.1, 0.1), "end": end + draw.uniform(-0.1, 0.1)}
        segments.append({"id": label, **times, "text": text, "emotion": "Neutral"})
    return {
        "workerId": f"worker-{worker}",
        "timeSpentInSeconds": 60.5,
        "answerContent": {"annotations": {"streams": {"speaker": segments}}, "rate": {"4": False, "5": True}},
    }


def settings(folder: Path, *, agreement: bool) -> Path:
    """The step's settings with one target."""
    document = {
        "step": "convert",
        "version": 1,
        "parameters": {},
        "data": {
            "source": "bench",
            "format": "ground_truth",
            "manifest": "output.manifest",
            "responses": "annotations/worker-response",
            "attribute": "labels",
            "duration": "duration",
        },
        "tracks": {
            "speaker": {"labels": ["Customer", "Representative"], "overlaps": "forbid", "text": "required"}
        },
        "questions": {"rate": "rating"},
        "checks": {
            "minimum_seconds": 0.05,
            "tolerance_seconds": 0.25,
            "max_response_mb": 16,
            "max_rejected_share": 0.05,
        },
        "consolidation": {"iou": 0.5, "quorum": 0.5},
        "agreement": {"thresholds": [0.5, 0.7], "frame_seconds": 0.1} if agreement else None,
        "split": {"validation": 0.1, "test": 0.1, "seed": 42},
        "targets": {"automl": {"rows": "segment", "prompt": "Who says: {text}", "output": "{label}"}},
    }  # fmt: skip
    path = folder / f"settings-{agreement}.json"
    path.write_text(json.dumps(document))
    path.with_name("merge.json").write_text(json.dumps({**document, "step": "merge"}))
    return path


def plans(python: str, folder: Path) -> dict[str, list[list[str]]]:
    """What runs at once, by name, in order."""
    loop = folder / "loop.py"
    loop.write_text(LOOP)
    manifest = folder / "manifest" / "output.manifest"

    def step(*, agreement: bool, part: int | None = None) -> list[str]:
        data = folder / ("data" if part is None else f"data-{part}")
        words = [python, "-m", "steps.convert", "--settings", str(settings(folder, agreement=agreement))]
        words += ["--manifest", str(manifest.parent), "--data", str(data)]
        words += ["--output", str(folder / f"out-{agreement}-{part}")]
        if part is None:
            return words
        resources = folder / f"resources-{part}.json"
        resources.write_text(json.dumps({"current_host": f"algo-{part}", "hosts": ["algo-0", "algo-1"]}))
        return [*words, "--resources", str(resources)]

    merge = [python, "-m", "steps.merge", "--settings", str(folder / "merge.json")]
    merge += ["--books", str(folder / "out-True-None" / "books"), "--output", str(folder / "merged")]

    def looping(name: str) -> list[str]:
        return [python, str(loop), str(manifest), str(folder / "data"), str(folder / name)]

    return {
        "loops": [looping("loop-0.csv"), looping("loop-1.csv")],
        "loop": [looping("loop.csv")],
        "step": [step(agreement=False)],
        "shards": [step(agreement=False, part=0), step(agreement=False, part=1)],
        "step again": [step(agreement=False)],
        "agreement": [step(agreement=True)],
        "merge": [merge],
    }


def measure(commands: list[list[str]], folder: Path) -> Measured:
    """Runs commands at once, a core each; the largest peak of their resident memory."""
    for path in folder.glob("out-False-*"):
        shutil.rmtree(path)
    cores = sorted(os.sched_getaffinity(0))
    started, log = time.monotonic(), (folder / "log").open("w")
    before = os.times()
    running = [psutil.Popen(command, cwd=ROOT, stdout=log, stderr=log) for command in commands]
    for number, process in enumerate(running):
        process.cpu_affinity([cores[number % len(cores)]])
    peak = 0
    while any(process.poll() is None for process in running):
        for process in running:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.05)
    spent, after = time.monotonic() - started, os.times()
    if any(process.returncode for process in running):
        sys.exit((folder / "log").read_text())
    processor = after.children_user - before.children_user + after.children_system - before.children_system
    return Measured(spent, processor, peak / 1e6)


def step_python() -> str:
    """The interpreter of the step's environment on this machine."""
    sys.path.insert(0, str(ROOT))
    from local.environments import Environments

    return str(Environments(ROOT / ".local" / "environments").ensure(ROOT / "steps/convert/requirements.txt"))


if __name__ == "__main__":
    main()
