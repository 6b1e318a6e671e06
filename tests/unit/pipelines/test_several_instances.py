"""Steps of several instances: who gets a part, and who gets everything."""

from __future__ import annotations

import pytest

from config.models import Project
from tests.unit.pipelines.variants import compile_changed, inputs


@pytest.mark.parametrize(
    ("pipeline", "name"), [("calls-labeling", "convert"), ("calls-guardrails", "apply_guardrails")]
)
@pytest.mark.parametrize(("instances", "given"), [(1, "FullyReplicated"), (2, "ShardedByS3Key")])
def test_the_data_are_shared_out_and_nothing_else_is(
    project: Project, pipeline: str, name: str, instances: int, given: str
) -> None:
    """Code, settings and manifests go to all instances."""
    compiled = compile_changed(project, pipeline, {f"steps.{name}.instance_count": instances})
    made = inputs(compiled, name.replace("_", "-"))
    found = {each: channel["S3DataDistributionType"] for each, channel in made.items()}

    assert found.pop("data") == given
    assert {"code", "settings"} <= set(found)
    assert set(found.values()) == {"FullyReplicated"}
