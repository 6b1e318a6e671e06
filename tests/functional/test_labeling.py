"""The labeling sample as a user runs it: labels become data on two instances, a model learns from them."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.functional.repository import Done, Repository, clone

pytestmark = [pytest.mark.functional, pytest.mark.timeout(900)]

BUCKET = "local-pipelines-123456789012-us-east-1"


@dataclass(frozen=True)
class Run:
    """A clone in which `make run-labeling`'s command ran."""

    repository: Repository
    done: Done

    def folder(self, pipeline: str) -> Path:
        """What the newest execution of a pipeline wrote."""
        status = self.repository.run("status", pipeline, "--output", "json", code=0).json
        below = f".local/s3/{BUCKET}/local/executions/local-{pipeline}/{status['id']}"
        return self.repository.folder / below


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Conversion, then a training run on what it wrote."""
    repository = clone(tmp_path_factory.mktemp("labeling"))
    done = repository.run("run", "calls-labeling", "calls-training", timeout=600, code=0)
    yield Run(repository, done)
    repository.run("local", "down", code=0)


def test_two_instances_convert_what_is_sound_and_name_the_rest(ran: Run) -> None:
    """66 of 72 objects; what is set aside is what is planted; the books of both instances are there."""
    folder = ran.folder("calls-labeling")
    figures = json.loads((folder / "merge" / "metrics" / "labeling_metrics.json").read_text())
    key = json.loads((ran.repository.folder / "data" / "calls-labels" / "answer_key.json").read_text())

    assert figures["instances"] == 2
    assert (figures["objects"]["in"], figures["objects"]["converted"]) == (72, 66)
    for what, account in (("object", "objects"), ("answer", "answers"), ("segment", "segments")):
        planted: dict[str, int] = {}
        for each in key["set_aside"]:
            if each["what"] == what:
                planted[each["reason"]] = planted.get(each["reason"], 0) + each["count"]
        assert figures[account]["set_aside"] == planted
        assert figures[account]["in"] == figures[account]["converted"] + sum(planted.values())
    assert 0.8 < figures["agreement"]["tracks"]["speaker"]["alpha"] < 1
    assert len(list((folder / "convert" / "books").glob("books-algo-*.json"))) == 2


def test_no_recording_is_in_two_sets(ran: Run) -> None:
    """Also not when its clips are different objects."""
    sets: dict[str, set[str]] = {}
    for path in (ran.folder("calls-labeling") / "convert" / "targets" / "segments").rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            sets.setdefault(json.loads(line)["recording"], set()).add(path.parent.name)
    assert len(sets) < 66
    assert all(len(names) == 1 for names in sets.values())


def test_training_learns_from_the_sets_as_they_were_divided(ran: Run) -> None:
    """Rows of train train, rows of test evaluate; the fine-tuned model answers unseen turns."""
    labeled = ran.folder("calls-labeling") / "convert" / "targets" / "automl"
    training = ran.folder("calls-training")
    rows = csv_rows(training / "prepare" / "training" / "training.csv")
    assert {row["input"] for row in rows} <= inputs(labeled / "train")
    lines = (
        (training / "prepare" / "evaluation" / "evaluation.jsonl").read_text(encoding="utf-8").splitlines()
    )
    assert {json.loads(line)["input"] for line in lines} <= inputs(labeled / "test")
    assert len(rows) > 300
    assert len(lines) > 50
    candidate = json.loads((training / "candidate.json").read_text())
    assert candidate["metrics"]["rouge1"] > 0.8


def test_report_and_card_are_written(ran: Run) -> None:
    """One page with plots and timelines; a card with counts, hash, agreement, licence and consent."""
    merge = ran.folder("calls-labeling") / "merge"
    page = (merge / "report" / "labeling_report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4 + 6
    assert "Timeline of call-" in page
    card = (merge / "dataset" / "README.md").read_text(encoding="utf-8")
    dataset = json.loads((merge / "dataset" / "dataset.json").read_text())
    for part in (
        'license: "MIT"',
        "nobody was recorded",
        "| speaker |",
        dataset["data_hash"],
        "72 objects came in",
    ):
        assert part in card
    assert set(dataset["targets"]) >= {"automl", "sft", "rttm"}


def test_the_hugging_face_library_reads_what_is_written(ran: Run) -> None:
    """CSV, JSON Lines and AudioFolder of both instances, by `datasets` in the environment of prepare."""
    from local.environments import Environments

    root = ran.repository.folder
    python = Environments(root / ".local" / "environments").ensure(root / "steps/prepare/requirements.txt")
    program = ran.repository.folder / "read_back.py"
    program.write_text(READ_BACK, encoding="utf-8")
    targets = ran.folder("calls-labeling") / "convert" / "targets"
    done = subprocess.run(
        [str(python), str(program), str(targets), str(root / "cache")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    figures = json.loads(
        (ran.folder("calls-labeling") / "merge" / "metrics" / "labeling_metrics.json").read_text()
    )
    for target in ("automl", "sft", "preference", "kto", "nemo", "moments", "audiofolder"):
        assert read[target] == figures["rows"][target], target


READ_BACK = """
import json, sys, wave
from pathlib import Path
from datasets import Features, Value, load_dataset
targets, cache = Path(sys.argv[1]), sys.argv[2]
found = {}
for target, kind in (("automl", "csv"), ("sft", "json"), ("preference", "json"), ("kto", "json"),
                     ("nemo", "json"), ("moments", "json")):
    files = {each.name: [str(path) for path in sorted(each.glob("*.*"))]
             for each in (targets / target).iterdir()}
    data = load_dataset(kind, data_files=files, cache_dir=cache)
    found[target] = {name: len(rows) for name, rows in data.items()}
# AudioFolder wants the media beside its metadata: a moment of silence for each.
for path in (targets / "audiofolder").rglob("metadata.jsonl"):
    for line in path.read_text().splitlines():
        with wave.open(str(path.parent / json.loads(line)["file_name"]), "wb") as audio:
            audio.setnchannels(1), audio.setsampwidth(2), audio.setframerate(8000)
            audio.writeframes(bytes(1600))
# The audio itself is not decoded: that takes torchcodec, which the step does not need.
paths = [str(path) for path in (targets / "audiofolder").rglob("metadata.jsonl")]
known = load_dataset("json", data_files=paths, split="train", cache_dir=cache).features
rest = {name: kind for name, kind in known.items() if name != "file_name"}
features = Features({"audio": {"path": Value("string"), "bytes": Value("binary")}, **rest})
data = load_dataset("audiofolder", data_dir=str(targets / "audiofolder"), features=features, cache_dir=cache)
found["audiofolder"] = {name: len(rows) for name, rows in data.items()}
assert data["train"][0]["segments"][0]["label"] in {"Customer", "Representative"}
print(json.dumps(found))
"""


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def inputs(folder: Path) -> set[str]:
    """The inputs of all CSV files of a folder."""
    return {row["input"] for path in folder.glob("*.csv") for row in csv_rows(path)}
