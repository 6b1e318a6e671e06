"""What a log of decisions comes to."""

from __future__ import annotations

import pytest

from deploy.reviewing.tally import tally
from tests.unit.deploy.deciders import ALICE, CASES, TWO, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_log_comes_to_a_status(case: Case) -> None:
    """Who counts, and whether that is enough."""
    found = tally(case.decisions, case.registry, case.launcher)
    assert (found.status, tuple(each.sequence for each in found.approvals)) == (case.status, case.counted)


def test_the_count_is_said_where_several_are_needed() -> None:
    """ "1 of 2"; nothing where one approval does."""
    one = Case("", (("Approved", ALICE),), "", ())
    assert tally(one.decisions, one.registry, None).text == ""
    of_two = Case("", (("Approved", ALICE),), "", (), TWO)
    assert tally(of_two.decisions, of_two.registry, None).text == "1 of 2"
