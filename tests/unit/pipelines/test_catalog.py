"""Every kind of pipeline can be built."""

from __future__ import annotations

import pytest

from config.kinds import KINDS
from pipelines.catalog import BUILDERS, builder


def test_every_kind_has_a_builder() -> None:
    """The two tables name the same kinds."""
    assert BUILDERS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", BUILDERS)
def test_every_row_leads_to_a_function(kind: str) -> None:
    """Its module is named for the kind."""
    assert builder(kind).__module__ == f"pipelines.{kind}"
