"""Words to a verb with its arguments: two stages, so that only the verb that was typed is loaded."""

from __future__ import annotations

import argparse
import textwrap
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from commands.catalog import GROUPS, VERBS
from commands.terminal import Terminal
from commands.verb import Verb
from config.errors import PlatformError
from config.places import DEFAULT_ENVIRONMENT, pipeline_files, repository_root
from config.suggest import did_you_mean, nearest

PROGRAM = "run_pipeline.py"
# What other tools call it, where the nearest spelling would lead astray.
OTHER_WORDS = {
    "approve": "registry approve",
    "apply": "upsert",
    "deploy": "upsert",
    "describe": "status",
    "destroy": "teardown",
    "diff": "plan",
    "down": "local down",
    "help": "--help",
    "init": "bootstrap",
    "local start": "local up",
    "local stop": "local down",
    "reject": "registry reject",
    "review": "registry review",
    "up": "local up",
}
# Fixed, so that docs/commands.md, which is made of the help texts, does not depend on who makes it.
WIDTH = 96


class UsageError(PlatformError):
    """The words make no command."""


@dataclass(frozen=True)
class Invocation:
    """What is to be done: a verb with its parsed arguments, or a text to show."""

    verb: Verb | None
    arguments: Namespace
    text: str = ""

    def run(self, terminal: Terminal) -> int:
        """Does it; returns the exit code."""
        if self.verb is None:
            terminal.line(self.text.rstrip("\n"))
            return 0
        return self.verb.command().run(self.arguments, terminal)


class Parser(ArgumentParser):
    """argparse whose errors are the platform's: raised, one fact, a hint that can be typed."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse for every wrong argument."""
        raise UsageError(message, hint=self._meant(message) or f"{self.prog} --help")

    def _meant(self, message: str) -> str | None:
        """What was probably meant by the first word that argparse does not recognize."""
        before, _, words = message.partition("unrecognized arguments: ")
        if before:
            return None
        word = words.split(" ", maxsplit=1)[0]
        if not word.startswith("-"):
            return f"write -p {word}" if "=" in word and "-p" in self._option_string_actions else None
        return did_you_mean(word.split("=")[0], self._option_string_actions)


def parse(words: Sequence[str]) -> Invocation:
    """The command that the words name. Raises UsageError."""
    front, rest = _front(words)
    if not rest:
        return Invocation(None, front, overview())
    verb, rest = _verb(rest)
    if verb is None:
        return Invocation(None, front, overview(of_group=rest[0]))
    parser = parser_of(verb)
    if front.help or "--help" in rest or "-h" in rest:
        return Invocation(None, front, parser.format_help())
    return Invocation(verb, parser.parse_intermixed_args(rest, namespace=Namespace(env=front.env)))


def parser_of(verb: Verb) -> Parser:
    """The parser of one verb: its own arguments, and those that every verb takes."""
    parser = Parser(
        prog=f"{PROGRAM} {verb.words}",
        description="\n\n".join(textwrap.fill(text, WIDTH) for text in (verb.summary, verb.details) if text),
        epilog="\n".join(["examples:", *(f"  {PROGRAM} {example}" for example in verb.examples)]),
        formatter_class=_formatter,
        allow_abbrev=False,
        # --help is looked for in `parse`: it must work beside arguments that are wrong or missing.
        add_help=False,
    )
    verb.command().declare(parser)
    _add_shared(parser, behind_the_verb=True)
    if verb.json:
        formats = ("text", "json", "markdown") if verb.markdown else ("text", "json")
        meaning = "for people, or for programs" + (", or for a comment" if verb.markdown else "")
        parser.add_argument("--output", choices=formats, default="text", help=meaning)
    return parser


def _formatter(prog: str) -> argparse.HelpFormatter:
    return RawDescriptionHelpFormatter(prog, width=WIDTH, max_help_position=26)


def overview(of_group: str | None = None) -> str:
    """The verbs by what one wants to do; with a first word such as `registry`, those that begin with it."""
    verbs = [verb for verb in VERBS if of_group is None or verb.words.split()[0] == of_group]
    width = max(len(verb.words) for verb in verbs)
    lines = [f"usage: {PROGRAM} {of_group or 'VERB'} ... [--env NAME]", ""]
    for group in GROUPS:
        rows = [f"  {verb.words:<{width}}  {verb.summary}" for verb in verbs if verb.group == group]
        lines += [f"{group}:", *rows, ""] if rows else []
    return "\n".join(
        [
            *lines,
            f"{PROGRAM} VERB --help shows a verb's arguments with an example.",
            "--env NAME picks config/environments/NAME.yaml (default: local, the stand-in on this machine).",
        ]
    )


def _front(words: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Options before the verb, and the rest."""
    parser = Parser(prog=PROGRAM, add_help=False, allow_abbrev=False)
    _add_shared(parser, behind_the_verb=False)
    cut = _begin_of_verb(words)
    return parser.parse_args(list(words[:cut])), list(words[cut:])


def _begin_of_verb(words: Sequence[str]) -> int:
    """The index of the first word that is neither an option nor the value of --env."""
    index = 0
    while index < len(words) and words[index].startswith("-"):
        index += 2 if words[index] == "--env" else 1
    return min(index, len(words))


def _add_shared(parser: ArgumentParser, *, behind_the_verb: bool) -> None:
    """Behind the verb they have no defaults, which would win over what was said before it."""
    environment, switch = (SUPPRESS, SUPPRESS) if behind_the_verb else (DEFAULT_ENVIRONMENT, False)
    group = parser.add_argument_group("for every verb")
    group.add_argument(
        "--env",
        default=environment,
        metavar="NAME",
        help="config/environments/NAME.yaml (default: local)",
    )
    # Read by commands/failure.py from the words: an error may come before they are parsed.
    group.add_argument("--debug", action="store_true", default=switch, help="show tracebacks")
    group.add_argument("-h", "--help", action="store_true", default=switch, help="show this text")


def _verb(words: Sequence[str]) -> tuple[Verb | None, list[str]]:
    """The verb at the front of the words and what follows; None when only a group's word stands there."""
    by_words = {verb.words: verb for verb in VERBS}
    for length in (2, 1):
        verb = by_words.get(" ".join(words[:length]))
        if verb is not None:
            return verb, list(words[length:])
    seconds = [
        verb.words.split()[1] for verb in VERBS if verb.words.split()[0] == words[0] and " " in verb.words
    ]
    if seconds and (len(words) == 1 or words[1] in {"--help", "-h"}):
        return None, list(words)
    if seconds:
        raise _unknown(f"{words[0]} ", words[1], seconds)
    raise _unknown("", words[0], {verb.words.split()[0] for verb in VERBS})


def _unknown(before: str, word: str, known: Iterable[str]) -> UsageError:
    meant = OTHER_WORDS.get(before + word) or before + (nearest(word, known) or "--help")
    if word in {file.stem for file in pipeline_files(repository_root())}:
        meant = f"start {word}"
    return UsageError(f'there is no verb "{before}{word}"', hint=f"{PROGRAM} {meant}")
