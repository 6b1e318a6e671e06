"""A review in JSON: the shape of `registry review --output json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.reviewing.lineage import Lineage, Ran
    from deploy.reviewing.review import Review
    from deploy.reviewing.side_by_side import Row, SideBySide


def document_of(review: Review) -> dict[str, Any]:
    """Everything that the page shows, but for the pictures."""
    package = review.package
    return {
        "package": package.name,
        "arn": package.arn,
        "approval": package.approval,
        "created": package.created,
        "gaps": [{"what": gap.what, "hint": gap.hint} for gap in review.gaps],
        "normalization": review.normalization,
        "rows": review.rows,
        "failed": review.failed,
        "metrics": {name: dict(each) for name, each in review.figures.items()},
        "gates": [dict(gate) for gate in review.gates],
        "comparisons": {name: dict(each) for name, each in review.comparisons.items()},
        "overlap": dict(review.overlap) if review.overlap is not None else None,
        "against": against_document(review, review.against) if review.against is not None else None,
        "regressions": [_row(row) for row in review.against.regressions] if review.against else [],
        "worst": [_row(row) for row in review.results.worst],
        "lineage": _lineage(review.lineage, package.metadata),
    }


def against_document(review: Review, against: SideBySide) -> dict[str, Any]:
    """The comparison with the approved package."""
    return {
        "package": against.old.name,
        "comparable": not against.problem,
        "reason": against.problem,
        "primary": against.primary or review.primary,
        "won": against.won,
        "lost": against.lost,
        "same": against.same,
        "metrics": {
            name: {
                "mean": review.figures.get(name, {}).get("mean"),
                "approved_mean": round(against.means[name], 6),
                "difference": round(found.mean, 6),
                "low": round(found.low, 6),
                "high": round(found.high, 6),
                "verdict": found.verdict(),
            }
            for name, found in against.differences.items()
        },
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "score": row.score,
        "approved_score": row.old_score,
        "input": row.input,
        "target": row.target,
        "output": row.output,
        "approved_output": row.old_output,
    }


def _lineage(found: Lineage, metadata: Mapping[str, str]) -> dict[str, Any]:
    from deploy.observing.costs import total

    return {
        "base_model": metadata.get("base_model", ""),
        "commit": metadata.get("commit", ""),
        "dirty_tree": metadata.get("dirty_tree", ""),
        "data_hash": metadata.get("data_hash", ""),
        "data_report": str(found.candidate.content.get("data_report", "")),
        "automl_job": found.job.name if found.job else "",
        "job_seconds": found.job.seconds if found.job else None,
        "hyperparameters": dict(found.job.hyperparameters) if found.job else {},
        "training": _ran(found.training),
        "inference": _ran(found.inference),
        "jobs_usd": total(found.usages),
        "endpoint_usd": round(found.endpoint.usd, 4) if found.endpoint else None,
    }


def _ran(ran: Ran | None) -> dict[str, Any] | None:
    if ran is None:
        return None
    return {
        "arn": ran.arn,
        "status": ran.execution.status if ran.execution else "unknown",
        "started": ran.execution.started if ran.execution else None,
        "seconds": ran.seconds,
        "parameters": dict(ran.parameters),
    }
