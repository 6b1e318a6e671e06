"""The fine-tuning program in its own environment: the same job the same model, folders, and real learning."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import random
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.environments import Environments
from local.training.job import TrainingJob, TrainingResult
from tests.functional.conftest import ROOT
from tests.functional.model_jobs import FACTS, Pair, as_csv, facts

pytestmark = pytest.mark.functional

ROUND_TRIP = r"""
import json, sys
from local.training.tokenizer import train_tokenizer
texts = ["Iron's block is d.\nIt is stable.", "Berlin liegt an der Spree.", "法国的首都是巴黎。"] * 3
tokenizer = train_tokenizer(texts, context_tokens=64)
for text in json.loads(sys.argv[1]):
    tokens = tokenizer(text)["input_ids"]
    assert tokenizer.decode(tokens, skip_special_tokens=True) == text, text
print(tokenizer.convert_ids_to_tokens(tokenizer("Iron's block\nis d")["input_ids"]))
"""


@pytest.fixture(scope="module")
def python() -> Path:
    environments = Environments(ROOT / ".local" / "environments")
    return environments.ensure(ROOT / "steps" / "evaluate" / "requirements.txt")


def run(python: Path, arguments: Sequence[str], *, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [str(python), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def job(folder: Path, training: Sequence[Pair], validation: Sequence[Pair], **changes: object) -> TrainingJob:
    for name, rows in (("training", training), ("validation", validation)):
        (folder / name).mkdir(parents=True)
        (folder / name / "a.csv").write_text(as_csv(rows), encoding="utf-8", newline="")
    made = TrainingJob(
        training=folder / "training",
        validation=folder / "validation",
        validation_fraction=0.2,
        parquet=False,
        largest_rows=10_000,
        context_tokens=1024,
        base_model=None,
        hyperparameters={"epochCount": "1", "learningRateWarmupSteps": "5"},
        seed=42,
        model_folder=folder / "model",
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def trained(python: Path, folder: Path, made: TrainingJob, *, seconds: float = 120) -> TrainingResult:
    made.write(folder / "job.json")
    ended = run(python, ["-m", "local.training.main", str(folder)], seconds=seconds)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return TrainingResult.read(folder / "result.json")


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()


def test_every_text_comes_back_from_its_tokens(python: Path) -> None:
    """Words that were seen are one token; signs of scripts that were not are written in bytes."""
    texts = [
        "Iron is d.",
        "block\n\n\nd",
        "Ölöfen",
        "東京 と 法国",
        "हिन्दी में",
        "ภาษาไทย",
        "سلام",
        "a  b\tc",
        "🦜 1,234.5%",
        "",
    ]
    ended = run(python, ["-c", ROUND_TRIP, json.dumps(texts)])
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "['<s>', '▁Iron', \"'\", 's', '▁block', '\\n', '▁is', '▁d']"


def test_the_same_job_gives_the_same_model_and_a_model_can_be_tuned_further(
    python: Path, tmp_path: Path
) -> None:
    """Byte for byte; a Hugging Face folder starts where its model stands."""
    rows = facts(60)
    first = trained(python, tmp_path / "1", job(tmp_path / "1", rows[:48], rows[48:]))
    again = trained(python, tmp_path / "2", job(tmp_path / "2", rows[:48], rows[48:]))
    assert (weights(tmp_path / "1"), first) == (weights(tmp_path / "2"), again)
    further = job(tmp_path / "3", rows[:48], rows[48:], base_model=tmp_path / "1" / "model")
    assert (
        trained(python, tmp_path / "3", further).metrics["ValidationLoss"] < first.metrics["ValidationLoss"]
    )


def test_a_folder_that_is_no_model_fails_with_its_name(python: Path, tmp_path: Path) -> None:
    """Nothing is looked for on the hub."""
    (tmp_path / "nothing").mkdir()
    made = job(tmp_path / "1", facts(20), facts(4), base_model=tmp_path / "nothing")
    made.write(tmp_path / "1" / "job.json")
    assert run(python, ["-m", "local.training.main", str(tmp_path / "1")]).returncode == 1
    failure = TrainingResult.read(tmp_path / "1" / "result.json").failure
    assert failure is not None
    assert failure.startswith("nothing cannot be loaded as a causal language model: ")


def split_facts(seed: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """About 1,200 and 300 rows of different passages."""
    passages: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in FACTS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        passages[row["passage"]].append(row)
    names = sorted(passages)
    random.Random(seed).shuffle(names)
    rows = [row for name in names for row in passages[name]]
    return rows[:1_200], rows[1_200:1_500]


def pairs(rows: Sequence[dict[str, str]]) -> list[Pair]:
    return [(f"{row['question']}\n{row['support']}\n", row["correct_answer"]) for row in rows]


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_the_sample_is_learned_and_shuffled_answers_are_not(python: Path, tmp_path: Path, seed: int) -> None:
    """Rouge1 on unseen passages: what the gate of the sample pipeline stands on."""
    settings = {"epochCount": "8", "batchSize": "8", "learningRate": "0.001", "learningRateWarmupSteps": "50"}
    training, validation = split_facts(seed)
    good = job(tmp_path / "good", pairs(training), pairs(validation), hyperparameters=settings)
    assert trained(python, tmp_path / "good", good, seconds=600).metrics["Rouge1"] > 0.6
    answers = [row["correct_answer"] for row in training]
    random.Random(seed).shuffle(answers)
    mixed = [(prompt, answer) for (prompt, _), answer in zip(pairs(training), answers, strict=True)]
    bad = job(tmp_path / "bad", mixed, pairs(validation), hyperparameters=settings)
    assert trained(python, tmp_path / "bad", bad, seconds=600).metrics["Rouge1"] < 0.2
