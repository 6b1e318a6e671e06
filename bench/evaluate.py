"""Evaluate beside its limit, rows x latency / concurrency, and beside fmeval asking the model itself.

    python bench/evaluate.py --python STEP_PYTHON [--rows 1000] [--latency 0.2] [--concurrency 20]

An endpoint on 127.0.0.1 answers after `latency` seconds. The step's time from the first question to the
last answer comes from its manifest, start-up is measured apart. fmeval asks in its own way, through ray
actors (as many as it takes by default: cores - 1), for --peer-rows rows; 0 leaves it out. Target: the best
round asks in 1.15 times the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fakes.endpoint import MODEL_DATA, FakeEndpoint, Reply, endpoint, says  # noqa: E402

TARGET_TIMES = 1.15
EVALUATION = {
    "task": "question_answering",
    "generation": {"max_new_tokens": 16, "do_sample": False, "stop": []},
    "request": "text_inputs",
    "response_path": "[0].generated_text",
    "metrics": ["f1", "exact_match", "quasi_exact_match", "precision_over_words", "recall_over_words"],
}
# fmeval's own way: its data set, its actors that ask, its scores; BERTScore left out (it needs a model).
PEER = """
import sys, time
import ray
ray.init(include_dashboard=False, logging_level="ERROR", log_to_driver=False)
from fmeval.data_loaders.data_config import DataConfig
from fmeval.data_loaders.util import get_dataset
from fmeval.eval_algorithms.common import evaluate_dataset
from fmeval.eval_algorithms.qa_accuracy import QA_ACCURACY_SCORE_NAMES, QAAccuracyScores
from fmeval.model_runners.sm_model_runner import SageMakerModelRunner
from fmeval.transforms.transform_pipeline import TransformPipeline
started = time.monotonic()
runner = SageMakerModelRunner("e", '{"text_inputs": $prompt}', output="[0].generated_text")
config = DataConfig(
    dataset_name="bench", dataset_uri=sys.argv[1], dataset_mime_type="application/jsonlines",
    model_input_location="model_input", target_output_location="target_output",
)
evaluate_dataset(
    dataset=get_dataset(config, None), pipeline=TransformPipeline([QAAccuracyScores()]),
    dataset_name="bench", eval_name="qa_accuracy", metric_names=QA_ACCURACY_SCORE_NAMES,
    eval_results_path=sys.argv[2], model=runner, prompt_template="$model_input", agg_method="mean",
)
print("seconds", time.monotonic() - started)
"""


def main() -> int:
    """Runs the step and its peer in turn, and prints; returns 1 when the target was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=None)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--concurrency", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--peer-rows", type=int, default=100)
    arguments = parser.parse_args()
    python = arguments.python or step_python()
    limit = arguments.rows * arguments.latency / arguments.concurrency

    def respond(_body: dict[str, Any]) -> Reply:
        return says("gold", seconds=arguments.latency)

    best, best_peer = 0.0, 0.0  # rows per second
    with tempfile.TemporaryDirectory(prefix="bench-evaluate-") as name, endpoint(respond) as fake:
        for _ in range(arguments.rounds):
            seconds = step(python, Path(name), fake, arguments.rows, arguments.concurrency)
            best = max(best, arguments.rows / seconds["asking"])
            print(
                f"step   {arguments.rows} rows: asked in {seconds['asking']:.1f} s,"
                f" {seconds['asking'] / limit:.2f} x the limit of {limit:.1f} s;"
                f" start-up {seconds['start_up']:.1f} s, scoring {seconds['scoring']:.1f} s",
                flush=True,
            )
            if arguments.peer_rows:
                count = arguments.peer_rows
                took = peer(python, Path(name), fake, count)
                best_peer = max(best_peer, count / took)
                print(f"fmeval {count} rows: {took:.1f} s, {count / took:.1f} rows/s", flush=True)
    times = arguments.rows / best / limit
    print(f"{times:.2f} times the limit at best, target {TARGET_TIMES}")
    if best_peer:
        print(f"{best / best_peer:.1f} times the rows per second of fmeval asking the model itself")
    return 1 if times > TARGET_TIMES else 0


def step(python: str, folder: Path, fake: FakeEndpoint, rows: int, concurrency: int) -> dict[str, float]:
    """The seconds that the step notes in its manifest."""
    data = dataset(folder / "data", rows)
    settings = {"step": "evaluate", "version": 1, "parameters": {}, "seed": 1, "gates": []}
    settings["evaluation"] = {**EVALUATION, "concurrency": concurrency}
    (folder / "settings.json").write_text(json.dumps(settings))
    places = [
        "--settings",
        str(folder / "settings.json"),
        "--data",
        str(data),
        "--output",
        str(folder / "out"),
    ]
    model = ["--endpoint-name", "e", "--model-data-url", MODEL_DATA, "--region", "us-east-1"]
    run([python, "-m", "steps.evaluate", *model, *places], fake)
    manifest = json.loads((folder / "out" / "report" / "manifest.json").read_text())
    return dict(manifest["seconds"])


def peer(python: str, folder: Path, fake: FakeEndpoint, rows: int) -> float:
    """Seconds from the runner to the scores, ray and imports already there."""
    data = dataset(folder / "peer", rows)
    modules = ROOT / "steps" / "evaluate" / "metric_modules"
    command = [python, "-c", PEER, str(data / "evaluation_dataset.jsonl"), str(folder / "results")]
    printed = run(command, fake, cwd=modules, more={"HF_HUB_OFFLINE": "1", "RAY_USAGE_STATS_ENABLED": "0"})
    return float(printed.rsplit("seconds", 1)[1])


def dataset(folder: Path, rows: int) -> Path:
    """Questions with a context of 400 characters."""
    folder.mkdir(exist_ok=True)
    context = "Gold is a chemical element with the symbol Au. " * 9
    with (folder / "evaluation_dataset.jsonl").open("w") as file:
        for number in range(rows):
            prompt = f"Question {number}: what has the symbol Au? {context}"
            row = {"id": str(number), "model_input": prompt, "target_output": "gold", "group": ""}
            file.write(json.dumps(row) + "\n")
    return folder


def run(
    command: list[str], fake: FakeEndpoint, *, cwd: Path = ROOT, more: dict[str, str] | None = None
) -> str:
    """What the command printed; its errors end the benchmark."""
    environment = {**os.environ, **fake.environment, "AWS_DEFAULT_REGION": "us-east-1", **(more or {})}
    started = time.monotonic()
    finished = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)
    if finished.returncode:
        sys.exit(f"after {time.monotonic() - started:.0f} s: {finished.stderr[-3000:]}")
    return finished.stdout


def step_python() -> str:
    """The interpreter of the step's environment on this machine."""
    from local.environments import Environments

    return str(
        Environments(ROOT / ".local" / "environments").ensure(ROOT / "steps/evaluate/requirements.txt")
    )


if __name__ == "__main__":
    sys.exit(main())
