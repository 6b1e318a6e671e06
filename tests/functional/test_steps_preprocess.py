"""Preprocess as a process: the evaluation set in fmeval's shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from xxhash import xxh3_64_intdigest

from steps.runtime.rows.text import question_key
from tests.fakes.steps import Ran, run_step

pytestmark = pytest.mark.functional


def preprocess(folder: Path, lines: list[Any], *, arguments: tuple[str, ...] = (), **data: Any) -> Ran:
    place = folder / "data"
    place.mkdir(parents=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "evaluation.jsonl").write_text(text, encoding="utf-8")
    sample = data.pop("sample_rows", 0)
    settings = {"data": {"source": "candidate", "rows": None, "seed": 42, **data}, "sample_rows": sample}
    return run_step("preprocess", folder, settings, data=place, arguments=arguments)


def candidates(count: int) -> list[dict[str, str]]:
    return [{"id": f"{n:03}", "input": f"q{n}", "output": f"a{n}", "group": f"g{n}"} for n in range(count)]


def test_the_candidates_set_keeps_its_prompts(tmp_path: Path) -> None:
    """Every row, in order, under fmeval's names."""
    ran = preprocess(tmp_path, candidates(5))
    assert (ran.code, ran.err) == (0, "")
    rows = ran.lines("evaluation/evaluation_dataset.jsonl")
    assert rows[2] == {"id": "002", "model_input": "q2", "target_output": "a2", "group": "g2"}
    assert [row["id"] for row in rows] == ["000", "001", "002", "003", "004"]


def test_rows_are_drawn_by_seed(tmp_path: Path) -> None:
    """A number of rows: the same with the same seed, others with another, in the order of the set."""
    drawn = []
    for number, seed in enumerate((1, 1, 2)):
        ran = preprocess(tmp_path / str(number), candidates(50), rows=10, seed=seed)
        drawn.append([row["id"] for row in ran.lines("evaluation/evaluation_dataset.jsonl")])
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] == sorted(drawn[0])


def test_a_sample_has_so_many_rows_at_most(tmp_path: Path) -> None:
    """Drawn like any other; a set that is smaller than the file wants is enough."""
    ran = preprocess(tmp_path / "large", candidates(50), rows=30, sample_rows=10)
    assert len(ran.lines("evaluation/evaluation_dataset.jsonl")) == 10
    ran = preprocess(tmp_path / "small", candidates(5), rows=30, sample_rows=10)
    assert (ran.code, ran.out) == (0, "wrote 5 rows to evaluation_dataset.jsonl, a sample\n")


def test_own_data_is_prompted_by_its_templates(tmp_path: Path) -> None:
    """Columns and templates as in training; a repeated row is asked once."""
    rows = [{"q": f"Question {n}?", "a": {"text": [f"A{n}", "other"]}} for n in range(30)]
    ran = preprocess(
        tmp_path,
        [*rows, rows[0]],
        source="s3://bucket/own",
        format="jsonl",
        columns={"question": "q", "answer": "a.text.0"},
        prompt="Answer: {question}",
        output="{answer}",
    )
    assert ran.code == 0, ran.err
    written = ran.lines("evaluation/evaluation_dataset.jsonl")
    assert len(written) == 30
    assert written[0]["model_input"] == "Answer: Question 0?"
    assert written[0]["target_output"] == "A0"
    assert "1 duplicate" in ran.out


def test_rows_that_were_learned_are_counted(tmp_path: Path) -> None:
    """A question of the training set, asked in another template: one of thirty, named."""
    training = tmp_path / "training"
    training.mkdir()
    known = f"{xxh3_64_intdigest(question_key('question 7')):016x},{0:016x}\n"
    (training / "training_questions.csv").write_text(f"question,prompt\n{known}", encoding="utf-8")
    ran = preprocess(
        tmp_path,
        [{"q": f"Question {n}?", "a": f"A{n}"} for n in range(30)],
        arguments=("--training", str(training)),
        source="s3://bucket/own",
        format="jsonl",
        columns={"question": "q", "answer": "a"},
        prompt="Answer: {question}",
        output="{answer}",
    )
    assert (ran.code, ran.err) == (0, "")
    row = ran.lines("evaluation/evaluation_dataset.jsonl")[7]
    assert set(row) == {"id", "model_input", "target_output", "group"}
    assert ran.json("evaluation/overlap.json") == {
        "version": 1,
        "rows": 1,
        "asked": 30,
        "training_rows": 1,
        "examples": [row["id"]],
    }


@pytest.mark.parametrize(
    ("lines", "data", "message"),
    [
        (candidates(3), {"rows": 5}, "not enough rows: 5 are wanted, the evaluation set (candidate) has 3"),
        ([{"question": "x"}], {}, "evaluation.jsonl, row 1, is not a row of an evaluation set"),
        ([None], {}, "evaluation.jsonl, row 1, is not a row of an evaluation set"),
    ],
)
def test_a_set_that_will_not_do_has_one_reason(
    tmp_path: Path, lines: list[Any], data: dict[str, Any], message: str
) -> None:
    """Too few rows and rows of another shape end the step with a reason and a hint."""
    ran = preprocess(tmp_path, lines, **data)
    assert ran.code == 1
    assert message in ran.message
    assert "\nhint: " in ran.message
    assert "Traceback" not in ran.err
