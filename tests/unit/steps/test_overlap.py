"""Rows that are asked and were learned: found by question and by prompt, whatever the templates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.evaluate import dataset
from steps.prepare.sample import Candidate
from steps.prepare.write import write_questions
from steps.preprocess.overlap import EXAMPLES, QUESTIONS, Overlap, read
from steps.preprocess.rows import EvaluationRow
from steps.runtime.errors import StepError
from steps.runtime.rows.text import question_key

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def hash_of(text: str) -> int:
    from xxhash import xxh3_64_intdigest

    return int(xxh3_64_intdigest(question_key(text)))


def learned(folder: Path, *rows: tuple[str, str]) -> Overlap:
    """A training set of (question, prompt), written and read back."""
    written = [
        Candidate(
            unit=0, key=number, position=number, question=hash_of(question), input=prompt, output="", group=""
        )
        for number, (question, prompt) in enumerate(rows)
    ]
    write_questions(folder / QUESTIONS, written)
    found = read(folder)
    assert found is not None
    return found


def asked(question: str | None, prompt: str, name: str = "r1") -> EvaluationRow:
    return EvaluationRow(name, prompt, "target", "", None if question is None else hash_of(question))


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (asked("What is the symbol of GOLD", "Another template: what is the symbol of gold?"), 1),
        (asked(None, "Q: What is the symbol of gold?  A:"), 1),
        (asked("Ｗhat is the symbol of gold？", "x"), 1),
        (asked("What is the symbol of silver?", "Q: What is the symbol of silver?"), 0),
        (asked(None, "What is the symbol of gold?"), 0),
    ],
)
def test_a_learned_question_is_found(tmp_path: Path, row: EvaluationRow, found: int) -> None:
    """By the question in any template, case, width and mark; by the prompt where no question is named."""
    overlap = learned(
        tmp_path, ("What is the symbol of gold?", "Q: What is the symbol of gold? A:"), ("a", "b")
    )
    overlap.look(row)
    assert overlap.document() == {
        "version": 1,
        "rows": found,
        "asked": 1,
        "training_rows": 2,
        "examples": ["r1"] * found,
    }


@given(st.lists(TEXTS, max_size=20), TEXTS)
def test_whatever_the_texts(tmp_path_factory: pytest.TempPathFactory, texts: list[str], wanted: str) -> None:
    """Every learned text is found, and only these."""
    folder = tmp_path_factory.mktemp("overlap")
    overlap = learned(folder, *((text, text) for text in texts))
    for text in [*texts, wanted]:
        overlap.look(asked(text, text))
    known = {question_key(text) for text in texts}
    assert overlap.document()["rows"] == len(texts) + (question_key(wanted) in known)


def test_examples_are_few(tmp_path: Path) -> None:
    """The count tells of all, the list of some."""
    overlap = learned(tmp_path, ("q", "p"))
    for number in range(100):
        overlap.look(asked("q", "p", str(number)))
    document = overlap.document()
    assert (document["rows"], len(document["examples"])) == (100, EXAMPLES)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", 'does not begin with "question,prompt"'),
        ("input,output\na,b\n", 'does not begin with "question,prompt"'),
        ("question,prompt\nxyz,1\n", "holds something else than hashes"),
        ("question,prompt\n-1,1\n", "holds something else than hashes"),
        ("question,prompt\n11111111111111111,1\n", "holds something else than hashes"),
        ("question,prompt\n1,2,3\n", "holds something else than hashes"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, fact: str) -> None:
    """A count of nothing would look like a good one."""
    (tmp_path / QUESTIONS).write_text(text, encoding="utf-8")
    with pytest.raises(StepError, match=fact):
        read(tmp_path)


def test_no_training_set_is_no_count(tmp_path: Path) -> None:
    """Not zero."""
    assert read(tmp_path) is None
    assert dataset.overlap(tmp_path) is None


def test_the_evaluation_reads_the_count(tmp_path: Path) -> None:
    """And refuses what is none."""
    document = {"version": 1, "rows": 2, "asked": 9, "training_rows": 5, "examples": ["a", "b"]}
    (tmp_path / dataset.OVERLAP).write_text(json.dumps(document), encoding="utf-8")
    assert dataset.overlap(tmp_path) == {name: document[name] for name in document if name != "version"}
    (tmp_path / dataset.OVERLAP).write_text('{"rows": "two"}', encoding="utf-8")
    with pytest.raises(StepError, match=r"overlap\.json does not count"):
        dataset.overlap(tmp_path)
