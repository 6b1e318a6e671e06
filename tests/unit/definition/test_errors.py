"""What a person sees of a definition that AWS would refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from definition.checks import DefinitionError, require
from pipelines.assets import Asset
from tests.unit.definition.examples import condition, failing, function, good, processing, with_steps


def test_a_good_definition_passes_in_silence() -> None:
    """Nothing is returned, nothing raised."""
    require(good(), "facts", region="us-east-1")


def test_the_error_names_the_pipeline_and_every_problem_with_what_to_do() -> None:
    """One fact with a list, and a hint with something to type."""
    inner = condition("inner", IfSteps=[], ElseSteps=[])
    definition = with_steps(processing(), condition(IfSteps=[inner]), function(FunctionArn="start"))

    with pytest.raises(DefinitionError, match="SageMaker would refuse") as caught:
        require(definition, "facts")

    assert str(caught.value) == (
        'SageMaker would refuse the pipeline "facts": 2 problems\n'
        '- step "inner": a Condition cannot stand inside the Condition "gate"\n'
        "  hint: put all conditions into one step, or let the outer branch end and depend on its steps\n"
        "- step \"start\": FunctionArn: 'start' is not the ARN of a Lambda function\n"
        "hint: correct the pipeline's or the environment's YAML, then: run_pipeline.py definition facts"
    )
    assert caught.value.exit_code == 2


def test_one_problem_is_one() -> None:
    """Singular."""
    with pytest.raises(DefinitionError, match=r'"facts": 1 problem\n- step "a b"'):
        require(with_steps(failing("a b")), "facts")


def test_an_asset_has_a_body_or_a_file(tmp_path: Path) -> None:
    """Exactly one of them; both are read alike."""
    (tmp_path / "data.csv").write_bytes(b"abc")

    assert Asset("key", body=b"ab").read() == b"ab"
    assert Asset("key", path=tmp_path / "data.csv").read() == b"abc"
    assert (Asset("key", body=b"ab").size, Asset("key", path=tmp_path / "data.csv").size) == (2, 3)
    with pytest.raises(ValueError, match='asset "key" needs either a body or a path'):
        Asset("key")
