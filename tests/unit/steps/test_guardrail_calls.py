"""Calls of ApplyGuardrail: quotas, retries, verdicts, packs; hand-written services, a clock of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from steps.runtime.guardrail.asking import Asker, Limits, Packer, PackSize
from steps.runtime.guardrail.buckets import UTILISATION, Limiter
from steps.runtime.guardrail.calls import (
    Breaker,
    Caller,
    CallFailedError,
    Guardrail,
    GuardrailError,
    Means,
    Patience,
    throttled_buckets,
)
from steps.runtime.guardrail.tally import Tally
from steps.runtime.guardrail.verdict import UnclearAnswerError, read
from tests.fakes.guardrail_server import judge

Answer = Mapping[str, Any]
COVERAGE = {"guardrailCoverage": {"textCharacters": {"guarded": 3, "total": 9}}}


@dataclass
class Clock:
    """Time that passes only when someone sleeps."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Service:
    """Answers as the function says: with an answer, or by raising what it returns."""

    answer: Callable[[int, list[str]], Answer | Exception]
    asked: list[list[str]] = field(default_factory=list)

    def apply_guardrail(self, **request: Any) -> Answer:
        texts = [each["text"]["text"] for each in request["content"]]
        self.asked.append(texts)
        answer = self.answer(len(self.asked), texts)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _error(code: str, status: int, message: str = "SECRET of the request") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "ApplyGuardrail",
    )


def _caller(service: Service, clock: Clock, **quotas: float) -> tuple[Caller, Tally, Limiter]:
    limiter = Limiter(
        {"requests": 100.0, "sensitive_information": 1000.0, **quotas}, clock=clock, sleep=clock.sleep
    )
    tally = Tally(now=clock)
    caller = Caller(
        lambda: service,
        Guardrail("g", "1"),
        limiter,
        patience=Patience(attempts=3, deadline_seconds=60),
        breaker=Breaker(5),
        tally=tally,
        means=Means(clock, clock.sleep, lambda: 1.0),
    )
    return caller, tally, limiter


def _asker(service: Service, records: int = 10, units: int = 25) -> tuple[Asker, Tally, Packer[int]]:
    clock = Clock()
    caller, tally, _ = _caller(service, clock)
    limits = Limits(units, records)
    size = PackSize(records, 10.0)
    return Asker(caller, limits, size, tally), tally, Packer(limits, size)


