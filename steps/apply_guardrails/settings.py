"""What the apply step is told, typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steps.apply_guardrails.desk import Rhythm
from steps.runtime.guardrail.asking import Limits
from steps.runtime.guardrail.calls import Patience
from steps.runtime.guardrail.verdict import POLICIES
from steps.runtime.settings import Section


@dataclass(frozen=True)
class ApplySettings:
    """The whole of it. `requests_per_second` None: the quotas are read from the account."""

    requests_per_second: float | None
    text_units_per_second: Mapping[str, float]
    policies: tuple[str, ...]
    concurrency: int
    limits: Limits
    patience: Patience
    rhythm: Rhythm
    max_failed_share: float


def read(settings: Section) -> ApplySettings:
    """Takes the settings apart."""
    apply = settings.section("apply")
    quotas = apply.optional_section("text_units_per_second")
    retries, ledger, pack = (apply.optional_section(key) for key in ("retries", "ledger", "pack"))
    from_quotas = apply.flag("from_quotas", False)
    return ApplySettings(
        requests_per_second=None if from_quotas else apply.number("requests_per_second"),
        text_units_per_second={name: quotas.number(name) for name in quotas.values if quotas.values[name]},
        policies=settings.texts("policies") or tuple(POLICIES),
        concurrency=apply.integer("concurrency", 32, minimum=1),
        limits=Limits(
            units=apply.integer("max_units_per_request", 25, minimum=1),
            records=pack.integer("records", 10, minimum=1),
        ),
        patience=Patience(
            attempts=retries.integer("attempts", 6, minimum=1),
            deadline_seconds=retries.integer("deadline_seconds", 300, minimum=1),
        ),
        rhythm=Rhythm(
            records=ledger.integer("every_records", 500, minimum=1),
            seconds=ledger.integer("every_seconds", 10, minimum=1),
        ),
        max_failed_share=apply.share("max_failed_share", 1.0),
    )


def shards(base: Path) -> tuple[str, int]:
    """This instance's name and how many there are, as SageMaker tells a processing job."""
    try:
        found = json.loads((base / "config" / "resourceconfig.json").read_text(encoding="utf-8"))
        return str(found["current_host"]), max(1, len(found["hosts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "algo-1", 1  # outside a job
