"""The guardrail over the records, before the model sees them: masked texts go on, blocked ones are set aside.

The same calls as over the answers, with `source: INPUT`, and the same quotas. Nothing is kept between two
runs: a step that was killed asks again. What is asked is bounded by what waits in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from steps.prepare_batch.records import Record
from steps.prepare_batch.settings import TEXT
from steps.runtime.errors import StepError
from steps.runtime.guardrail.asking import Asker, Limits, Outcome, Packer, PackSize
from steps.runtime.guardrail.buckets import Limiter
from steps.runtime.guardrail.calls import REQUESTS, Breaker, Caller, Guardrail, Means, Patience
from steps.runtime.guardrail.tally import Tally
from steps.runtime.settings import Section

_QUEUED = 4


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
) -> tuple[Asker, Packer[Record]]:
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
    packer: Packer[Record],
    pool: ThreadPoolExecutor,
    most: int,
) -> Iterator[Record]:
    flying: deque[tuple[list[Record], Future[tuple[list[Outcome], int]]]] = deque()
    for pack in packer.packs((record, record.values.get(TEXT, "")) for record in found):
        # Records that are set aside already keep their place and are not asked for.
        texts = [text for record, text in pack if record.reason is None]
        flying.append(([record for record, _ in pack], pool.submit(_ask, asker, texts)))
        if len(flying) >= most:
            yield from _judged(*flying.popleft())
    while flying:
        yield from _judged(*flying.popleft())


def _ask(asker: Asker, texts: list[str]) -> tuple[list[Outcome], int]:
    return asker.ask(texts) if texts else ([], 0)


def _judged(records: list[Record], asked: Future[tuple[list[Outcome], int]]) -> Iterator[Record]:
    outcomes = iter(asked.result()[0])
    for record in records:
        if record.reason is not None:
            yield record
            continue
        outcome = next(outcomes)
        if outcome.text is None:
            yield Record(record.id, {}, f"input_{outcome.reason}")
        elif outcome.action == "blocked":
            yield Record(record.id, {}, "blocked_input")
        else:
            yield Record(record.id, {**record.values, TEXT: outcome.text})
