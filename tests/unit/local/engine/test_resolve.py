"""References to values: paths, parameters, functions, and what cannot be resolved."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engine.paths import PathError, parse_path, path_text, walk
from local.engine.resolve import Scope, UnresolvedError, as_text, resolve

PROPERTIES = {
    "one": {
        "Arn": "arn:x",
        "Outputs": [{"OutputName": "a", "Uri": "s3://a"}, {"OutputName": "b.c", "Uri": "s3://b"}],
        "Map": {"k-1": {"n": 3}},
    }
}


def properties(step: str) -> Any:
    if step not in PROPERTIES:
        raise LookupError(f"step '{step}' has not succeeded")
    return PROPERTIES[step]


def read_json(uri: str) -> Any:
    if uri != "s3://b/m.json":
        raise LookupError(f"'{uri}' cannot be read: The specified key does not exist.")
    return {"f1": {"mean": 0.5}, "list": [{"x": 1}]}


SCOPE = Scope(
    step="me",
    parameters={"S": "text", "I": 5, "F": 0.00001, "B": True},
    execution={"PipelineExecutionId": "abc"},
    properties=properties,
    property_file=lambda _step, _name: read_json("s3://b/m.json"),
    read_json=read_json,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ({"a": [1, {"Get": "Parameters.I"}]}, {"a": [1, 5]}),
        ({"Get": "Parameters.B"}, True),
        ({"Get": "Execution.PipelineExecutionId"}, "abc"),
        ({"Get": "Steps.one.Arn"}, "arn:x"),
        ({"Get": "Steps.one.Outputs[1].Uri"}, "s3://b"),
        ({"Get": "Steps.one.Outputs['a'].Uri"}, "s3://a"),
        ({"Get": 'Steps.one.Outputs["b.c"].Uri'}, "s3://b"),
        ({"Get": "Steps.one.Map['k-1'].n"}, 3),
        ({"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Parameters.S"}, 7, True]}}, "s3://text/7/true"),
        ({"Std:Join": {"On": "", "Values": [{"Get": "Parameters.F"}]}}, "0.00001"),
        ({"Std:Join": {"Values": [{"Std:Join": {"On": "-", "Values": ["a", "b"]}}, "c"]}}, "a-bc"),
        ({"Std:JsonGet": {"PropertyFile": {"Get": "Steps.one.PropertyFiles.m"}, "Path": "f1.mean"}}, 0.5),
        ({"Std:JsonGet": {"S3Uri": {"Std:Join": {"On": "/", "Values": ["s3://b", "m.json"]}},
                          "Path": "list[0].x"}}, 1),
        ({"Std:Two": 1, "Get": "x"}, {"Std:Two": 1, "Get": "x"}),
    ],
)  # fmt: skip
def test_references_become_values(value: Any, expected: Any) -> None:
    """Every form of the grammar, with its type kept."""
    assert resolve(value, SCOPE) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Get": "Steps.two.Arn"}, "Step 'me' cannot resolve 'Steps.two.Arn': step 'two' has not succeeded"),
        ({"Get": "Steps.one.Gone"}, "there is no 'Gone' at the top; it has 'Arn', 'Map', 'Outputs'"),
        ({"Get": "Steps.one.Outputs[7]"}, "there is no element 7 in 'Outputs'; it is a list of 2"),
        ({"Get": "Steps.one.Arn.x"}, "there is no 'x' in 'Arn'; it is 'arn:x'"),
        ({"Get": "Parameters.Gone"}, "the pipeline has no such parameter"),
        ({"Get": "Execution.ProcessingJobName"}, "there is no such variable for this step"),
        ({"Get": "Steps.one.PropertyFiles.m"}, "a property file can only be read by Std:JsonGet"),
        ({"Get": "Steps..x"}, "is not a path"),
        ({"Std:Shout": 1}, "there is no such function"),
        ({"Std:Join": {"Values": "abc"}}, "needs a list named 'Values'"),
        ({"Std:Join": {"Values": [{"Get": "Steps.one.Map"}]}}, "is not a single value"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/m.json"}}, "it needs a 'Path'"),
        ({"Std:JsonGet": {"Path": "a"}}, "needs a 'PropertyFile' or an 'S3Uri'"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/gone", "Path": "a"}}, "'s3://b/gone' cannot be read"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/m.json", "Path": "f1.median"}},
         "'f1.median' in the file of a Std:JsonGet: there is no 'median' in 'f1'; it has 'mean'"),
    ],
)  # fmt: skip
def test_what_cannot_be_resolved_says_so(value: Any, message: str) -> None:
    """The step, the reference and what there is instead; never None."""
    with pytest.raises(UnresolvedError, match=message.replace("[", r"\[")):
        resolve(value, SCOPE)


@pytest.mark.parametrize("text", ["", "a..b", "a.", ".a", "a[x]", "a['b]", "a]b", "a[0]b", "[-1]"])
def test_what_is_no_path_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(PathError, match="path"):
        parse_path(text)


@given(st.lists(st.one_of(st.integers(0, 9), st.from_regex(r"[A-Za-z_\-]{1,6}", fullmatch=True)), min_size=1))
def test_a_path_is_read_as_it_is_written(parts: list[str | int]) -> None:
    """Writing and reading a path gives the same parts."""
    parts = ["root", *parts]
    assert parse_path(path_text(tuple(parts))) == tuple(parts)


def test_walking_reads_maps_before_names() -> None:
    """A key of a map that looks like a number is a key."""
    assert walk({"a": {"0": "zero"}}, ("a", "0")) == "zero"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (1e-05, "0.00001"), (3.0, "3.0"), (10**20, "1" + "0" * 20), ("x", "x")],
)
def test_values_in_texts(value: Any, text: str) -> None:
    """No exponents, lower-case Booleans."""
    assert as_text(value) == text
