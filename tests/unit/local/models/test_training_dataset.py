"""The channels of a fine-tuning job, held against Autopilot's dataset rules."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest

from local.training.dataset import Row, read_channel, read_channels, split
from local.training.job import FineTuningError, Hyperparameters, TrainingJob, TrainingResult


def write_csv(file: Path, rows: list[list[str]], *, encoding: str = "utf-8") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding=encoding, newline="") as lines:
        csv.writer(lines).writerows(rows)


def job(folder: Path, **changes: object) -> TrainingJob:
    made = TrainingJob(
        training=folder / "training",
        validation=None,
        validation_fraction=0.2,
        parquet=False,
        largest_rows=10,
        context_tokens=128,
        base_model=None,
        hyperparameters={},
        seed=1,
        model_folder=folder / "model",
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def test_rows_of_all_files_are_read_whatever_the_order_of_columns(tmp_path: Path) -> None:
    """Files in the order of their names; a byte order mark and line ends inside cells do no harm."""
    write_csv(tmp_path / "a.csv", [["input", "output"], ["one\nline", "1"]], encoding="utf-8-sig")
    write_csv(tmp_path / "more" / "b.csv", [["output", "input"], ["2", "zwei, 二"]])
    assert read_channel(tmp_path, parquet=False) == [Row("one\nline", "1"), Row("zwei, 二", "2")]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["question", "output"], ["a", "b"]], "found: 'question', 'output'"),
        ([["input", "output", "id"], ["a", "b", "c"]], "exactly the columns 'input' and 'output'"),
        ([["input", "input"], ["a", "b"]], "found: 'input', 'input'"),
        ([], "found: none"),
        ([["input", "output"], ["a", "b", "c"]], "a.csv, row 1: 3 cells where there are 2 columns"),
        ([["input", "output"], ["a", "b"], ["a", ""]], "a.csv, row 2: 'output' is empty"),
        ([["input", "output"], ["", "b"]], "a.csv, row 1: 'input' is empty"),
        ([["input", "output"]], "hold no rows"),
    ],
)
def test_what_autopilot_refuses_fails_with_file_and_row(
    tmp_path: Path, rows: list[list[str]], reason: str
) -> None:
    """Two string columns with a header, and nothing else."""
    write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(FineTuningError, match=reason):
        read_channel(tmp_path, parquet=False)


def test_bytes_that_are_no_utf8_fail_by_the_files_name(tmp_path: Path) -> None:
    """A spreadsheet saved as Latin-1, say."""
    (tmp_path / "a.csv").write_bytes(b"input,output\nM\xfcnchen,x\n")
    with pytest.raises(FineTuningError, match=r"a\.csv cannot be read as UTF-8 CSV"):
        read_channel(tmp_path, parquet=False)


def test_an_empty_channel_fails(tmp_path: Path) -> None:
    """A prefix under which nothing lies."""
    (tmp_path / "training").mkdir()
    with pytest.raises(FineTuningError, match="No file was found for the training channel"):
        read_channel(tmp_path / "training", parquet=False)


def test_the_row_limit_counts_both_channels(tmp_path: Path) -> None:
    """8 and 3 are more than 10."""
    rows = [[f"q{number}", "a"] for number in range(8)]
    write_csv(tmp_path / "training" / "a.csv", [["input", "output"], *rows])
    write_csv(tmp_path / "validation" / "a.csv", [["input", "output"], *rows[:3]])
    with pytest.raises(FineTuningError, match="11 rows in all channels; the base model takes at most 10"):
        read_channels(job(tmp_path, validation=tmp_path / "validation"))


def test_a_channel_of_its_own_is_the_validation_set(tmp_path: Path) -> None:
    """The training rows stay whole."""
    write_csv(tmp_path / "training" / "a.csv", [["input", "output"], ["q", "a"], ["r", "b"]])
    write_csv(tmp_path / "validation" / "a.csv", [["input", "output"], ["s", "c"]])
    training, validation = read_channels(job(tmp_path, validation=tmp_path / "validation"))
    assert (training, validation) == ([Row("q", "a"), Row("r", "b")], [Row("s", "c")])


def test_one_row_is_too_few_to_divide(tmp_path: Path) -> None:
    """Nothing would be left to train on."""
    write_csv(tmp_path / "training" / "a.csv", [["input", "output"], ["q", "a"]])
    with pytest.raises(FineTuningError, match="1 rows: too few for training and validation"):
        read_channels(job(tmp_path))


def test_the_split_takes_the_share_and_nothing_twice() -> None:
    """The same seed draws the same rows, another seed others."""
    rows = [Row(f"q{number}", "a") for number in range(100)]
    training, validation = split(rows, fraction=0.1, seed=7)
    assert (len(training), len(validation)) == (90, 10)
    assert sorted([*training, *validation], key=rows.index) == rows
    assert split(rows, fraction=0.1, seed=7) == (training, validation)
    assert split(rows, fraction=0.1, seed=8)[1] != validation


def test_a_job_survives_its_file(tmp_path: Path) -> None:
    """What the stand-in writes is what the program reads."""
    written = job(tmp_path, base_model=tmp_path / "folder", hyperparameters={"epochCount": "3"})
    written.write(tmp_path / "job.json")
    assert TrainingJob.read(tmp_path / "job.json") == written
    TrainingResult({"Rouge1": 0.5}).write(tmp_path / "result.json")
    assert TrainingResult.read(tmp_path / "result.json") == TrainingResult({"Rouge1": 0.5})


def test_hyperparameters_that_are_not_given_take_measured_defaults() -> None:
    """Larger steps for a model that knows nothing yet."""
    given = {"epochCount": "2", "learningRate": "1e-05"}
    assert Hyperparameters.read(given, pretrained=False) == Hyperparameters(epochs=2, learning_rate=1e-5)
    assert Hyperparameters.read({}, pretrained=False).learning_rate == 1e-3
    assert Hyperparameters.read({}, pretrained=True).learning_rate == 5e-5
