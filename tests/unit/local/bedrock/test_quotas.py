"""Quotas of ApplyGuardrail: requests and text units of each policy, each with its own refusal."""

from __future__ import annotations

import pytest

from local.api import ApiError
from local.bedrock.quotas import Quotas, Throttle, listed
from local.settings import BedrockSettings


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def throttle(clock: Clock, **quotas: object) -> Throttle:
    return Throttle(BedrockSettings.from_json({"quotas": quotas}).quotas, clock=clock)


def taken(bucket: Throttle, units: dict[str, int], most: int) -> int:
    """How many calls go through at once."""
    for count in range(most):
        try:
            bucket.take(units, request_id="r", account="a")
        except ApiError:
            return count
    return most


def test_requests_are_refused_beyond_the_quota_and_come_back_with_time() -> None:
    """A steady refill, a burst of one second."""
    clock = Clock()
    bucket = throttle(clock, apply_requests_per_second=10)
    assert taken(bucket, {}, 50) == 10
    clock.time += 0.5
    assert taken(bucket, {}, 50) == 5
    clock.time += 100
    assert taken(bucket, {}, 50) == 10


def test_text_units_are_refused_by_the_policy_that_binds() -> None:
    """The message names it; a refused call takes nothing from the other buckets."""
    bucket = throttle(Clock(), text_units_per_second={"sensitive_information": 8, "word": 100})
    units = {"sensitive_information": 3, "word": 3}
    assert taken(bucket, units, 50) == 2
    with pytest.raises(ApiError, match="sensitive information policy text units per second limit") as caught:
        bucket.take(units, request_id="r", account="a")
    assert (caught.value.code, caught.value.status) == ("ThrottlingException", 429)
    assert taken(bucket, {"word": 47}, 50) == 2


def test_a_call_above_a_seconds_worth_waits_for_a_full_bucket() -> None:
    """And leaves it in debt, so that the quota holds over time."""
    clock = Clock()
    bucket = throttle(clock, text_units_per_second={"sensitive_information": 10})
    assert taken(bucket, {"sensitive_information": 30}, 5) == 1
    clock.time += 2.9
    assert taken(bucket, {"sensitive_information": 30}, 5) == 0
    clock.time += 0.2
    assert taken(bucket, {"sensitive_information": 30}, 5) == 1


def test_what_is_set_is_what_service_quotas_lists() -> None:
    """By AWS's codes where there are any."""
    quotas = Quotas(apply_requests_per_second=7)
    values = {code: value for code, _, value in listed(quotas)}
    assert (values["L-9072D6F0"], values["L-CFCAAB0E"]) == (7, 1000)


def test_settings_keep_the_defaults_that_they_do_not_name() -> None:
    """Policy by policy."""
    settings = BedrockSettings.from_json({"quotas": {"text_units_per_second": {"word": 5}, "guardrails": 3}})
    rates = settings.quotas.text_units_per_second
    assert (rates["word"], rates["sensitive_information"], settings.quotas.guardrails) == (5, 1000, 3)
