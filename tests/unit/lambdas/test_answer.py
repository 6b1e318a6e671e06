"""Answers to a step: cut to what the service takes, and harmless when they come twice."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from waiting.answer import CUT, cut, fail, succeed

from tests.unit.lambdas.fakes import TOKEN, Aws, denied, error, wait


def open_step() -> Aws:
    aws = Aws()
    aws.sagemaker.execution()
    aws.sagemaker.open_step()
    return aws


def test_values_are_cut_to_what_the_service_takes() -> None:
    """1024 characters each."""
    aws = open_step()
    assert succeed(aws.tools, wait(), {"a": "x" * 2_000})
    assert aws.sagemaker.answers == [(TOKEN, "Succeeded", {"a": "x" * 1_024})]


def test_the_first_answer_stands() -> None:
    """A second one of either kind is told apart, and raises nothing."""
    aws = open_step()
    assert fail(aws.tools, wait(), "why")
    assert not succeed(aws.tools, wait(), {})
    assert not fail(aws.tools, wait(), "why")
    assert aws.sagemaker.answers == [(TOKEN, "Failed", "why")]


def test_an_unknown_token_raises_nothing() -> None:
    """Its execution is gone."""
    assert not fail(Aws().tools, wait(), "why")


@pytest.mark.parametrize("code", ["ThrottlingException", "ValidationException"])
def test_other_errors_are_raised(code: str) -> None:
    """The answer was not taken."""
    aws = open_step()
    operation = "SendPipelineExecutionStepFailure"
    aws.sagemaker.fail_always(operation, error(operation, code, "no"))
    with pytest.raises(ClientError, match=code):
        fail(aws.tools, wait(), "why")
    aws.sagemaker.fail_always(operation, denied(operation))
    with pytest.raises(ClientError, match="not authorized"):
        fail(aws.tools, wait(), "why")


@given(st.text())
def test_a_cut_reason_fits_and_begins_like_the_whole(reason: str) -> None:
    """At most 256 characters, whole when it fits."""
    whole = reason * 20
    short = cut(whole)
    if len(whole) <= 256:
        assert short == whole
    else:
        assert 256 - 40 < len(short) <= 256
        assert short.endswith(CUT)
        assert whole.startswith(short.removesuffix(CUT))


def test_a_reason_is_cut_between_words() -> None:
    """And says where the whole is."""
    assert cut("word " * 100) == "word " * 41 + "word [...] (the whole is in the function's log)"
