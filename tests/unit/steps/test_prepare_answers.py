"""Of several right answers one is learned."""

from __future__ import annotations

import pytest

from steps.prepare.answers import learned


@pytest.mark.parametrize(
    ("output", "delimiter", "expected"),
    [
        ("Sagan<OR>Carl Sagan", "<OR>", "Sagan"),
        ("<OR> <OR> 水原 <OR>Suwon", "<OR>", "水原"),
        ("Sagan", "<OR>", "Sagan"),
        (" Sagan ", "<OR>", " Sagan "),
        ("<OR>", "<OR>", "<OR>"),
        ("Sagan<OR>Carl Sagan", None, "Sagan<OR>Carl Sagan"),
        ("a|b", "|", "a"),
    ],
)
def test_the_first_answer_is_learned(output: str, delimiter: str | None, expected: str) -> None:
    """The first that says something; without a delimiter the text as it is."""
    assert learned(output, delimiter) == expected
