"""Several right answers in one value: one is learned, the evaluation knows them all."""

from __future__ import annotations


def learned(output: str, delimiter: str | None) -> str:
    """The first answer that is not empty; the whole output where it holds one answer alone.

    A model that is taught "Sagan<OR>Carl Sagan" answers with the delimiter.
    """
    if not delimiter or delimiter not in output:
        return output
    answers = (part.strip() for part in output.split(delimiter))
    return next((answer for answer in answers if answer), output)