@pytest.mark.parametrize(("length", "binds", "rate"), [(500, "requests", 100.0), (20_000, "units", 50.0)])
def test_whichever_quota_binds_is_used_and_not_exceeded(length: int, binds: str, rate: float) -> None:
    """Calls a second come to the quota that is tighter, requests or text units, and not above it."""
    clock = Clock()
    service = Service(lambda _number, texts: judge(texts))
    caller, _, _ = _caller(service, clock)
    for _ in range(50):  # the burst that a quota allows at first
        caller.ask(["word " * (length // 5)])
    started = clock()
    for _ in range(1000):
        caller.ask(["word " * (length // 5)])
    reached = 1000 / (clock() - started)
    assert 0.97 * rate <= reached <= rate, binds


@pytest.mark.parametrize(
    ("texts", "masked"),
    [(["word " * 100] * 10, 0), (["word " * 700], 0), (["word " * 500 + "a@example.com" + " word" * 500], 1)],
    ids=["packed", "long", "long and masked"],
)
def test_a_quota_far_below_what_was_said_is_found_out(texts: list[str], masked: int) -> None:
    """25 units a second were said, 2 are given: what asks for more at once is asked for in parts."""
    clock = Clock()

    message = "sensitive information text units per second limit exceeded"
    refused: Exception = _error("ThrottlingException", 429, message)

    def answer(_number: int, asked: list[str]) -> Answer | Exception:
        return judge(asked) if sum(-(-len(text) // 1000) for text in asked) <= 2 else refused

    caller, tally, _ = _caller(Service(answer), clock, sensitive_information=25.0)
    outcomes, calls = Asker(caller, Limits(25, 10), PackSize(10, 1.0), tally).ask(texts)
    assert [outcome.action for outcome in outcomes] == ["masked" if masked else "passed"] * len(texts)
    assert [outcome.text for outcome in outcomes] == [
        text.replace("a@example.com", "{EMAIL}") for text in texts
    ]
    assert calls >= tally.take()["calls"]


def test_a_call_that_takes_the_whole_quota_is_made() -> None:
    """A request of as many units as a second gives is asked again whole after a throttled call."""
    refused = _error("ThrottlingException", 429, "text units per second limit exceeded")
    service = Service(lambda number, texts: refused if number == 1 else judge(texts))
    caller, _, _ = _caller(service, Clock(), sensitive_information=2.0)
    assert caller.ask(["word " * 400]).action == "passed"
    assert len(service.asked) == 2


def test_units_that_were_not_used_are_given_back() -> None:
    """Where the service counts fewer units than were reserved, the calls come faster."""

    def cheap(_number: int, texts: list[str]) -> Answer:
        answer = judge(texts)
        answer["usage"]["sensitiveInformationPolicyUnits"] = 10
        return answer

    clock = Clock()
    caller, _, _ = _caller(Service(cheap), clock)
    started = clock()
    for _ in range(500):
        caller.ask(["word " * 4000])
    assert 500 / (clock() - started) > 0.95 * 100


def test_a_throttled_bucket_gives_less_and_comes_back() -> None:
    """Only the quota that refused the call falls; it grows back while nothing is refused."""
    message = "On-demand ApplyGuardrail sensitive information policy text units per second limit exceeded"
    service = Service(
        lambda number, texts: _error("ThrottlingException", 429, message) if number == 1 else judge(texts)
    )
    clock = Clock()
    caller, tally, limiter = _caller(service, clock)
    assert caller.ask(["fine"]).action == "passed"
    assert limiter.buckets["requests"].rate == 100 * UTILISATION
    assert limiter.buckets["sensitive_information"].rate == pytest.approx(1000 * UTILISATION * 0.85)
    clock.sleep(60)
    caller.ask(["fine"])
    assert limiter.buckets["sensitive_information"].rate == 1000 * UTILISATION
    assert tally.take()["throttled"] == Counter(sensitive_information=1)


@pytest.mark.parametrize(
    ("message", "buckets"),
    [
        ("ApplyGuardrail requestId: 1 got throttled for the accountId: 2", ("requests",)),
        (
            "ApplyGuardrail content filter policy (Classic tier) text units per second limit exceeded",
            ("content",),
        ),
        ("text units per second limit exceeded", ("content", "word")),
    ],
)
def test_the_message_tells_which_quota(message: str, buckets: tuple[str, ...]) -> None:
    """Requests, the policy that is named, or every policy where none is."""
    assert throttled_buckets(message, ("requests", "content", "word")) == buckets


def test_faults_and_timeouts_are_tried_again() -> None:
    """A 500 and a timeout pass; the third attempt has the answer."""
    faults: dict[int, Exception] = {
        1: _error("InternalServerException", 500),
        2: ReadTimeoutError(endpoint_url="http://x"),
    }
    service = Service(lambda number, texts: faults.get(number) or judge(texts))
    caller, tally, _ = _caller(service, Clock())
    assert caller.ask(["fine"]).action == "passed"
    assert tally.take()["failed_calls"] == 2


def test_what_is_refused_for_good_fails_without_its_words() -> None:
    """A refused record has a reason that is a kind, never the service's words, which may quote the text."""
    service = Service(lambda _number, _texts: _error("ValidationException", 400))
    asker, _, _ = _asker(service)
    (outcome,), _ = asker.ask(["secret text"])
    assert (outcome.action, outcome.text, outcome.reason) == ("failed", None, "validation")
    assert "SECRET" not in repr(outcome)


def test_a_guardrail_that_is_gone_ends_the_step() -> None:
    """No record is marked failed for what is wrong with the guardrail."""
    service = Service(lambda _n, _t: _error("ResourceNotFoundException", 404, "no guardrail g"))
    asker, _, _ = _asker(service)
    with pytest.raises(GuardrailError, match=r'guardrail "g", version 1: ResourceNotFoundException'):
        asker.ask(["text"])


def test_expired_credentials_are_renewed_a_few_times() -> None:
    """A new client is made; where that does not help, the step ends with the reason."""
    caller, _, _ = _caller(
        Service(lambda number, texts: _error("ExpiredTokenException", 403) if number <= 3 else judge(texts)),
        Clock(),
    )
    assert caller.ask(["fine"]).action == "passed"
    caller, _, _ = _caller(Service(lambda _n, _t: _error("ExpiredTokenException", 403)), Clock())
    with pytest.raises(GuardrailError, match="credentials of this job have expired"):
        caller.ask(["fine"])


def test_many_failures_in_a_row_end_the_step() -> None:
    """A service that is down is not asked for every one of a million records."""
    service = Service(lambda _n, _t: _error("InternalServerException", 500))
    caller, _, _ = _caller(service, Clock())
    for _ in range(5):
        with pytest.raises(CallFailedError, match="service_error"):
            caller.ask(["text"])
    asked = len(service.asked)
    with pytest.raises(GuardrailError, match="5 calls of ApplyGuardrail in a row failed"):
        caller.ask(["text"])
    assert len(service.asked) == asked


def test_a_pack_that_passes_is_one_call() -> None:
    """NONE for all is NONE for each, with its own text."""
    service = Service(lambda _n, texts: judge(texts))
    asker, tally, _ = _asker(service)
    outcomes, calls = asker.ask(["one", "two", "three"])
    assert [(each.action, each.text) for each in outcomes] == [
        ("passed", "one"),
        ("passed", "two"),
        ("passed", "three"),
    ]
    assert (calls, len(service.asked), tally.take()["packed_calls"]) == (1, 1, 1)


def test_any_intervention_asks_again_record_by_record() -> None:
    """One blocked record of a pack leaves the others as they are; the extra cost is counted."""
    service = Service(lambda _n, texts: judge(texts))
    asker, tally, _ = _asker(service)
    texts = ["fine", "mail a@b.example", "number 123-45-6789"]
    outcomes, calls = asker.ask(texts)
    assert [each.action for each in outcomes] == ["passed", "masked", "blocked"]
    assert [each.text for each in outcomes] == ["fine", "mail {EMAIL}", "This summary was withheld."]
    assert [dict(each.entities) for each in outcomes] == [{}, {"EMAIL": 1}, {"US_SOCIAL_SECURITY_NUMBER": 1}]
    assert service.asked == [texts, *([text] for text in texts)]
    figures = tally.take()
    assert (calls, figures["wasted_calls"], figures["asked_again"]) == (4, 1, 3)


def test_a_long_text_is_masked_piece_by_piece() -> None:
    """What is masked in a piece is masked in the whole; a blocked piece blocks it."""
    service = Service(lambda _n, texts: judge(texts))
    asker, _, _ = _asker(service, units=2)
    sentence = "The caller wrote from someone@example.com about the bill. "
    (outcome,), _ = asker.ask([sentence * 200])
    assert outcome.action == "masked"
    assert outcome.text == sentence.replace("someone@example.com", "{EMAIL}") * 200
    assert outcome.entities["EMAIL"] == 200
    assert max(len(texts[0]) for texts in service.asked) <= 2000
    (outcome,), _ = asker.ask([sentence * 100 + "123-45-6789"])
    assert (outcome.action, outcome.text) == ("blocked", "This summary was withheld.")


@given(st.lists(st.integers(1, 12_000), max_size=60), st.integers(1, 20), st.integers(2, 25))
def test_packs_keep_order_and_limits(lengths: list[int], records: int, units: int) -> None:
    """Every record is in one pack, in order; no pack has too many records or units, but for one long text."""
    limits = Limits(units, records)
    packs = list(
        Packer[int](limits, PackSize(records, 10.0)).packs(
            (place, "x" * length) for place, length in enumerate(lengths)
        )
    )
    assert [place for pack in packs for place, _ in pack] == list(range(len(lengths)))
    for pack in packs:
        assert len(pack) <= records
        total = sum(max(1, -(-len(text) // 1000)) for _, text in pack)
        assert total <= units or len(pack) == 1


def test_the_size_of_packs_follows_the_data() -> None:
    """Many where nothing is hit, one where nearly all are."""
    size = PackSize(10, 10.0)
    assert size.best() == 10
    for _ in range(300):
        size.note(True, 2)
    assert size.best() == 1
    for _ in range(600):
        size.note(False, 2)
    assert size.best() >= 8


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"action": "SOMETHING"}, "unknown_action"),
        ({"outputs": []}, "outputs_do_not_fit"),
        ({"assessments": [{}]}, "unclear_action"),
        ({"outputs": [{"text": None}]}, "outputs_do_not_fit"),
        ({"action": "NONE"}, "unclear_action"),
        (COVERAGE, "not_all_covered"),
        ({"action": "NONE", "assessments": [{"invocationMetrics": COVERAGE}]}, "not_all_covered"),
    ],
)
def test_an_answer_that_is_not_clear_is_not_trusted(change: Answer, reason: str) -> None:
    """Fail closed: no verdict is made up for an answer that does not say one."""
    with pytest.raises(UnclearAnswerError, match=reason):
        read({**judge(["mail a@b.example"]), **change}, 1)
