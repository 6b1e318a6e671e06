"""The sample data: generated as committed, split cleanly by passage, and not to be guessed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from data.facts.generate import Fact, balanced, passages, read_facts, rows

FOLDER = Path(__file__).resolve().parents[3] / "data" / "facts"
Row = dict[str, str]


@pytest.fixture(scope="module")
def facts() -> list[Row]:
    lines = (FOLDER / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_committed_file_is_what_the_tables_and_the_wording_give(facts: list[Row]) -> None:
    """Whoever changes a table and forgets to generate is told here."""
    assert facts == list(rows(FOLDER))


def test_there_are_rows_for_all_three_sets(facts: list[Row]) -> None:
    """1,200 for training, 150 for validation and 300 for evaluation fit, passages kept whole."""
    assert 1_650 < len(facts) <= 2_500
    assert set(facts[0]) == {"id", "question", "support", "correct_answer", "passage"}


@pytest.mark.parametrize("column", ["id", "question"])
def test_no_question_is_asked_twice(facts: list[Row], column: str) -> None:
    """A duplicate would be dropped by the preparation, or stand on both sides of a split."""
    assert max(Counter(row[column] for row in facts).values()) == 1


def test_a_passage_tells_exactly_the_facts_that_are_asked_of_it(facts: list[Row]) -> None:
    """One sentence a fact, every answer among them, three or four of them."""
    by_passage: dict[str, list[Row]] = defaultdict(list)
    for row in facts:
        by_passage[row["passage"]].append(row)
    for name, asked in by_passage.items():
        supports = {row["support"] for row in asked}
        assert len(supports) == 1, name
        sentences = next(iter(supports)).removesuffix(".").split(". ")
        assert len(sentences) == len(asked)
        assert len(asked) in (3, 4)
        assert all(row["correct_answer"] in row["support"] for row in asked)


def test_no_subject_attribute_pair_of_one_passage_is_in_another() -> None:
    """What the split by passage rests on."""
    told = balanced(read_facts(FOLDER))
    subjects = {fact.subject for fact in told}
    pairs = Counter(
        (fact.subject, fact.attribute)
        for subject in subjects
        for passage in passages([fact for fact in told if fact.subject == subject])
        for fact in passage.facts
    )
    assert max(pairs.values()) == 1


def test_every_answer_is_shared(facts: list[Row]) -> None:
    """An answer that occurs once could only be copied sign by sign."""
    answers = Counter(row["correct_answer"] for row in facts)
    assert [answer for answer, count in answers.items() if count == 1] == []


def test_guessing_without_reading_does_not_pay(facts: list[Row]) -> None:
    """Each attribute's commonest answer, for every question: well below the gate of the sample pipeline."""
    by_attribute: dict[str, Counter[str]] = defaultdict(Counter)
    for row in facts:
        by_attribute[row["id"].rpartition("-")[2]][row["correct_answer"]] += 1
    right = sum(max(answers.values()) for answers in by_attribute.values())
    assert right / len(facts) < 0.4


def test_five_facts_cannot_be_divided_and_lose_one() -> None:
    """Three and two would leave a passage that is too short."""
    told = [Fact("planets", "the planet X", f"attribute{number}", "first") for number in range(5)]
    assert [len(passage.facts) for passage in passages(told)] == [4]


def test_balancing_leaves_out_only_facts_of_the_commonest_value() -> None:
    """The rarer values are all kept."""
    told = [
        Fact("planets", f"s{number}", "kind", "common" if number < 20 else "rare") for number in range(25)
    ]
    kept = Counter(fact.value for fact in balanced(told))
    assert kept == {"common": 6, "rare": 5}
