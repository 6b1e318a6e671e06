"""The table of verbs: every row works, and so does every example in it."""

from __future__ import annotations

import shlex

import pytest

from commands.catalog import GROUPS, VERBS
from commands.parser import PROGRAM, overview, parse, parser_of
from commands.verb import Verb


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_a_row_leads_to_a_class_with_help_and_examples(verb: Verb) -> None:
    """The class is there, --help shows summary, every shared option and an example."""
    command = verb.command()
    assert callable(command.run)
    text = parser_of(verb).format_help()
    assert verb.summary in " ".join(text.split())
    assert "--env NAME" in text
    assert f"{PROGRAM} {verb.examples[0]}" in text
    assert ("--output" in text) is verb.json
    assert max(map(len, text.splitlines())) <= 110


EXAMPLES = [
    pytest.param(verb, example, id=example)
    for verb in VERBS
    for example in verb.examples
    if not example.startswith("eval")
]


@pytest.mark.parametrize(("verb", "example"), EXAMPLES)
def test_every_example_can_be_typed(verb: Verb, example: str) -> None:
    """An example is a whole command line that parses to its verb."""
    words = shlex.split(example.partition(" > ")[0])
    assert parse(words).verb is verb


def test_every_verb_stands_in_the_overview_once() -> None:
    """In the order of the groups."""
    lines = [line for line in overview().splitlines() if line.startswith("  ")]
    assert len(lines) == len(VERBS)
    assert {verb.group for verb in VERBS} == set(GROUPS)
    assert [line.split("  ")[1] for line in lines] == [
        verb.words for group in GROUPS for verb in VERBS if verb.group == group
    ]
