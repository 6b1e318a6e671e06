"""Reading references."""

from __future__ import annotations

import pytest

from definition.references import (
    ExecutionReference,
    Found,
    IterationReference,
    Key,
    OutputReference,
    ParameterReference,
    PropertyFileReference,
    PropertyReference,
    Reference,
    UnreadableReferenceError,
    found,
    function_of,
    json_gets,
    parse,
    place_text,
)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("Parameters.Rows", ParameterReference("Rows")),
        ("Execution.PipelineExecutionId", ExecutionReference("PipelineExecutionId")),
        ("Steps.start-automl.OutputParameters['job_name']", OutputReference("start-automl", "job_name")),
        ('Steps.start.OutputParameters["job_name"]', OutputReference("start", "job_name")),
        ("Steps.evaluate.PropertyFiles.metrics", PropertyFileReference("evaluate", "metrics")),
        ("Steps.gate.Outcome", PropertyReference("gate", ("Outcome",))),
        (
            "Steps.p.ProcessingOutputConfig.Outputs['a b'].S3Output.S3Uri",
            PropertyReference("p", ("ProcessingOutputConfig", "Outputs", Key("a b"), "S3Output", "S3Uri")),
        ),
        ("Steps.t.FinalMetricDataList[0].Value", PropertyReference("t", ("FinalMetricDataList", 0, "Value"))),
        ("ForEach.CurrentItem.name", IterationReference("ForEach.CurrentItem.name")),
    ],
)
def test_a_reference_is_read_into_what_it_points_at(text: str, reference: Reference) -> None:
    """Each form of the service is read into its own type."""
    assert parse(text) == reference


@pytest.mark.parametrize(
    "text",
    ["", "Rows", "Parameters.", "Steps.prepare", "Steps..x", "Steps.p.a[b]", "Steps.p.OutputParameters", 7],
)
def test_what_is_no_reference_says_so(text: object) -> None:
    """A text of no known form raises, with the text."""
    with pytest.raises(
        UnreadableReferenceError, match=r"is not a reference|cannot be read|does not name|is 7"
    ):
        parse(text)


def test_references_are_found_with_their_places_inside_functions_too() -> None:
    """Join, JsonGet, lists and maps are walked; only JsonGet reads property files."""
    value = {
        "a": [{"Get": "Parameters.A"}],
        "b": {"Std:Join": {"On": "/", "Values": ["x", {"Get": "Execution.PipelineName"}]}},
        "c": {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.s.PropertyFiles.f"}, "Path": "p"}},
    }

    assert list(found(value)) == [
        Found(("a", 0), "Parameters.A"),
        Found(("b", "Std:Join", "Values", 1), "Execution.PipelineName"),
        Found(("c", "Std:JsonGet", "PropertyFile"), "Steps.s.PropertyFiles.f", as_file=True),
    ]


def test_json_gets_are_found_with_their_places() -> None:
    """Also inside a Std:Join, as in the message of a Fail step."""
    inner = {"Std:JsonGet": {"S3Uri": "s3://b/k", "Path": "p"}}
    value = {"message": {"Std:Join": {"On": "", "Values": ["f1 = ", inner]}}}

    assert list(json_gets(value)) == [
        (("message", "Std:Join", "Values", 1), {"S3Uri": "s3://b/k", "Path": "p"})
    ]


def test_a_map_with_more_than_one_member_is_no_function() -> None:
    """``{"Get": ..., "Set": ...}`` is plain data."""
    assert function_of({"Get": "Parameters.A"}) == "Get"
    assert function_of({"Get": "Parameters.A", "Set": 1}) is None


def test_a_place_is_written_as_a_path() -> None:
    """Indices in brackets, members with dots."""
    assert place_text(("Arguments", "Tags", 0, "Key")) == "Arguments.Tags[0].Key"
