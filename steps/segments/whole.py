"""Whole-file answers: what a form field means, and what several workers' answers to it come to.

A form sends radio buttons and checkboxes as `{"value": true, "other": false}`, stars as `{"1": false, ...,
"5": true}`, text areas as texts, and crowd-classifier `{"label": "x"}` or `{"labels": ["x", "y"]}`. The YAML
names the kind of each question; without it marks are choices.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from steps.segments.consolidate import agreed_text
from steps.segments.model import Answer, Whole

CHOICE, CHOICES, RATING, TEXT, IGNORE = "choice", "choices", "rating", "text", "ignore"
KINDS = (CHOICE, CHOICES, RATING, TEXT, IGNORE)
_BOOL = {bool}


def read(
    fields: Mapping[str, Any], kinds: Mapping[str, str]
) -> tuple[dict[str, Whole], list[tuple[str, str, Any]], int]:
    """Answers by question; (question, what is wrong, content) of the others; how many there were."""
    answers: dict[str, Whole] = {}
    refused: list[tuple[str, str, Any]] = []
    count = 0
    for name, value in fields.items():
        kind = kinds.get(name) or _natural(value)
        if kind == IGNORE or value in (None, "", {}, []):
            continue
        count += 1
        try:
            answers[name] = Whole(kind, _VALUES[kind](value))
        except (ValueError, TypeError, OverflowError) as error:
            refused.append((name, str(error), value))
    return answers, refused, count


def _natural(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return RATING
    return TEXT if isinstance(value, str) else CHOICES


def _marked(value: Any) -> list[str]:
    """What is ticked, in the order of the form."""
    if isinstance(value, dict) and set(map(type, value.values())) == _BOOL:
        return [str(name) for name, ticked in value.items() if ticked]
    if isinstance(value, dict) and len(value) == 1:  # crowd-classifier, with one label or several
        value = value.get("label", value.get("labels", value))
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool):
        return ["true"] if value else ["false"]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return list(value)
    raise ValueError(f"choices are marks by name, found {type(value).__name__}")


def _choice(value: Any) -> str:
    marked = _marked(value)
    if len(marked) != 1:
        raise ValueError(f"one choice is needed, {len(marked)} are marked")
    return marked[0]


def _rating(value: Any) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else _choice(value)
    rating = float(number)
    if not math.isfinite(rating):
        raise ValueError(f"a rating is a number, found {value!r}")
    return rating


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("a text without NUL characters is needed")
    return value


_VALUES = {
    CHOICE: _choice,
    CHOICES: lambda value: tuple(sorted(_marked(value))),
    RATING: _rating,
    TEXT: _text,
}


def consolidate(answers: Sequence[Answer]) -> tuple[dict[str, Whole], list[tuple[str, str]]]:
    """The agreed answer to each question, and (question, who said what) of those that are tied."""
    agreed: dict[str, Whole] = {}
    tied: list[tuple[str, str]] = []
    for name in dict.fromkeys(name for answer in answers for name in answer.whole):
        given = [answer.whole[name] for answer in answers if name in answer.whole]
        found = _agreed(given)
        if found is None:
            said = (
                f"{answer.worker}: {answer.whole[name].value}" for answer in answers if name in answer.whole
            )
            tied.append((name, "; ".join(said)))
        else:
            agreed[name] = found
    return agreed, tied


def _agreed(given: Sequence[Whole]) -> Whole | None:
    """One answer of several; None for a divided choice, and for answers of several kinds."""
    if len({each.kind for each in given}) > 1:
        return None
    kind, values, size = given[0].kind, [each.value for each in given], len(given)
    if kind == RATING:
        median = float(statistics.median(values))
        votes = sum(abs(value - median) <= 0.5 for value in values)
        return Whole(kind, median, votes, votes / size)
    if kind == TEXT:
        text = agreed_text(values)
        return Whole(kind, text, values.count(text), values.count(text) / size)
    if kind == CHOICES:
        return _agreed_choices(values, size)
    counts = Counter(values).most_common(2)
    if len(counts) == 2 and counts[0][1] == counts[1][1]:
        return None
    return Whole(kind, counts[0][0], counts[0][1], counts[0][1] / size)


def _agreed_choices(values: Sequence[Sequence[str]], size: int) -> Whole | None:
    """Each box by its own majority; None where half tick one and half do not."""
    ticked = Counter(name for value in values for name in set(value))
    if any(2 * count == size for count in ticked.values()):
        return None
    chosen = tuple(sorted(name for name, count in ticked.items() if 2 * count > size))
    votes = min((max(count, size - count) for count in ticked.values()), default=size)
    return Whole(CHOICES, chosen, votes, votes / size)
