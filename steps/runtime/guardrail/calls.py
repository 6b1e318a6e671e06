"""One call of ApplyGuardrail, made until it has an answer, cannot have one, or has taken too long.

    throttled            the bucket that refused it gives less, then again; no attempt is counted
    for its text units   three times, and it takes several: TooMuchError, to ask for less at once
    500, 503, timeout    again after a pause, a bounded number of times
    expired credentials  again with a new client, three times: new ones may take a moment to arrive
    refused for good     the record fails: CallFailedError, with a reason and never a text
    guardrail gone, access denied, too many failures in a row: the step ends, GuardrailError

Texts of errors may quote what was sent, so they are neither logged nor kept, except where they can only
name resources.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from steps.runtime.errors import StepError
from steps.runtime.guardrail.buckets import Limiter
from steps.runtime.guardrail.tally import Tally
from steps.runtime.guardrail.verdict import UnclearAnswerError, Verdict, read

REQUESTS = "requests"
UNIT_CHARACTERS = 1000
RENEWALS = 3
# Refusals for its text units after which a call is held to take more of them than a second gives.
REFUSALS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0

_THROTTLED = {
    "ThrottlingException",
    "TooManyRequestsException",
    "ServiceQuotaExceededException",
    "Throttling",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_FATAL = {
    "AccessDeniedException",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignature",
    "UnsupportedOperation",
    "UnknownOperationException",
    "NotAuthorized",
}
_UNIT_LIMIT = re.compile(r"text units? per second", re.IGNORECASE)
# Words in the message of a throttled call that name the policy whose units ran out.
_POLICY_WORDS = {
    "sensitive": "sensitive_information",
    "word": "word",
    "content": "content",
    "topic": "topic",
    "grounding": "contextual_grounding",
}


class GuardrailError(StepError):
    """The guardrail cannot be applied at all."""


class CallFailedError(Exception):
    """A call without an answer; `passing` where the same call may have one on another day."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.reason, self.passing = reason, passing


class TooMuchError(Exception):
    """A call of more text units than a second gives: the quota turned out lower than it was said to be."""


class Client(Protocol):
    """The one operation that is used of boto3's client of bedrock-runtime."""

    def apply_guardrail(self, **request: Any) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Guardrail:
    """What is applied: identifier, version, OUTPUT or INPUT."""

    identifier: str
    version: str
    source: str = "OUTPUT"


@dataclass(frozen=True)
class Patience:
    """How long one call may take in all, and how often it is made when the service is at fault."""

    attempts: int = 6
    deadline_seconds: float = 300.0


