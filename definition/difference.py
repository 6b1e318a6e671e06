"""In what two JSON values differ, by meaning: members by name, named entries of a list by their name.

The order of named entries does not count, nor whether a number is written 2 or 2.0. Container arguments are
compared as options: ``["--rows", "5"]`` is the option ``--rows`` with the value ``5``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from definition.expressions import shown
from definition.references import function_of

# What names an entry of a list; the first that every entry has, with different values, serves.
NAMES: Final = (
    *("Name", "InputName", "OutputName", "PropertyFileName", "Key"),
    # CloudFormation and IAM, guardrails, settings of steps
    *("Sid", "PolicyName", "Id", "name", "metric", "type", "text"),
)


class Absent:
    """Stands for a value that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Difference:
    """One place where two values differ; ABSENT on the side that has nothing there."""

    path: tuple[str, ...]
    before: Any
    after: Any


def normal(value: Any) -> Any:
    """The value with whole floats as integers: a service may write 2.0 where 2 was sent."""
    if isinstance(value, Mapping):
        return {name: normal(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [normal(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def canonical(value: Any) -> str:
    """The same text for values of the same meaning."""
    return json.dumps(normal(value), ensure_ascii=False, sort_keys=True)


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same."""
    return (one is ABSENT) == (other is ABSENT) and (one is ABSENT or canonical(one) == canonical(other))


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Every place where they differ, in the order of ``before``, then what only ``after`` has."""
    if same(before, after):
        return
    if function_of(before) is None and function_of(after) is None:
        if isinstance(before, Mapping) and isinstance(after, Mapping) and not _replaced(before, after):
            yield from _of_members(before, after, path)
            return
        if isinstance(before, list) and isinstance(after, list):
            yield from _of_lists(before, after, path)
            return
    yield Difference(path, before, after)


def _replaced(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a function of CloudFormation (``Ref``, ``Fn::If``) came or went: then the whole is another."""
    functions = [set(value) for value in (before, after) if len(value) == 1]
    named = any(name == "Ref" or name.startswith("Fn::") for names in functions for name in names)
    return named and not set(before) & set(after)


def _of_members(
    before: Mapping[str, Any], after: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        yield from differences(before.get(name, ABSENT), after.get(name, ABSENT), (*path, name))


def _of_lists(before: list[Any], after: list[Any], path: tuple[str, ...]) -> Iterator[Difference]:
    for read in (_by_name, _as_options):
        named = read(before), read(after)
        if named[0] is not None and named[1] is not None:
            found = tuple(_of_members(named[0], named[1], path))
            yield from found
            if not found:
                yield Difference((*path, "order"), _order(before), _order(after))
            return
    yield from _of_sequences(before, after, path)


def _order(entries: list[Any]) -> str:
    return ", ".join(_named_by(entry) or shown(entry) for entry in entries)


def _named_by(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return ""
    return next((entry[key] for key in NAMES if isinstance(entry.get(key), str)), "")


def _by_name(entries: list[Any]) -> Mapping[str, Any] | None:
    """Entries by name; None where they have none, or two have the same."""
    for key in NAMES:
        named = {entry[key]: entry for entry in entries if _is_named(entry, key)}
        if len(named) == len(entries):
            return named
    return None


def _is_named(entry: Any, key: str) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get(key), str)


def _as_options(words: list[Any]) -> Mapping[str, Any] | None:
    """Container arguments by option; None where the list has none, or holds more than words."""
    if not any(isinstance(word, str) and word.startswith("--") for word in words):
        return None
    if any(isinstance(word, Mapping | list) and function_of(word) is None for word in words):
        return None
    options: dict[str, Any] = {}
    name = ""
    for index, word in enumerate(words):
        if isinstance(word, str) and word.startswith("--"):
            name = word
            if not _takes_value(words, index):
                options[name] = True
        elif name:
            options[_free(options, name, word)] = word
            name = ""
        else:
            options[f"[{index}]"] = word
    return options


def _takes_value(words: Sequence[Any], index: int) -> bool:
    following = words[index + 1] if index + 1 < len(words) else "--"
    return not (isinstance(following, str) and following.startswith("--"))


def _free(options: Mapping[str, Any], name: str, word: Any) -> str:
    """An option that may be repeated is told apart by what its value assigns: ``--parameter Rows``."""
    assigned = shown(word).partition("=")
    own = f"{name} {assigned[0]}" if assigned[1] and not assigned[0].startswith("$") else name
    count = 2
    while own in options:
        own, count = f"{name} #{count}", count + 1
    return own


def _of_sequences(before: list[Any], after: list[Any], path: tuple[str, ...]) -> Iterator[Difference]:
    texts = [canonical(each) for each in before], [canonical(each) for each in after]
    matcher = SequenceMatcher(a=texts[0], b=texts[1], autojunk=False)
    for kind, begin, end, begin_after, end_after in matcher.get_opcodes():
        if kind == "equal":
            continue
        gone, come = before[begin:end], after[begin_after:end_after]
        for index in range(max(len(gone), len(come))):
            one = gone[index] if index < len(gone) else ABSENT
            other = come[index] if index < len(come) else ABSENT
            yield from differences(one, other, (*path, f"[{begin + index}]"))
