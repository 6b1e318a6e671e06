"""Words to a verb: where options may stand, and what is said about words that make no command."""

from __future__ import annotations

import re

import pytest

from commands.parser import Invocation, UsageError, parse


def parsed(*words: str) -> Invocation:
    """What these words mean."""
    return parse(words)


@pytest.mark.parametrize(
    "words",
    [
        ("--env", "dev", "run", "a", "b", "-p", "X=1"),
        ("run", "--env", "dev", "a", "b", "-p", "X=1"),
        ("run", "a", "-p", "X=1", "b", "--env", "dev"),
        ("--env=dev", "run", "a", "b", "-pX=1"),
    ],
)
def test_options_may_stand_anywhere(words: tuple[str, ...]) -> None:
    """Before the verb, after it, between the names."""
    arguments = parsed(*words).arguments
    assert (arguments.env, arguments.names, arguments.parameter) == ("dev", ["a", "b"], ["X=1"])


def test_the_default_environment_is_the_stand_in() -> None:
    """Nothing reaches an account unless it is named."""
    assert parsed("list").arguments.env == "local"


@pytest.mark.parametrize(
    ("words", "fact", "hint"),
    [
        (("upsrt",), 'there is no verb "upsrt"', "run_pipeline.py upsert"),
        (("xyzzy",), 'there is no verb "xyzzy"', "run_pipeline.py --help"),
        (("registry", "aprove"), 'there is no verb "registry aprove"', "run_pipeline.py registry approve"),
        (("local", "xyzzy"), 'there is no verb "local xyzzy"', "run_pipeline.py local --help"),
        (("start",), "the following arguments are required: NAME", "run_pipeline.py start --help"),
        (("list", "--outputs"), "unrecognized arguments: --outputs", 'did you mean "--output"?'),
        (("-env", "dev", "list"), "unrecognized arguments: -env", 'did you mean "--env"?'),
        (("list", "--xyzzy"), "unrecognized arguments: --xyzzy", "run_pipeline.py list --help"),
        (("list", "facts"), "unrecognized arguments: facts", "run_pipeline.py list --help"),
        (("start", "a", "EpochCount=3"), "unrecognized arguments: EpochCount=3", "write -p EpochCount=3"),
        (
            ("start", "a", "--sample", "ten"),
            'argument --sample: "ten" is no whole',
            "run_pipeline.py start --help",
        ),
        (("local", "start"), 'there is no verb "local start"', "run_pipeline.py local up"),
        (("deploy",), 'there is no verb "deploy"', "run_pipeline.py upsert"),
        (("facts-training",), 'there is no verb "facts-training"', "run_pipeline.py start facts-training"),
        (
            ("list", "--output", "xml"),
            "argument --output: invalid choice: 'xml'",
            "run_pipeline.py list --help",
        ),
        (("--bogus", "list"), "unrecognized arguments: --bogus", "run_pipeline.py --help"),
        (("--env",), "argument --env: expected one argument", "run_pipeline.py --help"),
    ],
)
def test_words_that_make_no_command(words: tuple[str, ...], fact: str, hint: str) -> None:
    """One fact, and something to type that leads on; exit code 2."""
    with pytest.raises(UsageError, match=f"^{re.escape(fact)}") as caught:
        parsed(*words)
    assert caught.value.hint == hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("--env", "dev")])
def test_without_a_verb_there_is_the_overview(words: tuple[str, ...]) -> None:
    """All verbs, by what one wants to do."""
    invocation = parsed(*words)
    assert invocation.verb is None
    assert invocation.text.startswith("usage: run_pipeline.py VERB ...")


@pytest.mark.parametrize("words", [("registry",), ("registry", "--help"), ("--help", "registry")])
def test_a_first_word_alone_shows_its_verbs(words: tuple[str, ...]) -> None:
    """`registry` lists what can follow, and nothing else."""
    text = parsed(*words).text
    assert "registry approve" in text
    assert "upsert" not in text


def test_help_wins_over_arguments_that_are_missing_or_wrong() -> None:
    """Who asks how to write it need not have written it."""
    assert parsed("start", "--bogus", "--help").text.startswith("usage: run_pipeline.py start")