@dataclass(frozen=True)
class Means:
    """What calls need of the world."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass
class Breaker:
    """Opens when `limit` calls in a row failed, and stays open."""

    limit: int
    reason: str = ""
    _failures: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, reason: str | None) -> None:
        """Counts a failed call (its reason) or an answered one (None)."""
        with self._lock:
            if not self.reason:
                self._failures = self._failures + 1 if reason else 0
                if reason and self._failures >= self.limit:
                    self.reason = reason

    def check(self) -> None:
        """Raises where it is open."""
        if self.reason:
            raise GuardrailError(
                f"{self.limit} calls of ApplyGuardrail in a row failed, the last one: {self.reason}",
                hint="retry the execution when the service answers again; what is done is not asked again",
            )


class Caller:
    """Calls ApplyGuardrail from any number of threads, within the quotas."""

    def __init__(
        self,
        connect: Callable[[], Client],
        guardrail: Guardrail,
        limiter: Limiter,
        *,
        patience: Patience,
        breaker: Breaker,
        tally: Tally,
        means: Means,
    ) -> None:
        self._connect, self._client = connect, connect()
        self._guardrail, self._limiter = guardrail, limiter
        self._patience, self._breaker, self._tally, self._means = patience, breaker, tally, means

    def ask(self, texts: Sequence[str]) -> Verdict:
        """The verdict on the texts together; TooMuchError only where they are more than one text unit."""
        clock, sleep = self._means.clock, self._means.sleep
        amounts = self._amounts(texts)
        deadline = clock() + self._patience.deadline_seconds
        attempt, pause, renewed, refused = 0, FIRST_PAUSE, 0, 0
        while True:
            self._breaker.check()
            self._limiter.acquire(amounts)
            try:
                return self._once(texts, amounts)
            except _PassingError as problem:
                if problem.expired:
                    if renewed == RENEWALS:
                        raise GuardrailError("the credentials of this job have expired") from None
                    self._client, renewed = self._connect(), renewed + 1
                refused += problem.for_units
                if refused == REFUSALS and sum(map(units, texts)) > 1:
                    raise TooMuchError from None
                attempt += not (problem.throttled or problem.expired)
                wait = pause * (0.5 + self._means.chance() / 2)
                if attempt >= self._patience.attempts or clock() + wait >= deadline:
                    self._breaker.note(problem.reason)
                    raise CallFailedError(problem.reason, passing=True) from None
            sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _amounts(self, texts: Sequence[str]) -> dict[str, float]:
        """The most that a call can take: units rounded up text by text."""
        return dict.fromkeys(self._limiter.buckets, float(sum(map(units, texts)))) | {REQUESTS: 1.0}

    def _once(self, texts: Sequence[str], amounts: Mapping[str, float]) -> Verdict:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        started = self._means.clock()
        try:
            answer = self._client.apply_guardrail(
                guardrailIdentifier=self._guardrail.identifier,
                guardrailVersion=self._guardrail.version,
                source=self._guardrail.source,
                content=[{"text": {"text": text}} for text in texts],
            )
        except ClientError as error:
            raise self._meant(error) from None
        except HTTPClientError as error:  # no connection, no answer in time, half an answer
            self._tally.failed_call()
            raise _PassingError(_kind(error)) from None
        except BotoCoreError as error:
            self._tally.failed_call()
            raise CallFailedError(_kind(error), passing=False) from None
        try:
            verdict = read(answer, len(texts))
        except UnclearAnswerError as unclear:
            self._tally.failed_call()
            self._breaker.note(unclear.reason)
            raise CallFailedError(unclear.reason, passing=False) from None
        self._limiter.settle(amounts, verdict.usage)
        self._breaker.note(None)
        self._tally.answered(self._means.clock() - started, verdict.usage, len(texts))
        return verdict

    def _meant(self, error: Any) -> Exception:
        """What an error of the service means."""
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = str(error.response.get("Error", {}).get("Message", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in _THROTTLED or status == 429:
            names = throttled_buckets(message, tuple(self._limiter.buckets))
            self._limiter.throttled(names)
            self._tally.throttled(names)
            return _PassingError("throttled", throttled=True, for_units=REQUESTS not in names)
        self._tally.failed_call()
        if code in _EXPIRED:
            return _PassingError("expired_credentials", expired=True)
        if code in _FATAL:
            named = f'guardrail "{self._guardrail.identifier}", version {self._guardrail.version}'
            return GuardrailError(
                f"{named}: {code}: {message}",
                hint="see that the guardrail and this version exist and that the job's role may apply it",
            )
        if status >= 500 or not status:
            return _PassingError("service_error")
        self._breaker.note(code or "refused")
        return CallFailedError(_snake(code or "refused"), passing=False)


class _PassingError(Exception):
    """A call that may be made again."""

    def __init__(
        self, reason: str, *, throttled: bool = False, for_units: bool = False, expired: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.throttled, self.for_units, self.expired = reason, throttled, for_units, expired


def units(text: str) -> int:
    """Text units of one text: 1,000 characters each, one at least."""
    return max(1, -(-len(text) // UNIT_CHARACTERS))


def throttled_buckets(message: str, known: Sequence[str]) -> tuple[str, ...]:
    """Which quotas refused a call: its message tells requests from units, and mostly the policy."""
    if not _UNIT_LIMIT.search(message):
        return (REQUESTS,)
    lowered = message.lower()
    named = tuple(policy for word, policy in _POLICY_WORDS.items() if word in lowered and policy in known)
    return named or tuple(name for name in known if name != REQUESTS)


def _kind(error: Exception) -> str:
    return _snake(type(error).__name__.removesuffix("Error"))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removesuffix("Exception")).lower()
