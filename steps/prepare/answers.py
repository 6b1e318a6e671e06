"""Several right answers in one value: one is learned, the evaluation knows them all."""

from __future__ import annotations

from collections.abc import Iterable

# What the evaluation takes for the mark between right answers where nobody says otherwise: fmeval's.
USUAL_DELIMITER = "<OR>"


def learned(output: str, delimiter: str | None) -> str:
    """The first answer that is not empty; the whole output where it holds one answer alone.

    A model that is taught "Sagan<OR>Carl Sagan" answers with the delimiter.
    """
    if not delimiter or delimiter not in output:
        return output
    answers = (part.strip() for part in output.split(delimiter))
    return next((answer for answer in answers if answer), output)


def undivided(outputs: Iterable[str], delimiter: str | None) -> int:
    """How many outputs are learned with the usual mark in them, since nobody said that it divides answers."""
    return 0 if delimiter else sum(USUAL_DELIMITER in output for output in outputs)


def undivided_told(count: int) -> str:
    """What that means, in a sentence; empty for none."""
    if not count:
        return ""
    return (
        f'{count:,} answers to learn hold "{USUAL_DELIMITER}": data.answer_delimiter: "{USUAL_DELIMITER}"'
        " learns one of the answers between it; another text, there and as evaluation.target_delimiter,"
        " learns them as they stand"
    )
