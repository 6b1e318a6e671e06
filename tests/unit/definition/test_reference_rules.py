"""Rules on what references point at."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.examples import (
    METRICS_URI,
    callback,
    condition,
    facts,
    failing,
    figure,
    function,
    processing,
    with_steps,
)


def taking(value: Any) -> list[str]:
    """Problems of a Lambda step that takes ``value``."""
    return facts(with_steps(processing(), function(Arguments={"x": value}), callback(Arguments={})))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Parameters.Row", 'no parameter "Row"; did you mean "Rows"?'),
        ("Execution.PipelineId", 'no variable of the execution "PipelineId"; did you mean "PipelineArn"?'),
        ("Steps.prepar.RoleArn", 'no step "prepar"; did you mean "prepare"?'),
        ("Steps.wait.OutputParameters['job']", 'step "wait" declares no output "job"'),
        (
            "Steps.prepare.PropertyFiles.metric",
            'step "prepare" declares no property file "metric"; did you mean "metrics"?',
        ),
        (
            "Steps.prepare.PropertyFiles.metrics",
            '"Steps.prepare.PropertyFiles.metrics" can only be read by Std:JsonGet',
        ),
        ("Steps.wait.Status", 'a Callback step has no property "Status"'),
        ("prepare.RoleArn", '"prepare.RoleArn" is not a reference'),
        ("ForEach.CurrentItem", '"ForEach.CurrentItem" stands outside a ForEach step'),
    ],
)
def test_a_reference_to_nothing_is_named(text: str, message: str) -> None:
    """Parameters, variables, steps, outputs, property files, properties."""
    assert taking({"Get": text}) == [f'step "start": Arguments.x: {message}']


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "ProcessingOutputConfg",
            (
                'DescribeProcessingJobResponse of step "prepare" has no property "ProcessingOutputConfg"; '
                'did you mean "ProcessingOutputConfig"?'
            ),
        ),
        (
            "ProcessingOutputConfig.Outputs['metric'].S3Output",
            'step "prepare" has no element "metric"; did you mean "metrics"?',
        ),
        (
            "ProcessingOutputConfig.Outputs.S3Output",
            'ProcessingOutputs of step "prepare" is a list, "S3Output" leads nowhere',
        ),
        ("RoleArn.Name", 'RoleArn of step "prepare" is a string, "Name" leads nowhere'),
        ("RoleArn[0]", 'RoleArn of step "prepare" is a string, [0] leads nowhere'),
        (
            "AppSpecification['ImageUri']",
            "AppSpecification of step \"prepare\" is a structure, ['ImageUri'] leads nowhere",
        ),
    ],
)
def test_a_property_path_follows_the_response(path: str, message: str) -> None:
    """Members, lists by name and index, maps by key; names of outputs are those of the request."""
    assert taking({"Get": f"Steps.prepare.{path}"}) == [f'step "start": Arguments.x: {message}']


@pytest.mark.parametrize(
    "path",
    [
        "ProcessingJobArn",
        "ProcessingOutputConfig.Outputs['metrics'].S3Output.S3Uri",
        "ProcessingInputs['code'].S3Input.S3Uri",
        "AppSpecification.ContainerArguments[0]",
        "Environment['LEVEL']",
    ],
)
def test_a_property_that_exists_is_accepted(path: str) -> None:
    """What the Describe response of the job has."""
    assert (
        taking({"Get": f"Steps.prepare.{path}"})
        == ['step "wait": Arguments.name: step "start" declares no output "job_name"'][1:]
    )


def test_properties_of_other_types_are_known() -> None:
    """A condition's outcome, a registered package's ARN."""
    takes = {"a": {"Get": "Steps.gate.Outcome"}, "b": {"Get": "Steps.register.ModelPackageArn"}}

    assert facts(with_steps(processing(), condition(), function(Arguments=takes))) == []


def test_a_step_cannot_refer_to_itself() -> None:
    """Not even to its own outputs."""
    step = function(Arguments={"x": {"Get": "Steps.start.OutputParameters['job_name']"}})

    assert facts(with_steps(step)) == [
        (
            'step "start": Arguments.x: "Steps.start.OutputParameters[\'job_name\']" '
            "is a reference of the step to itself"
        )
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Std:Join": {"On": "/"}}, "Std:Join needs a list named Values"),
        ({"Std:Join": {"On": 7, "Values": []}}, "On of Std:Join must be a text"),
        ({"Std:Join": {"On": "", "Values": ["a", None]}}, "Std:Join cannot join None"),
        ({"Std:Join": {"On": "", "Values": [["a"]]}}, "Std:Join cannot join ['a']"),
        (
            {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.prepare.PropertyFiles.metrics"}}},
            "Std:JsonGet needs a Path",
        ),
        ({"Std:JsonGet": {"Path": "a"}}, "Std:JsonGet needs either a PropertyFile or an S3Uri"),
        (
            {"Std:JsonGet": {"Path": "a", "PropertyFile": "metrics"}},
            "PropertyFile of Std:JsonGet must be a Get",
        ),
    ],
)
def test_functions_have_their_members(value: Any, message: str) -> None:
    """Std:Join and Std:JsonGet as the service reads them."""
    assert taking(value) == [f'step "start": Arguments.x: {message}']


def test_a_json_get_reads_a_property_file_and_nothing_else() -> None:
    """Not a parameter."""
    value = {"Std:JsonGet": {"PropertyFile": {"Get": "Parameters.Rows"}, "Path": "a"}}

    assert taking(value) == [
        (
            'step "start": Arguments.x.Std:JsonGet.PropertyFile: "Parameters.Rows" is not a property file '
            "(Steps.<step>.PropertyFiles.<name>)"
        )
    ]


def test_a_property_file_belongs_to_an_output() -> None:
    """Of its own step; and it has a path."""
    files = [{"PropertyFileName": "metrics", "OutputName": "metric"}]

    assert facts(with_steps(processing(PropertyFiles=files))) == [
        'step "prepare": PropertyFiles[0]: FilePath is missing',
        'step "prepare": PropertyFiles[0]: no output "metric"; did you mean "metrics"?',
    ]


def test_a_file_at_a_steps_uri_needs_the_step_in_depends_on() -> None:
    """The service derives no dependency from the URI of a Std:JsonGet."""
    uri = {"Std:Join": {"On": "/", "Values": [{"Get": METRICS_URI}, "metrics.json"]}}
    reading = {"Std:JsonGet": {"S3Uri": uri, "Path": "f1"}}
    message = failing(message={"Std:Join": {"On": "", "Values": ["f1 = ", reading]}})

    assert facts(with_steps(processing(), message)) == [
        (
            'step "missed": Arguments.ErrorMessage.Std:Join.Values[1]: reads a file of step "prepare", '
            "which is missing in DependsOn"
        )
    ]
    assert facts(with_steps(processing(), {**message, "DependsOn": ["prepare"]})) == []


def test_a_branch_waits_for_what_its_condition_waits_for() -> None:
    """DependsOn of the condition serves the steps inside."""
    uri = {"Std:Join": {"On": "/", "Values": [{"Get": METRICS_URI}, "metrics.json"]}}
    inside = failing(message={"Std:JsonGet": {"S3Uri": uri, "Path": "f1"}})

    assert facts(with_steps(processing(), {**condition(ElseSteps=[inside]), "DependsOn": ["prepare"]})) == []


def test_figures_may_stand_in_a_message() -> None:
    """As the gate's message has them."""
    message = {"Std:Join": {"On": "", "Values": ["f1 = ", figure(), ", needs ", {"Get": "Parameters.Rows"}]}}

    assert facts(with_steps(processing(), failing(message=message))) == []
