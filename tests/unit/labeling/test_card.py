"""The data card says what was done by the rules that were used, and nothing that is not so."""

from __future__ import annotations

from pathlib import Path

from steps.merge.card import card
from steps.segments import settings
from tests.unit.labeling.jobs import Job, answer, line, segment, told


def test_the_card_counts_what_was_converted(tmp_path: Path) -> None:
    """Objects, segments, agreement, hash, terms; a licence or consent that nobody gave is not stated."""
    job = Job(tmp_path)
    for number in range(3):
        streams = {"t|x": [segment(0.0, 2.0), segment(2.0, 4.0, "B")]}
        job.add(line(number, duration=9), [answer("a", streams), answer("b", streams)])
    section = told(card={"title": "Calls", "licence": "MIT"}, split={"validation": 0.0, "test": 0.0})
    figures, _, _ = job.convert(section)
    text = card(figures, settings.read(section))

    for part in (
        'license: "MIT"',
        "| Licence | MIT |",
        "| Consent of those recorded | not stated |",
        "| train | 3 | 3 | 6 |",
        "| test | 0 | 0 | 0 |",
        "| t\\|x | A | 3 | 6.0 |",
        "| t\\|x | 1.000 at 0.5, 1.000 at 0.7 | 0.000 s | 0.000 s | 1.000 |",
        "3 objects came in, 3 are in it, 0 set aside. 12 segments of all workers came in",
        "one that not more than 50% of the workers marked is left out",
    ):
        assert part in text
