"""Parameters, durations, retry policies, names and limits."""

from __future__ import annotations

import re
import sqlite3
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.api import ApiError, Call
from local.engine import retries
from local.engine.constraints import check
from local.engine.definition import ParameterSpec
from local.engine.durations import seconds
from local.engine.ids import callback_token, execution_id, job_name
from local.engine.parameters import ParameterError, as_list, merge
from local.engine.patience import patiently
from local.engine.steps.table import STEP_TYPES, step_type

DECLARED = {
    "S": ParameterSpec("S", "String"),
    "I": ParameterSpec("I", "Integer", 5),
    "F": ParameterSpec("F", "Float", 0.5),
    "B": ParameterSpec("B", "Boolean", False),
    "E": ParameterSpec("E", "String", "a", ("a", "b")),
    "N": ParameterSpec("N", "Integer", 1, (1, 2)),
}


def given_as(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def test_defaults_are_merged_and_values_typed() -> None:
    """What is given wins, as its declared type; the list form has texts."""
    merged = merge(DECLARED, given_as(S="x", I="12", B="True"))
    assert merged == {"S": "x", "I": 12, "F": 0.5, "B": True, "E": "a", "N": 1}
    assert as_list(merged)[1:4] == given_as(I="12", F="0.5", B="true")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, r"\[S\] have no default"),
        ({"S": "x", "X": "1", "Y": "2"}, r"does not declare the parameters \[X, Y\]; it declares \[S, I"),
        ({"S": "x", "I": "1.5"}, r"'1.5' of parameter \[I\] is no Integer"),
        ({"S": "x", "I": "1_000"}, r"'1_000' of parameter \[I\] is no Integer"),
        ({"S": "x", "I": "١٢"}, r"'١٢' of parameter \[I\] is no Integer"),
        ({"S": "x", "F": "nan"}, r"'nan' of parameter \[F\] is no Float"),
        ({"S": "x", "F": "1_0.5"}, r"'1_0.5' of parameter \[F\] is no Float"),
        ({"S": "x", "B": "yes"}, r"'yes' of parameter \[B\] is no Boolean"),
        ({"S": "x", "E": "c"}, r"'c' of parameter \[E\] is not one of \[a, b\]"),
        ({"S": "x", "N": "3"}, r"'3' of parameter \[N\] is not one of \[1, 2\]"),
        ({"S": "x" * 1025}, r"\[S\] has 1025 characters; at most 1024"),
    ],
)
def test_illegal_values_are_refused(values: dict[str, str], message: str) -> None:
    """Missing, unknown, of another type, not among the choices, too long."""
    with pytest.raises(ParameterError, match=message):
        merge(DECLARED, given_as(**values))


def test_a_parameter_given_twice_is_refused() -> None:
    """Neither of the two values wins."""
    with pytest.raises(ParameterError, match=r"\[S\] is given twice"):
        merge(DECLARED, [*given_as(S="x"), *given_as(S="y")])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P30D", 2_592_000),
        ("p30d", 2_592_000),
        ("PT1H30M", 5_400),
        ("P1DT1S", 86_401),
        ("P2W", 1_209_600),
        ("30d", 2_592_000),
        ("T12H", 43_200),
    ],
)
def test_durations(text: str, expected: float) -> None:
    """As CacheConfig's ExpireAfter gives them, also in lower case and without the P, as people write them."""
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "T", "P1H"])
def test_what_is_no_duration(text: str) -> None:
    """Refused with an example."""
    with pytest.raises(ValueError, match="no ISO 8601 duration such as P30D"):
        seconds(text)


def test_retry_waits_grow_and_end() -> None:
    """Interval times backoff, MaxAttempts retries, then none."""
    policies = retries.parse_policies(
        {
            "Type": "Processing",
            "RetryPolicies": [
                {
                    "ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"],
                    "IntervalSeconds": 10,
                    "BackoffRate": 3.0,
                    "MaxAttempts": 2,
                }
            ],
        }
    )

    def wait(failures: int) -> float | None:
        return retries.wait_before_retry(
            policies, retries.JOB_INTERNAL_ERROR, failures=failures, elapsed_seconds=0
        )

    assert [wait(1), wait(2), wait(3)] == [10, 30, None]


def test_a_policy_may_expire_instead() -> None:
    """ExpireAfterMin ends the retries by time."""
    settings = {
        "Type": "Processing",
        "RetryPolicies": [{"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 50, "ExpireAfterMin": 1}],
    }
    policies = retries.parse_policies(settings)
    kinds = [
        retries.wait_before_retry(policies, retries.THROTTLING, failures=1, elapsed_seconds=elapsed)
        for elapsed in (0, 20)
    ]
    assert kinds == [50, None]


def test_what_no_policy_names_is_final() -> None:
    """An algorithm's failure has no type; a capacity error none by default."""
    policies = retries.parse_policies({"Type": "Lambda", "RetryPolicies": [{"ExceptionType": ["x"]}]})
    assert retries.wait_before_retry(policies, None, failures=1, elapsed_seconds=0) is None
    assert retries.wait_before_retry(policies, "x", failures=1, elapsed_seconds=0) is None
    assert retries.wait_before_retry(policies, retries.THROTTLING, failures=1, elapsed_seconds=0) == 1.0


def test_ids_have_the_services_forms() -> None:
    """12 lower-case alphanumerics for executions, 10 alphanumerics for tokens."""
    assert re.fullmatch(r"[a-z0-9]{12}", execution_id())
    assert re.fullmatch(r"[A-Za-z0-9]{10}", callback_token())


@given(st.text(min_size=1, max_size=64), st.text("ab-", min_size=0, max_size=40))
def test_job_names_are_always_legal(step: str, prefix: str) -> None:
    """Whatever step and prefix are called, the pattern of the API is kept."""
    name = job_name("a1b2c3d4e5f6", step, prefix=prefix)
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)
    assert "a1b2c3d4e5f6" in name


def test_limits_of_the_api_are_told_in_its_words() -> None:
    """Pattern, length and enum, each with the value and its place."""
    parameters = {"PipelineName": "no_underscore", "SortOrder": "Up", "MaxResults": 500}
    call = Call("sagemaker", "ListPipelineExecutions", parameters, "1", "us-east-1", "key")
    with pytest.raises(ApiError, match="3 validation errors") as caught:
        check(call)
    assert caught.value.code == "ValidationException"
    assert caught.value.message.startswith(
        "3 validation errors detected: Value 'no_underscore' at 'pipelineName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: "
    )
    assert (
        "Value 'Up' at 'sortOrder' failed to satisfy constraint: Member must satisfy enum value set: ["
        in (caught.value.message)
    )
    assert caught.value.message.endswith(
        "Value '500' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 100"
    )


@pytest.mark.parametrize("name", STEP_TYPES)
def test_every_row_of_the_table_is_a_step_type(name: str) -> None:
    """Module and class exist, and the class can be made."""
    module, _, attribute = STEP_TYPES[name].partition(":")
    assert isinstance(step_type(name), getattr(import_module(module), attribute))


def test_a_write_outlasts_a_full_disk() -> None:
    """Tried again every second until it goes through."""
    failures = [sqlite3.OperationalError("database or disk is full")] * 2
    slept: list[float] = []

    def write() -> str:
        if failures:
            raise failures.pop()
        return "written"

    assert patiently(write, give_up=lambda: False, sleep=slept.append) == "written"
    assert slept == [1.0, 1.0]


def test_a_write_gives_up_when_the_machine_goes_down() -> None:
    """The error is raised where nobody waits any more."""

    def write() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        patiently(write, give_up=lambda: True, sleep=lambda _: None)
