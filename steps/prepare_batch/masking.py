"""The guardrail over the records, before the model sees them: masked texts go on, blocked ones are set aside.

The same calls as over the answers, with `source: INPUT`, and the same quotas. Every value that the template
fills in is asked for, each by itself. Nothing is kept between two runs: a step that was killed asks again.
What is asked is bounded by what waits in order.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from steps.prepare_batch.records import Record
from steps.runtime.errors import StepError
from steps.runtime.guardrail.asking import Asker, Limits, Outcome, Packer, PackSize
from steps.runtime.guardrail.buckets import Limiter
from steps.runtime.guardrail.calls import REQUESTS, Breaker, Caller, Guardrail, Means, Patience
from steps.runtime.guardrail.tally import Tally
from steps.runtime.settings import Section

_QUEUED = 4


class _Place(NamedTuple):
    """One value of a record; `name` None for a record that is set aside."""

    number: int
    record: Record
    name: str | None


def mask(
    found: Iterator[Record], settings: Section, identifier: str, version: str, region: str
) -> Iterator[Record]:
    """The records in their order, with masked texts, or set aside as `blocked_input` or with the failure."""
    apply = settings.section("apply")
    if apply.flag("from_quotas", False):
        raise StepError(
            "apply.also_input needs the quotas in the file",
            hint="write apply.requests_per_second and apply.text_units_per_second",
        )
    concurrency = apply.integer("concurrency", 32, minimum=1)
    asker, packer = _asker(apply, Guardrail(identifier, version, "INPUT"), region, concurrency)
    with ThreadPoolExecutor(concurrency) as pool:
        yield from _in_order(found, asker, packer, pool, _QUEUED * concurrency)


def _asker(
    apply: Section, guardrail: Guardrail, region: str, concurrency: int
) -> tuple[Asker, Packer[_Place]]:
    units = apply.optional_section("text_units_per_second")
    quotas = {name: units.number(name) for name in units.values}
    allowed = {REQUESTS: apply.number("requests_per_second"), **quotas}
    unit_rate = min(quotas.values(), default=float("inf"))
    most = min(apply.integer("max_units_per_request", 25, minimum=1), unit_rate)
    limits = Limits(max(1, int(most)), apply.optional_section("pack").integer("records", 10, minimum=1))
    size, tally = PackSize(limits.records, unit_rate / allowed[REQUESTS]), Tally()
    caller = Caller(
        lambda: _client(region, concurrency),
        guardrail,
        Limiter(allowed),
        patience=Patience(),
        breaker=Breaker(max(10, 2 * concurrency)),
        tally=tally,
        means=Means(),
    )
    return Asker(caller, limits, size, tally), Packer(limits, size)


def _client(region: str, concurrency: int) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=concurrency, read_timeout=30)
    return boto3.session.Session().client("bedrock-runtime", region_name=region, config=config)


def _in_order(
    found: Iterable[Record],
    asker: Asker,
    packer: Packer[_Place],
    pool: ThreadPoolExecutor,
    most: int,
) -> Iterator[Record]:
    judged = _judged(packer.packs(_places(found)), asker, pool, most)
    for _, places in itertools.groupby(judged, key=lambda each: each[0].number):
        values = list(places)
        outcomes = {place.name: outcome for place, outcome in values if outcome is not None}
        yield _record(values[0][0].record, outcomes)


def _places(found: Iterable[Record]) -> Iterator[tuple[_Place, str]]:
    """Records that are set aside already keep their place and are not asked for."""
    for number, record in enumerate(found):
        if record.reason is not None:
            yield _Place(number, record, None), ""
        for name, text in record.values.items() if record.reason is None else ():
            yield _Place(number, record, name), text


def _judged(
    packs: Iterable[list[tuple[_Place, str]]], asker: Asker, pool: ThreadPoolExecutor, most: int
) -> Iterator[tuple[_Place, Outcome | None]]:
    flying: deque[tuple[list[_Place], Future[list[Outcome]]]] = deque()
    for pack in packs:
        texts = [text for place, text in pack if place.name is not None]
        flying.append(([place for place, _ in pack], pool.submit(_ask, asker, texts)))
        if len(flying) >= most:
            yield from _answered(*flying.popleft())
    while flying:
        yield from _answered(*flying.popleft())


def _ask(asker: Asker, texts: list[str]) -> list[Outcome]:
    return asker.ask(texts)[0] if texts else []


def _answered(places: list[_Place], asked: Future[list[Outcome]]) -> Iterator[tuple[_Place, Outcome | None]]:
    outcomes = iter(asked.result())
    yield from ((place, None if place.name is None else next(outcomes)) for place in places)


def _record(record: Record, outcomes: Mapping[str | None, Outcome]) -> Record:
    """The record as the model may see it. A value that is blocked, or has no verdict, sets it aside."""
    if record.reason is not None:
        return record
    values = {}
    for name, outcome in outcomes.items():
        if outcome.text is None:
            return Record(record.id, {}, f"input_{outcome.reason}")
        if outcome.action == "blocked":
            return Record(record.id, {}, "blocked_input")
        values[str(name)] = outcome.text
    return Record(record.id, values)
