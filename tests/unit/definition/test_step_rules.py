"""Rules on outputs, addresses, conditions, messages, retries and caches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.examples import (
    callback,
    condition,
    facts,
    failing,
    figure,
    function,
    good,
    processing,
    with_steps,
)


def of_function(**members: Any) -> list[str]:
    prefix = 'step "start": '
    return [fact.removeprefix(prefix) for fact in facts(with_steps(processing(), function(**members)))]


@pytest.mark.parametrize("value", [{"a": 1}, [1], {"Get": "Parameters.Rows", "b": 1}])
def test_lambda_arguments_are_flat(value: Any) -> None:
    """Nested values are not supported by the service."""
    assert of_function(Arguments={"x": value}) == ["Arguments.x: must be a single value or a reference"]


@pytest.mark.parametrize(
    ("outputs", "fact"),
    [
        ({}, "OutputParameters: must be a list"),
        (["x"], "OutputParameters[0]: must be an object with OutputName and OutputType"),
        (
            [{"OutputName": "x", "OutputType": "Text"}],
            "OutputParameters[0]: OutputType must be one of String, Integer, Boolean, Float",
        ),
        (
            [{"OutputName": "x" * 257, "OutputType": "String"}],
            "OutputParameters[0]: 257 characters, at most 256",
        ),
        (
            [{"OutputName": "x", "OutputType": "String"}] * 2,
            "OutputParameters: two outputs have the same name",
        ),
        (
            [{"OutputName": f"x{number}", "OutputType": "String"} for number in range(51)],
            "OutputParameters: 51 outputs, at most 50",
        ),
    ],
)
def test_outputs_are_declared_with_known_types(outputs: Any, fact: str) -> None:
    """At most 50, unique, of four types."""
    assert of_function(OutputParameters=outputs) == [fact]


@pytest.mark.parametrize("arn", ["start", 7, "arn:aws:sqs:us-east-1:123456789012:start"])
def test_a_lambda_step_names_a_function(arn: Any) -> None:
    """By its ARN."""
    assert of_function(FunctionArn=arn) == [f"FunctionArn: {arn!r} is not the ARN of a Lambda function"]


def test_a_function_is_in_the_pipelines_region() -> None:
    """Where the region is known."""
    assert facts(good(), region="us-east-1") == []
    assert facts(good(), region="eu-west-1") == [
        'step "start": FunctionArn: is in us-east-1, the pipeline in eu-west-1'
    ]


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("wait", '"wait" is not the URL of a queue'),
        ("https://" + "x" * 249, "257 characters, at most 256"),
        (7, "must be a text"),
    ],
)
def test_a_callback_step_names_a_queue(url: Any, fact: str) -> None:
    """By a URL of at most 256 characters; a local one is fine."""
    definition = with_steps(processing(), function(), callback(SqsQueueUrl=url))

    assert facts(definition) == [f'step "wait": SqsQueueUrl: {fact}']
    assert (
        facts(with_steps(processing(), function(), callback(SqsQueueUrl="http://127.0.0.1:5000/1/wait")))
        == []
    )


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("x" * 3073, "3073 characters, at most 3072"),
        ({"Std:Join": {"On": "", "Values": ["x" * 3070, figure(), "xyz"]}}, "3073 characters, at most 3072"),
        (7, "must be a text or a reference"),
    ],
)
def test_a_message_has_3072_characters(message: Any, fact: str) -> None:
    """The literal parts count where figures are joined in."""
    definition = with_steps(processing(), failing(message=message))

    assert facts(definition) == [f'step "missed": Arguments.ErrorMessage: {fact}']


COMPARISON = {"Type": "Equals", "LeftValue": 1, "RightValue": 2}


@pytest.mark.parametrize(
    ("conditions", "fact"),
    [
        ([], "Conditions: must be a list with at least one condition"),
        ([{"Type": "Equal"}], 'Conditions[0]: no type of condition "Equal"; did you mean "Equals"?'),
        (["x"], 'Conditions[0]: no type of condition "None"'),
        (
            [{"Type": ["Equals"]}],
            'Conditions[0]: no type of condition "[\'Equals\']"; did you mean "Equals"?',
        ),
        ([{"Type": "Equals", "LeftValue": 1}], "Conditions[0]: RightValue is missing; Equals needs it"),
        ([{**COMPARISON, "Left": 1}], 'Conditions[0]: no member "Left"; did you mean "LeftValue"?'),
        ([{"Type": "In", "QueryValue": 1, "Values": 2}], "Conditions[0].Values: must be a list"),
        (
            [{"Type": "Or", "Conditions": [{"Type": "Is"}]}],
            'Conditions[0].Conditions[0]: no type of condition "Is"',
        ),
        (
            [{"Type": "Not", "Condition": {"Type": "Equals", "LeftValue": 1}}],
            "Conditions[0].Condition: RightValue is missing; Equals needs it",
        ),
    ],
)
def test_conditions_have_a_known_type_and_their_operands(conditions: Any, fact: str) -> None:
    """Also inside Or and Not."""
    definition = with_steps(processing(), condition(Conditions=conditions))

    assert facts(definition) == [f'step "gate": Arguments.{fact}']


def test_conditions_of_every_type_are_accepted() -> None:
    """Comparisons, In, Or, Not; in the form of the SDK and the service."""
    kinds = [
        COMPARISON,
        {"Type": "In", "QueryValue": {"Get": "Parameters.Image"}, "Values": ["a", "b"]},
        {"Type": "Or", "Conditions": [COMPARISON, {"Type": "Not", "Condition": COMPARISON}]},
    ]

    assert facts(with_steps(processing(), condition(Conditions=kinds))) == []


def policy(**members: Any) -> dict[str, Any]:
    return {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 3, **members}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (policy(ExpireAfterMin=5), "has MaxAttempts and ExpireAfterMin, only one of them is allowed"),
        (policy(MaxAttempts=21), "MaxAttempts is 21, must be a number from 1 to 20"),
        (policy(IntervalSeconds=43_201), "IntervalSeconds is 43201, must be a number from 1 to 43200"),
        (policy(BackoffRate="2"), "BackoffRate is '2', must be a number from 0 to inf"),
        (policy(Attempts=3), 'no member "Attempts"; did you mean "MaxAttempts"?'),
        ("always", "must be an object"),
    ],
)
def test_retry_policies_have_numbers_in_their_ranges(entry: Any, message: str) -> None:
    """And either attempts or a time."""
    assert facts(with_steps(processing(RetryPolicies=[entry]))) == [
        f'step "prepare": RetryPolicies[0]: {message}'
    ]


def test_retry_policies_name_errors_that_the_step_can_have() -> None:
    """Errors of a job only where there is a job."""
    job_errors = policy(ExceptionType=["SageMaker.CAPACITY_ERROR"])
    register = {**condition()["Arguments"]["IfSteps"][0], "RetryPolicies": [job_errors]}

    assert facts(with_steps(processing(RetryPolicies=[job_errors]))) == []
    assert facts(with_steps(register)) == [
        (
            "step \"register\": RetryPolicies[0]: ExceptionType 'SageMaker.CAPACITY_ERROR', "
            "must be one of Step.SERVICE_FAULT, Step.THROTTLING"
        )
    ]


@pytest.mark.parametrize("duration", ["P30D", "PT12H", "p30d", "T12H", "P4DT12H"])
def test_a_cache_expires_after_an_iso_duration(duration: str) -> None:
    """As the SDK's own examples write it."""
    assert facts(with_steps(processing(CacheConfig={"Enabled": True, "ExpireAfter": duration}))) == []


@pytest.mark.parametrize(
    ("cache", "fact"),
    [
        ({"Enabled": "yes"}, "CacheConfig: must be an object with Enabled true or false"),
        (
            {"Enabled": True, "ExpireAfter": "30d "},
            "CacheConfig.ExpireAfter: '30d ' is not an ISO 8601 duration such as P30D",
        ),
        (
            {"Enabled": True, "ExpireAfter": "PT"},
            "CacheConfig.ExpireAfter: 'PT' is not an ISO 8601 duration such as P30D",
        ),
        ({"Enabled": True, "Expire": "P1D"}, 'CacheConfig: no member "Expire"; did you mean "ExpireAfter"?'),
    ],
)
def test_a_cache_that_the_service_cannot_read_is_refused(cache: Any, fact: str) -> None:
    """Enabled is a flag, the rest a duration."""
    assert facts(with_steps(processing(CacheConfig=cache))) == [f'step "prepare": {fact}']
