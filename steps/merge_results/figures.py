"""guardrails_metrics.json: counts and shares of the records, what the calls took and cost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steps.merge_results.merge import Merged
from steps.merge_results.settings import MergeSettings
from steps.runtime.guardrail.tally import CALLS, UNITS, Figures, percentile

METRICS_VERSION = 1
ACTIONS = ("passed", "masked", "blocked", "failed", "set_aside")
REQUESTS = "requests"


def quotas(summaries: Path) -> dict[str, float]:
    """What the shards were allowed together, from what each says of itself."""
    found: Counter[str] = Counter()
    for path in sorted(summaries.rglob("*.json")) if summaries.is_dir() else ():
        found.update(json.loads(path.read_text(encoding="utf-8"))["quotas"])
    return dict(found)


def metrics(
    merged: Merged,
    figures: Figures,
    settings: MergeSettings,
    *,
    guardrail: Mapping[str, str],
    allowed: Mapping[str, float],
) -> dict[str, Any]:
    """The whole document; `metrics.<name>.mean` is what gates read."""
    records = sum(merged.written.values())
    shares = {f"{name}_share": merged.written[name] / records if records else 0.0 for name in ACTIONS}
    units = dict(sorted(figures["units"].items()))
    return {
        "version": METRICS_VERSION,
        "metrics": {name: {"mean": share} for name, share in shares.items()},
        "records": {"in": records, **{name: merged.written[name] for name in ACTIONS}},
        "entities": dict(merged.entities.most_common()),
        "policies": dict(merged.policies.most_common()),
        "failed": dict(merged.failed.most_common()),
        "set_aside": dict(merged.set_aside.most_common()),
        "cut_off": merged.cut_off,
        "duplicate_outputs": merged.duplicates,
        "lines_without_id": merged.without_id,
        "calls": {
            **{
                name: figures[name]
                for name in (
                    "calls",
                    "packed_calls",
                    "wasted_calls",
                    "asked_again",
                    "throttled_calls",
                    "failed_calls",
                )
            },
            "throttled_by": dict(figures["throttled"]),
        },
        "text_units": units,
        "wasted_text_units": dict(sorted(figures["wasted_units"].items())),
        "cost_usd": cost(units, settings.prices),
        "latency_seconds": {
            "mean": figures["latency_sum"] / figures["calls"] if figures["calls"] else None,
            **{
                f"p{share:.0%}".rstrip("%"): percentile(figures["latency"], share)
                for share in (0.5, 0.9, 0.99)
            },
        },
        "throughput": throughput(figures["seconds"], allowed),
        "guardrail": dict(guardrail),
        "model": settings.model,
        "sample_rows": settings.sample_rows,
        "guidelines": list(settings.guidelines),
    }


def cost(units: Mapping[str, int], prices: Mapping[str, float]) -> float | None:
    """US dollars; None where a price is not known."""
    if any(policy not in prices for policy in units):
        return None
    return sum(count * prices[policy] / 1000 for policy, count in units.items())


def throughput(seconds: Mapping[str, list[int]], allowed: Mapping[str, float]) -> dict[str, Any]:
    """Calls and units a second while calls were made, beside the quotas."""
    active = len(seconds)
    calls, units = (sum(each[which] for each in seconds.values()) for which in (CALLS, UNITS))
    unit_quotas = [rate for name, rate in allowed.items() if name != REQUESTS]
    return {
        "active_seconds": active,
        "calls_per_second": calls / active if active else 0.0,
        "text_units_per_second": units / active if active else 0.0,
        "quota_requests_per_second": allowed.get(REQUESTS),
        "quota_text_units_per_second": min(unit_quotas) if unit_quotas else None,
    }
