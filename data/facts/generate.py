"""Writes facts.jsonl: questions over short passages about chemical elements, countries, planets and moons.

    elements.csv, countries.csv, planets.csv, moons.csv   one row a subject, one column an attribute
    wording.json                                          how an attribute is stated and asked
            |
            v
    facts -> passages of 3 or 4 facts of one subject -> one question for each fact

Run `python data/facts/generate.py` after changing a table or the wording. The output depends on nothing
else: every choice is made by a hash of what it is for, so that a changed row changes its own lines only.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

DOMAINS = ("elements", "countries", "planets", "moons")
LARGEST_PASSAGE = 4
SMALLEST_PASSAGE = 3
LARGEST_LEAD = 1.2

T = TypeVar("T")
Wording = dict[str, dict[str, dict[str, list[str]]]]


@dataclass(frozen=True)
class Fact:
    """One value of one attribute of one subject."""

    domain: str
    subject: str
    attribute: str
    value: str


@dataclass(frozen=True)
class Passage:
    """Facts of one subject that are told together, and on one side of every split."""

    name: str
    facts: tuple[Fact, ...]


def _rank(*key: str) -> int:
    return int.from_bytes(hashlib.sha256("/".join(key).encode()).digest()[:8], "big")


def _pick(options: Sequence[T], *key: str) -> T:
    return options[_rank(*key) % len(options)]


def _slug(text: str) -> str:
    return text.removeprefix("the ").lower().replace(" ", "-")


def read_facts(folder: Path) -> list[Fact]:
    """Every fact of the tables; an empty cell states nothing (not known, disputed, or shared by nobody)."""
    facts = []
    for domain in DOMAINS:
        with (folder / f"{domain}.csv").open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                subject = row.pop("name")
                facts += [Fact(domain, subject, name, value) for name, value in row.items() if value]
    return facts


def balanced(facts: Sequence[Fact]) -> list[Fact]:
    """Without a part of those facts whose value most subjects share: guessing it must not pay.

    The commonest value of an attribute is told at most 1.2 times as often as the next one.
    """
    told: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for fact in facts:
        told[fact.domain, fact.attribute][fact.value] += 1
    left_out = set()
    for (domain, attribute), values in told.items():
        (commonest, count), (_, next_count) = values.most_common(2)
        same = [f for f in facts if (f.domain, f.attribute, f.value) == (domain, attribute, commonest)]
        same.sort(key=lambda fact: _rank("balance", fact.subject, fact.attribute))
        left_out.update(same[: max(0, count - round(LARGEST_LEAD * next_count))])
    return [fact for fact in facts if fact not in left_out]


def passages(facts: Sequence[Fact]) -> Iterator[Passage]:
    """Divides a subject's facts, in an order of its own, into passages of 3 or 4; five facts cannot be."""
    ordered = sorted(facts, key=lambda fact: _rank("order", fact.subject, fact.attribute))
    if len(ordered) == LARGEST_PASSAGE + 1:
        ordered.pop()
    count = -(-len(ordered) // LARGEST_PASSAGE)
    for number in range(count):
        part = tuple(ordered[number::count])
        if len(part) >= SMALLEST_PASSAGE:
            yield Passage(f"{_slug(part[0].subject)}-{number + 1}", part)


def _sentence(template: str, fact: Fact, *, named: bool) -> str:
    it, its = (fact.subject, f"{fact.subject}'s") if named else ("it", "its")
    text = template.format(it=it, its=its, value=fact.value)
    return text[0].upper() + text[1:]


def support(passage: Passage, wording: Wording) -> str:
    """The passage as text: the first sentence names the subject, the others say "it"."""
    sentences = []
    for position, fact in enumerate(passage.facts):
        template = _pick(wording[fact.domain][fact.attribute]["statements"], passage.name, fact.attribute)
        sentences.append(_sentence(template, fact, named=position == 0))
    return " ".join(sentences)


def rows(folder: Path) -> Iterator[dict[str, str]]:
    """The rows of facts.jsonl, by subject in the tables' order."""
    wording: Wording = json.loads((folder / "wording.json").read_text(encoding="utf-8"))
    for _, facts in groupby(balanced(read_facts(folder)), key=lambda fact: fact.subject):
        for passage in passages(list(facts)):
            text = support(passage, wording)
            for fact in passage.facts:
                forms = wording[fact.domain][fact.attribute]["questions"]
                question = _pick(forms, "question", fact.subject, fact.attribute)
                yield {
                    "id": f"{_slug(fact.subject)}-{fact.attribute}",
                    "question": question.format(name=fact.subject),
                    "support": text,
                    "correct_answer": fact.value,
                    "passage": passage.name,
                }


def main() -> None:
    """Rewrites facts.jsonl beside this file."""
    folder = Path(__file__).parent
    lines = [json.dumps(row, ensure_ascii=False) for row in rows(folder)]
    (folder / "facts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
