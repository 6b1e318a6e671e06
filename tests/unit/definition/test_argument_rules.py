"""Rules on requests: botocore's shapes with the limits that botocore does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from definition.service_model import fits
from tests.unit.definition.examples import (
    JSON,
    facts,
    processing,
    processing_input,
    processing_output,
    registration,
    with_steps,
)


def broken(change: Callable[[JSON], object]) -> list[str]:
    """Problems of the Processing step whose arguments ``change`` has changed."""
    step = processing()
    change(step["Arguments"])
    prefix = 'step "prepare": Arguments'
    return [fact.removeprefix(prefix).removeprefix(".") for fact in facts(with_steps(step))]


def app(**members: Any) -> Callable[[JSON], object]:
    return lambda arguments: arguments["AppSpecification"].update(members)


def cluster(**members: Any) -> Callable[[JSON], object]:
    return lambda arguments: arguments["ProcessingResources"]["ClusterConfig"].update(members)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda arguments: arguments.pop("RoleArn"), "RoleArn: missing"),
        (lambda arguments: arguments.update(Role="x"), ': no member "Role"; did you mean "RoleArn"?'),
        (lambda arguments: arguments.update(RoleArn="role/x"), "RoleArn: 6 characters, at least 20"),
        (
            lambda arguments: arguments.update(RoleArn="arn:aws:iam::1234567:role/x"),
            'RoleArn: "arn:aws:iam::1234567:role/x" does not fit',
        ),
        (lambda arguments: arguments.update(Environment=[]), "Environment: must be an object"),
        (lambda arguments: arguments.update(AppSpecification=7), "AppSpecification: must be an object"),
        (app(ImageUri="i" * 256), "AppSpecification.ImageUri: 256 characters, at most 255"),
        (app(ContainerArguments="a"), "AppSpecification.ContainerArguments: must be a list"),
        (app(ContainerArguments=[]), "AppSpecification.ContainerArguments: 0 entries, at least 1"),
        (
            app(ContainerArguments=["a"] * 101),
            "AppSpecification.ContainerArguments: 101 entries, at most 100",
        ),
        (
            app(ContainerArguments=["a" * 257]),
            "AppSpecification.ContainerArguments[0]: 257 characters, at most 256",
        ),
        (app(ContainerArguments=[7]), "AppSpecification.ContainerArguments[0]: 7 is not a string"),
        (
            cluster(InstanceCount="1"),
            "ProcessingResources.ClusterConfig.InstanceCount: '1' is not an integer",
        ),
        (cluster(InstanceCount=0), "ProcessingResources.ClusterConfig.InstanceCount: 0, at least 1"),
        (
            cluster(InstanceCount=True),
            "ProcessingResources.ClusterConfig.InstanceCount: True is not an integer",
        ),
        (cluster(InstanceCount=101), "ProcessingResources.ClusterConfig.InstanceCount: 101, at most 100"),
        (
            cluster(VolumeSizeInGB=16385),
            "ProcessingResources.ClusterConfig.VolumeSizeInGB: 16385, at most 16384",
        ),
        (
            cluster(InstanceType="ml.m5.xlarg"),
            'ProcessingResources.ClusterConfig.InstanceType: no value "ml.m5.xlarg"; did you mean',
        ),
        (
            lambda arguments: arguments.update(StoppingCondition={"MaxRuntimeInSeconds": 777_601}),
            "StoppingCondition.MaxRuntimeInSeconds: 777601, at most 777600",
        ),
        (
            lambda arguments: arguments.update(Environment={f"V{number}": "x" for number in range(101)}),
            "Environment: 101 entries, at most 100",
        ),
        (
            lambda arguments: arguments.update(Environment={"A": "x" * 257}),
            "Environment.A: 257 characters, at most 256",
        ),
        (
            lambda arguments: arguments.update(Environment={"1A": "x"}),
            'Environment.1A: "1A" does not fit [a-zA-Z_][a-zA-Z0-9_]*',
        ),
        (
            lambda arguments: arguments.update(
                ProcessingInputs=[processing_input(f"i{number}") for number in range(11)]
            ),
            "ProcessingInputs: 11 entries, at most 10",
        ),
        (
            lambda arguments: arguments.update(
                ProcessingOutputConfig={
                    "Outputs": [processing_output(name) for name in ("metrics", *map(str, range(10)))]
                }
            ),
            "ProcessingOutputConfig.Outputs: 11 entries, at most 10",
        ),
        (
            lambda arguments: arguments.update(Tags=[{"Key": "a;b", "Value": "é"}]),
            'Tags[0].Key: "a;b" does not fit ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)',
        ),
    ],
)
def test_a_request_that_the_service_would_refuse_is_refused(
    change: Callable[[JSON], object], fact: str
) -> None:
    """Required members, types, lengths, ranges, patterns, enums."""
    found = broken(change)

    assert len(found) == 1
    assert found[0].startswith(fact)


def test_the_jobs_name_is_the_services() -> None:
    """ProcessingJobName is required by the API and left out in a pipeline."""
    assert broken(lambda arguments: None) == []


def test_a_text_does_not_take_a_number_by_reference() -> None:
    """An Integer parameter in a container argument needs a Std:Join."""
    assert broken(app(ContainerArguments=[{"Get": "Parameters.Rows"}])) == [
        (
            "AppSpecification.ContainerArguments[0]: takes a string, but the parameter is of type Integer: "
            "put it into a Std:Join"
        )
    ]


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (
            cluster(InstanceCount={"Get": "Parameters.Image"}),
            (
                "ProcessingResources.ClusterConfig.InstanceCount: takes an integer, "
                "but the parameter is of type String"
            ),
        ),
        (
            app(ContainerArguments={"Get": "Parameters.Image"}),
            "AppSpecification.ContainerArguments: takes a list, but the parameter is of type String",
        ),
    ],
)
def test_a_parameter_goes_where_its_type_goes(change: Callable[[JSON], object], fact: str) -> None:
    """CreatePipeline cannot assign any other reference."""
    assert broken(change) == [fact]


def test_a_number_does_not_take_a_join() -> None:
    """A Std:Join always is a text."""
    joined = {"Std:Join": {"On": "", "Values": [{"Get": "Steps.x.OutputParameters['y']"}]}}

    assert "ProcessingResources.ClusterConfig.InstanceCount: a Std:Join is a text, not an integer" in broken(
        cluster(InstanceCount=joined)
    )


def test_a_number_takes_a_parameter_within_its_range() -> None:
    """The default is held against the limit."""
    assert broken(cluster(InstanceCount={"Get": "Parameters.Rows"})) == []
    definition = with_steps(processing())
    definition["Parameters"][0]["DefaultValue"] = 101
    cluster(InstanceCount={"Get": "Parameters.Rows"})(definition["Steps"][0]["Arguments"])

    assert facts(definition) == [
        'step "prepare": Arguments.ProcessingResources.ClusterConfig.InstanceCount: 101, at most 100'
    ]


def test_a_text_of_unknown_parts_has_a_least_length() -> None:
    """The literal parts alone may be too long."""
    joined = {"Std:Join": {"On": "/", "Values": ["x" * 250, {"Get": "Execution.PipelineExecutionId"}]}}

    assert broken(app(ContainerArguments=[joined])) == [
        "AppSpecification.ContainerArguments[0]: 263 characters or more, at most 256"
    ]


@pytest.mark.parametrize(
    ("metadata", "fact"),
    [
        ({"k" * 129: "v"}, "129 characters, at most 128"),
        ({"k": "v" * 257}, "257 characters, at most 256"),
        ({"k": ""}, "0 characters, at least 1"),
        ({f"k{number}": "v" for number in range(51)}, "51 entries, at most 50"),
        ({"k": "a#b"}, '"a#b" does not fit'),
    ],
)
def test_metadata_of_a_registration_has_limits(metadata: dict[str, str], fact: str) -> None:
    """50 pairs of 128 and 256 characters."""
    found = facts(with_steps(registration(CustomerMetadataProperties=metadata)))

    assert len(found) == 1
    assert f": {fact}" in found[0]


def test_a_registration_is_checked_like_any_request() -> None:
    """Statuses are an enum, an image has 255 characters."""
    step = registration(ModelApprovalStatus="Pending")
    step["Arguments"]["InferenceSpecification"]["Containers"][0]["Image"] = "x" * 256

    assert facts(with_steps(step)) == [
        (
            'step "register": Arguments.ModelApprovalStatus: "Pending", must be one of Approved, Rejected, '
            "PendingManualApproval"
        ),
        'step "register": Arguments.InferenceSpecification.Containers[0].Image: 256 characters, at most 255',
    ]


def test_a_version_of_a_group_takes_no_tags() -> None:
    """The service refuses them; the group carries the tags."""
    step = registration(Tags=[{"Key": "a", "Value": "b"}])

    assert facts(with_steps(step)) == [
        'step "register": Arguments.Tags: not allowed together with ModelPackageGroupName'
    ]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "Größe 東京 ٣", True),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "a;b", False),
        (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}", "a b", True),
        (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}", "a" * 5000 + ";", False),
        (r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*", "a€–e\u0301!", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "anything", True),
        (r".*", "two\nlines", False),
    ],
)
def test_patterns_of_the_service_are_read(pattern: str, text: str, expected: bool) -> None:
    """Java's classes too; one that Python cannot read refuses nothing, and none takes for ever."""
    assert fits(pattern, text) is expected
