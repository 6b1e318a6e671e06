"""What can be wrong in a labeling pipeline's file is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.load import load_project
from tests.unit.config.project_folder import TRAINING, TRAINING_FILE, write_project

FILE = "config/pipelines/labels.yaml"
LABELS = """\
version: 1
kind: labeling
name: labels
data:
  source: job
  format: ground_truth
  manifest: output.manifest
  responses: responses
  fields: {product: product}
tracks:
  speaker: {labels: [A, B], overlaps: forbid, text: required}
questions: {rate: rating, better: choice}
split: {validation: 0.1, test: 0.1, seed: 1}
targets:
  automl: {format: csv, rows: segment, track: speaker, prompt: "{text} {product}", output: "{label}"}
  preference: {question: better, prompt: "{text}", a: one, b: "{product}"}
  kto: {question: rate, prompt: "{text}", completion: "{whole_rate}", good_from: 4, bad_to: 2}
steps:
  merge: {instance_count: 1}
"""
BROKEN = {
    "manifest: output.manifest": ("", "data.manifest: is missing; ground_truth reads one"),
    "format: ground_truth": ("format: segments", "data.manifest: only goes with format: ground_truth"),
    "track: speaker": ("track: speakr", '"speakr" is not one of tracks; there are: speaker'),
    "{text} {product}": ("{text} {produkt}", "{produkt} is not known here"),
    'output: "{label}"': ("output: label", "names nothing: it would be the same for every row"),
    "rows: segment": ("rows: object", "{label} is not known here"),
    "question: better": ("question: rate", '"rate" is not one of questions with the kind choice'),
    "bad_to: 2": ("bad_to: 4", "found 4, which is not below good_from: 4"),
    "validation: 0.1": ("validation: 0.9", "validation 0.9 and test 0.1 leave nothing to train on"),
    "instance_count: 1": ("instance_count: 2", "found 2; merge adds up what all instances of convert found"),
    "source: job": ("source: jobs", 'there is no folder "jobs"'),
    "responses: responses": ("responses: ../responses", "a path below data.source, without .."),
    "responses: responses ": ("responses: answers ", 'there is no "answers" in "job"'),
    "{whole_rate}": ("{whole_stars}", "{whole_stars} is not known here"),
    "source: job ": ("source: labeling-job ", "data.job: is missing: which labeling job"),
    "  source: job": ("  job: nothing\n  source: labeling-job", 'there is no labeling job "nothing"'),
    "  source: job  ": ("  job: nothing\n  source: job  ", "only goes with source: labeling-job"),
}
TRAINED = "\n".join(
    line
    for line in TRAINING.replace("source: facts.jsonl", "source: labeling\n  labeling: labels").split("\n")
    if "group_by" not in line
).replace("format: jsonl", "format: csv", 1)


def project(root: Path, labels: str = LABELS, training: str = TRAINING) -> Path:
    """A small project with a labeling pipeline in it."""
    (root / "job" / "responses").mkdir(parents=True)
    (root / "job" / "output.manifest").touch()
    return write_project(root, {FILE: labels, TRAINING_FILE: training})


def test_a_sound_file_loads(tmp_path: Path) -> None:
    """With every kind of target that has templates."""
    assert "labels" in load_project("local", project(tmp_path)).pipelines


@pytest.mark.parametrize("old", BROKEN)
def test_a_broken_file_is_explained(tmp_path: Path, old: str) -> None:
    """One problem, with its place in the file."""
    new, message = BROKEN[old]
    assert old.strip() in LABELS
    labels = LABELS.replace(old.strip(), new.strip(), 1)
    with pytest.raises(ConfigurationError, match="config/pipelines") as caught:
        load_project("local", project(tmp_path, labels))
    assert f"{FILE}:" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("labeling: labels", "labeling: label", "there are: labels"),
        ("  labeling: labels", "  seed: 42", "is missing; source: labeling takes the sets of a pipeline"),
        ("format: csv", "format: parquet", 'found parquet, but "labels" writes csv'),
    ],
)
def test_training_on_labels_names_a_pipeline_that_writes_them(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """The labeling pipeline is there, writes the target, and writes it in the format that is read."""
    assert old in TRAINED
    with pytest.raises(ConfigurationError, match="config/pipelines") as caught:
        load_project("local", project(tmp_path, training=TRAINED.replace(old, new, 1)))
    assert message in str(caught.value)
