"""What a start takes its values from."""

from __future__ import annotations

import pytest

from commands.launching import filled_from
from config.errors import PlatformError
from tests.unit.deploy.fakes import FakeAws, project
from tests.unit.deploy.test_launch import trained


def test_only_what_is_asked_for_is_looked_up() -> None:
    """Nothing; or the candidate of the latest training."""
    fake = FakeAws()
    trained(fake)
    found = filled_from(project(), fake.aws, "facts-inference", training="latest", labeling=None, job=None)
    nothing = filled_from(project(), fake.aws, "facts-inference", training=None, labeling=None, job=None)

    assert found is not None
    assert "EndpointName" in found.parameters
    assert nothing is None


@pytest.mark.parametrize(
    ("labeling", "job", "fact"),
    [
        ("latest", None, '"facts-inference" does not train on labeled data'),
        (None, "latest", '"facts-inference" does not convert a labeling job'),
    ],
)
def test_what_a_kind_does_not_take_is_refused_beside_what_it_takes(
    labeling: str | None, job: str | None, fact: str
) -> None:
    """A second option is not passed over because the first one was enough."""
    fake = FakeAws()
    trained(fake)
    with pytest.raises(PlatformError, match=fact):
        filled_from(project(), fake.aws, "facts-inference", training="latest", labeling=labeling, job=job)
