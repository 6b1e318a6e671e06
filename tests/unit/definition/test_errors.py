"""What a person sees of a definition that AWS would refuse."""

from __future__ import annotations

import pytest

from definition.checks import DefinitionError, require
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
