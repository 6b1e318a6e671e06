"""The figures of the data report: lengths as percentiles, counts, what was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from steps.prepare.answers import undivided
from steps.prepare.lengths import Lengths
from steps.prepare.sample import Candidate
from steps.prepare.scan import Scan
from steps.prepare.settings import SETS, PrepareSettings

PERCENTILES = (50, 90, 95, 99)
VERSION = 1


def percentiles(histogram: Any) -> dict[str, float]:
    """Mean, percentiles and maximum of values given as counts by value; empty for none."""
    total = int(histogram.sum())
    if not total:
        return {}
    values = np.arange(len(histogram))
    reached = np.cumsum(histogram)
    ranks = {f"p{rank}": int(np.searchsorted(reached, total * rank / 100)) for rank in PERCENTILES}
    mean = float((histogram * values).sum()) / total
    return {"mean": round(mean, 1), **ranks, "max": int(np.flatnonzero(histogram)[-1])}


def set_lengths(rows: Sequence[Candidate], lengths: Lengths) -> dict[str, Any]:
    """Rows, groups and lengths of a set as written."""
    if not rows:
        return {"rows": 0}
    inputs, outputs = lengths.count([row.input for row in rows]), lengths.count([row.output for row in rows])
    document: dict[str, Any] = {"rows": len(rows)}
    if any(row.group for row in rows):
        document["groups"] = len({row.group for row in rows})
    document["input_tokens"] = percentiles(np.bincount(inputs))
    document["output_tokens"] = percentiles(np.bincount(outputs))
    return document


def data_report(
    settings: PrepareSettings,
    result: Scan,
    sets: dict[str, list[Candidate]],
    *,
    lengths: Lengths,
    data_hash: str | None,
) -> dict[str, Any]:
    """The report as a JSON document; `data_hash` is None where the step wrote no sets."""
    rules = settings.rules
    return {
        "version": VERSION,
        "source": settings.source,
        "files": [{"name": file.name, "rows": file.rows} for file in result.files],
        "columns": dict(rules.columns),
        "group_by": rules.group_by,
        "seed": rules.seed,
        "sample_rows": settings.sample_rows,
        "rows": {
            "read": result.read,
            "usable": result.usable,
            "rejected": result.rejected_rows,
            "rejected_share": round(result.rejected_share, 6),
            "max_rejected_share": settings.max_rejected_share,
            **{name: len(sets[name]) for name in SETS},
        },
        "rejected": {reason: count for reason, count in result.rejected.items() if count},
        "undivided_answers": undivided((row.output for row in sets["training"]), rules.answer_delimiter),
        "context": {"tokens": rules.context_tokens, "method": lengths.method},
        "lengths": {
            "input_tokens": percentiles(result.input_lengths),
            "output_tokens": percentiles(result.output_lengths),
        },
        "sets": {name: set_lengths(sets[name], lengths) for name in SETS},
        "output_format": settings.output_format,
        "data_hash": data_hash,
    }
